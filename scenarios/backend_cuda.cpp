#include "scenarios/backend_cuda.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "real_backend/cuda/device.hpp"
#include "real_backend/mpi/world.hpp"

namespace troupe::scenarios {

void expect_gpu() {
  if (const auto why = cuda::why_no_device(); !why.empty())
    throw BackendError{fmt::format(
        "--backend cuda: there is no GPU to compute on: {} (--backend mpi computes on processors)",
        why)};
}

DeviceOfRank find_gpu(const mpi::World& world, bool tf32) {
  expect_gpu();
  const int count = static_cast<int>(cuda::devices().size());
  auto gpu = std::make_unique<cuda::Device>(
      world.local_rank() % count, tf32 ? cuda::Float32Products::tf32 : cuda::Float32Products::exact,
      world.reaches_gpu_memory());
  const auto& facts = gpu->facts();
  DeviceOfRank device;
  device.backend = "cuda";
  device.place = fmt::format("GPU {}", facts.index);
  device.facts = {{"transport", "mpi"},
                  {"device", facts.name},
                  {"device_memory_bytes", fmt::format("{}", facts.memory_bytes)},
                  {"compute_capability", fmt::format("{}.{}", facts.major, facts.minor)},
                  {"float32_products", tf32 ? "tf32" : "exact"}};
  for (auto& version : cuda::versions()) device.facts.push_back(std::move(version));
  const char* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
  device.notes.push_back(fmt::format(
      "{} GPU{} here{}: {}", count, count == 1 ? "" : "s",
      visible ? fmt::format(" (CUDA_VISIBLE_DEVICES={})", visible) : std::string{}, facts.name));
  if (world.size() > 1 && !gpu->reachable_by_mpi())
    device.notes.push_back(
        "this MPI is not CUDA-aware: messages between GPUs are staged through pinned memory of the "
        "host");
  device.accelerator = std::move(gpu);
  return device;
}

std::vector<std::pair<std::string, std::string>> cuda_versions() {
  auto all = cuda::versions();
  const auto gpus = cuda::devices();
  for (const auto& gpu : gpus) all.emplace_back(fmt::format("GPU {}", gpu.index), gpu.name);
  if (gpus.empty()) all.emplace_back("GPU", "none: " + cuda::why_no_device());
  return all;
}

}  // namespace troupe::scenarios
