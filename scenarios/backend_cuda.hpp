#pragma once
// Ranks as processes of an MPI job, each of which computes on a GPU.

#include "scenarios/backend_mpi.hpp"

namespace troupe::scenarios {

/// The GPU of a rank: that of its place among the ranks of its node, of those that
/// CUDA_VISIBLE_DEVICES leaves; where there are fewer GPUs than ranks, several share one. `tf32`:
/// float32 products may be computed on tensor cores. Throws BackendError where there is no GPU.
DeviceOfRank find_gpu(const mpi::World& world, bool tf32);

/// Throws BackendError, with CUDA's words, where this process sees no GPU. Before there is a job to
/// be ended.
void expect_gpu();

/// Versions of CUDA and its libraries, and what GPUs there are.
std::vector<std::pair<std::string, std::string>> cuda_versions();

}  // namespace troupe::scenarios
