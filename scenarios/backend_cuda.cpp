#include "scenarios/backend_cuda.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "real_backend/cuda/device.hpp"
#include "real_backend/mpi/world.hpp"
#ifdef TROUPE_HAS_NCCL
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "real_backend/cuda/nccl.hpp"
#include "real_backend/mpi/collectives.hpp"
#include "scenarios/baseline_cuda.hpp"
#include "scenarios/grouped.hpp"
#include "scenarios/transport.hpp"
#endif

namespace troupe::scenarios {

namespace {

void expect_any_gpu() {
  if (const auto why = cuda::why_no_device(); !why.empty())
    throw BackendError{fmt::format(
        "--backend cuda: there is no GPU to compute on: {} (--backend mpi computes on processors)",
        why)};
}

#ifdef TROUPE_HAS_NCCL
/// NCCL among all ranks of the job, from when the first asks for it, which all do together.
class NcclOfJob {
 public:
  NcclOfJob(const mpi::World& world, const cuda::Device& gpu) : world_{world}, gpu_{gpu} {}
  std::shared_ptr<cuda::Nccl> get() {
    if (!nccl_) meet();
    return nccl_;
  }

 private:
  void meet() {
    mpi::Collectives mpi;
    expect_own_gpus(mpi);
    cuda::Nccl::Meeting meeting{};
    if (world_.rank() == 0) meeting = cuda::Nccl::draw();
    std::array<std::uint8_t, sizeof meeting> bytes{};
    std::memcpy(bytes.data(), meeting.data(), sizeof meeting);
    mpi.broadcast(Slice{std::span{bytes}}, 0);
    std::memcpy(meeting.data(), bytes.data(), sizeof meeting);
    nccl_ = std::make_shared<cuda::Nccl>(meeting, world_.rank(), world_.size());
  }
  void expect_own_gpus(mpi::Collectives& mpi) const {
    constexpr std::size_t length = 128;
    const auto ranks = static_cast<std::size_t>(world_.size());
    std::array<char, length / 2> host{};
    ::gethostname(host.data(), host.size() - 1);
    auto mine = fmt::format("{} of {}", gpu_.facts().bus, host.data());
    mine.resize(length);
    std::vector<std::uint8_t> own(mine.begin(), mine.end()), all(ranks * length);
    mpi.allgather(Slice{std::span{own}}, Slice{std::span{all}},
                  mpi::Blocks{std::vector<std::size_t>(ranks, length)});
    std::vector<std::string> gpu_of_rank;
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(rank * length);
      gpu_of_rank.emplace_back(begin, std::find(begin, begin + length, 0));
    }
    if (const auto why = refusal_of_shared_gpus(gpu_of_rank); !why.empty()) throw BadInput{why};
  }

  const mpi::World& world_;
  const cuda::Device& gpu_;
  std::shared_ptr<cuda::Nccl> nccl_;
};

class NcclCarrier final : public GroupCarrier {
 public:
  NcclCarrier(std::shared_ptr<cuda::Nccl> nccl, const Memory& memory)
      : nccl_{std::move(nccl)}, memory_{memory} {}
  bool carries(const Memory& memory) const override { return &memory == &memory_; }
  void carry(std::span<const GroupedMessage> group) override {
    messages_.clear();
    for (const auto& one : group)
      messages_.push_back(
          {.peer = one.peer, .from = one.from, .into = one.into, .bytes = one.bytes});
    nccl_->exchange(messages_);
  }

 private:
  std::shared_ptr<cuda::Nccl> nccl_;
  const Memory& memory_;
  std::vector<cuda::Nccl::Message> messages_;
};

void add_nccl(const mpi::World& world, bool as_transport, cuda::Device& gpu, DeviceOfRank& device) {
  const auto job = std::make_shared<NcclOfJob>(world, gpu);
  device.facts.emplace_back("NCCL", cuda::nccl_version());
  device.baselines.emplace(
      "nccl", [job, &gpu] { return std::make_unique<NcclBaseline>(job->get(), gpu.memory()); });
  if (as_transport) device.carrier = std::make_unique<NcclCarrier>(job->get(), gpu.memory());
}
#endif

}  // namespace

void expect_gpu(const BackendOptions& options) {
#ifndef TROUPE_HAS_NCCL
  if (options.nccl)
    throw BadInput{
        "--transport nccl: this program was built without NCCL (NCCL_HOME says where it is to "
        "whoever builds it); use --transport mpi"};
#endif
  static_cast<void>(options);
  expect_any_gpu();
}

DeviceOfRank find_gpu(const mpi::World& world, const BackendOptions& options) {
  expect_any_gpu();
  const int count = static_cast<int>(cuda::devices().size());
  auto gpu = std::make_unique<cuda::Device>(world.local_rank() % count, options.products,
                                            world.reaches_gpu_memory());
  if (options.device_times) gpu->time_kernels();
  const auto& facts = gpu->facts();
  DeviceOfRank device;
  device.backend = "cuda";
  device.place = fmt::format("GPU {}", facts.index);
  device.processor = facts.bus;
  device.facts = {{"transport", options.nccl ? "nccl" : "mpi"},
                  {"device", facts.name},
                  {"device_memory_bytes", fmt::format("{}", facts.memory_bytes)},
                  {"compute_capability", fmt::format("{}.{}", facts.major, facts.minor)},
                  {"float32_products", std::string{name_of(options.products)}}};
  for (auto& version : cuda::versions()) device.facts.push_back(std::move(version));
  const char* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
  device.notes.push_back(fmt::format(
      "{} GPU{} here{}: {}", count, count == 1 ? "" : "s",
      visible ? fmt::format(" (CUDA_VISIBLE_DEVICES={})", visible) : std::string{}, facts.name));
  if (world.size() > 1 && !options.nccl && !gpu->reachable_by_mpi())
    device.notes.push_back(
        "this MPI is not CUDA-aware: messages between GPUs are staged through pinned memory of the "
        "host");
  if (world.local_size() > count && !facts.mps)
    device.notes.push_back(fmt::format(
        "{} ranks share {} GPU{} and take turns, each some tenths of a millisecond: NVIDIA's MPS "
        "(nvidia-cuda-mps-control -d) lets them compute at the same time",
        world.local_size(), count, count == 1 ? "" : "s"));
#ifdef TROUPE_HAS_NCCL
  add_nccl(world, options.nccl, *gpu, device);
#endif
  device.accelerator = std::move(gpu);
  return device;
}

std::vector<std::pair<std::string, std::string>> cuda_versions() {
  auto all = cuda::versions();
#ifdef TROUPE_HAS_NCCL
  all.emplace_back("NCCL", cuda::nccl_version());
#endif
  const auto gpus = cuda::devices();
  for (const auto& gpu : gpus) all.emplace_back(fmt::format("GPU {}", gpu.index), gpu.name);
  if (gpus.empty()) all.emplace_back("GPU", "none: " + cuda::why_no_device());
  return all;
}

}  // namespace troupe::scenarios
