#pragma once
// Ranks as processes of an MPI job, each of which computes on a GPU.

#include "scenarios/backend_mpi.hpp"

namespace troupe::scenarios {

/// The GPU of a rank: that of its place among the ranks of its node, of those that
/// CUDA_VISIBLE_DEVICES leaves; where there are fewer GPUs than ranks, several share one. Throws
/// BackendError where there is no GPU, and BadInput where ranks that share one are to meet over
/// NCCL. All ranks call it together; the world must live as long as the device.
DeviceOfRank find_gpu(const mpi::World& world, const BackendOptions& options);

/// Before there is a job to be ended: throws BadInput if NCCL is asked for and not built in, and
/// BackendError, with CUDA's words, where this process sees no GPU.
void expect_gpu(const BackendOptions& options);

/// Versions of CUDA and its libraries, and what GPUs there are.
std::vector<std::pair<std::string, std::string>> cuda_versions();

}  // namespace troupe::scenarios
