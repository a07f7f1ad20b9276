#include "real_backend/cuda/device.hpp"

#include <cstdio>
#include <fstream>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "core/errors.hpp"
#include "core/staging.hpp"
#include "real_backend/cuda/cuda_call.hpp"
#include "real_backend/cuda/kernel_times.hpp"
#include "real_backend/cuda/kernels.hpp"
#include "real_backend/cuda/memory.hpp"
#include "real_backend/cuda/points.hpp"
#ifdef TROUPE_HAS_CUDNN
#include <cudnn.h>
#endif

namespace troupe::cuda {

namespace {

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

DeviceFacts facts_of(int index) {
  cudaDeviceProp properties{};
  check_call(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  char bus[32] = "";
  check_call(cudaDeviceGetPCIBusId(bus, sizeof bus, index), "cudaDeviceGetPCIBusId");
  int mps = 0;
#if CUDART_VERSION >= 12030
  check_call(cudaDeviceGetAttribute(&mps, cudaDevAttrMpsEnabled, index), "cudaDeviceGetAttribute");
#endif
  return {index,
          static_cast<const char*>(properties.name),
          properties.major,
          properties.minor,
          properties.totalGlobalMem,
          static_cast<const char*>(bus),
          mps == 1};
}

/// How many there are; none where there is no driver (35) or no GPU (100).
std::pair<int, cudaError_t> count_devices() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess) return {count, status};
  cudaGetLastError();
  if (status == cudaErrorInsufficientDriver || status == cudaErrorNoDevice) return {0, status};
  check_call(status, "cudaGetDeviceCount");
  return {0, status};
}

}  // namespace

std::vector<DeviceFacts> devices() {
  std::vector<DeviceFacts> all;
  for (int index = 0; index < count_devices().first; ++index) all.push_back(facts_of(index));
  return all;
}
std::string why_no_device() {
  const auto [count, status] = count_devices();
  return count > 0 ? std::string{} : cudaGetErrorString(status);
}

std::vector<std::pair<std::string, std::string>> versions() {
  std::vector<std::pair<std::string, std::string>> all;
  int version = 0;
  if (std::ifstream file{"/proc/driver/nvidia/version"}; file) {
    // "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build …"
    std::string word;
    while (file >> word)
      if (word.find_first_not_of("0123456789.") == word.npos && word.find('.') != word.npos) {
        all.emplace_back("NVIDIA driver", word);
        break;
      }
  }
  if (cudaDriverGetVersion(&version) == cudaSuccess && version > 0)
    all.emplace_back("CUDA driver", version_text(version));
  if (cudaRuntimeGetVersion(&version) == cudaSuccess)
    all.emplace_back("CUDA runtime", version_text(version));
  int major = 0, minor = 0;
  if (cublasGetProperty(MAJOR_VERSION, &major) == CUBLAS_STATUS_SUCCESS &&
      cublasGetProperty(MINOR_VERSION, &minor) == CUBLAS_STATUS_SUCCESS)
    all.emplace_back("cuBLAS", std::to_string(major) + "." + std::to_string(minor));
#ifdef TROUPE_HAS_CUDNN
  const std::size_t cudnn = cudnnGetVersion();
  all.emplace_back("cuDNN", std::to_string(cudnn / 10000) + "." +
                                std::to_string(cudnn % 10000 / 100) + "." +
                                std::to_string(cudnn % 100));
#endif
  return all;
}

// ---- the device

struct Device::State {
  State(DeviceFacts what, Float32Products float32, bool mpi_reaches_it)
      : facts{std::move(what)},
        products{float32},
        reachable_by_mpi{mpi_reaches_it},
        memory{facts.name} {
    for (cudaStream_t* stream : {&to_host, &to_device})
      check_call(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking),
                 "cudaStreamCreateWithFlags");
    memory.use(base);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    cudaDeviceSynchronize();
    for (std::byte* const begin : registered) cudaHostUnregister(begin);
    for (const cudaStream_t stream : {to_host, to_device})
      if (stream) cudaStreamDestroy(stream);
  }

  mpi::Mark copy(cudaStream_t stream, void* into, const void* from, std::size_t bytes,
                 cudaMemcpyKind kind, const mpi::Mark& after) {
    if (after) Points::follow(stream, after);
    check_call(cudaMemcpyAsync(into, from, bytes, kind, stream), "cudaMemcpyAsync");
    return Points::record(points, stream, Points::Told::by_the_device);
  }

  const DeviceFacts facts;
  const Float32Products products;
  const bool reachable_by_mpi;
  DeviceCounters counters;
  Stream base;  // of memory that is asked for outside of any lane
  DeviceMemory memory;
  PinnedMemory pinned;
  std::set<std::byte*> registered;  // what has been pinned that is not ours
  std::shared_ptr<Points> points = std::make_shared<Points>();
  cudaStream_t to_host = nullptr, to_device = nullptr;
  std::set<Stream*> lanes;
  std::optional<KernelTimes> times;
};

namespace {

/// Kernels that run on the device; the others are computed on the host.
template <class K>
constexpr bool is_convolution =
    std::is_same_v<K, Convolution> || std::is_same_v<K, ConvolutionInputGradient> ||
    std::is_same_v<K, ConvolutionFilterGradient>;

class Lane final : public mpi::AcceleratorLane {
 public:
  Lane(Float32Products products, bool of_flow, DeviceCounters& counters,
       std::shared_ptr<Points> points, std::set<Stream*>& lanes, DeviceMemory& memory,
       PinnedMemory& pinned, std::optional<KernelTimes>& times)
      : stream_{products, of_flow},
        counters_{counters},
        points_{std::move(points)},
        lanes_{lanes},
        memory_{memory},
        pinned_{pinned},
        times_{times} {
    lanes_.insert(&stream_);
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane() override {
    memory_.forget(stream_);
    lanes_.erase(&stream_);
  }

  void launch(const Kernel& kernel) override { launch(kernel, times_ ? &*times_ : nullptr); }
  void run(const Kernel& kernel) override { launch(kernel, nullptr); }
  mpi::Mark mark() override {
    return Points::record(points_, stream_.get(), Points::Told::when_asked);
  }
  void follow(const mpi::Mark& mark) override {
    if (mark) Points::follow(stream_.get(), mark);
  }

  Stream& stream() noexcept { return stream_; }

 private:
  /// `times`: null where nobody wants to know what it takes.
  void launch(const Kernel& kernel, KernelTimes* times) {
    std::visit(
        [&]<class K>(const K& k) {
          if constexpr (std::is_same_v<K, Opaque>) run_on_the_host(kernel);
          else if constexpr (is_convolution<K>)
            has_convolutions() ? run_on_the_device(k, kernel, times) : run_on_the_host(kernel);
          else run_on_the_device(k, kernel, times);
        },
        kernel);
  }
  template <class K>
  void run_on_the_device(const K& k, const Kernel& kernel, KernelTimes* times) {
    ++counters_.launches;
    if (times) times->time(name_of(kernel), stream_.get(), [&] { cuda::launch(stream_, k); });
    else cuda::launch(stream_, k);
  }
  /// Reading and writing device memory waits for this lane, whose turn it is.
  void run_on_the_host(const Kernel& kernel) {
    ++counters_.staged_kernels;
    counters_.staged_bytes += run_staged(kernel, pinned_);
  }

  Stream stream_;
  DeviceCounters& counters_;
  std::shared_ptr<Points> points_;
  std::set<Stream*>& lanes_;
  DeviceMemory& memory_;
  PinnedMemory& pinned_;
  std::optional<KernelTimes>& times_;
};

/// Throws BackendError unless this build has code for the device.
void expect_code(const DeviceFacts& facts, Stream& stream, DeviceMemory& memory) {
  const Buffer probe{1, Dtype::uint8, memory};
  try {
    launch(stream, Fill{0, probe});
    stream.synchronise();
  } catch (const BackendError& error) {
    throw BackendError{facts.name + " has compute capability " + std::to_string(facts.major) + "." +
                       std::to_string(facts.minor) + "; this build has code for " +
                       TROUPE_CUDA_ARCHITECTURES +
                       " (CMAKE_CUDA_ARCHITECTURES adds others): " + error.what()};
  }
}

DeviceFacts chosen(int index) {
  const auto all = devices();
  if (all.empty()) throw BackendError{"there is no GPU to compute on: " + why_no_device()};
  if (index < 0 || static_cast<std::size_t>(index) >= all.size())
    throw BackendError{"there is no GPU " + std::to_string(index) + ": this process sees " +
                       std::to_string(all.size()) + " (CUDA_VISIBLE_DEVICES chooses which)"};
  check_call(cudaSetDevice(index), "cudaSetDevice");
  return all[static_cast<std::size_t>(index)];
}

}  // namespace

Device::Device(int index, Float32Products products, bool reachable_by_mpi)
    : state_{std::make_unique<State>(chosen(index), products, reachable_by_mpi)} {
  expect_code(state_->facts, state_->base, state_->memory);
}
Device::~Device() = default;

const DeviceFacts& Device::facts() const noexcept { return state_->facts; }
DeviceCounters Device::counters() const {
  DeviceCounters all = state_->counters;
  all.synchronisations += state_->memory.waits();
  all.pool_bytes = state_->memory.held();
  for (const Stream* const lane : state_->lanes) all.planned += lane->planned();
  return all;
}
Memory& Device::memory() noexcept { return state_->memory; }
Memory& Device::staging_memory() noexcept { return state_->pinned; }
void Device::tell_uses(mpi::HearsOfUse who) { state_->memory.tell_uses(std::move(who)); }
void Device::pin(std::span<std::byte> memory) {
  if (!state_->registered.insert(memory.data()).second) return;
  // Where that is refused, copies of it take longer and are still copies.
  if (cudaHostRegister(memory.data(), memory.size(), cudaHostRegisterDefault) == cudaSuccess)
    return;
  cudaGetLastError();
}

std::unique_ptr<mpi::AcceleratorLane> Device::make_lane(bool of_flow) {
  return std::make_unique<Lane>(state_->products, of_flow, state_->counters, state_->points,
                                state_->lanes, state_->memory, state_->pinned, state_->times);
}
void Device::enter(mpi::AcceleratorLane* lane) {
  if (lane) state_->memory.use(static_cast<Lane*>(lane)->stream(), lane);
  else state_->memory.use(state_->base);
}

bool Device::reached(const mpi::Mark& mark) {
  if (!mark) return true;
  if (!Points::reached(mark)) return false;
  for (Stream* const lane : state_->lanes) lane->check_fault();
  return true;
}
void Device::wait(const mpi::Mark& mark) {
  if (reached(mark)) return;
  ++state_->counters.synchronisations;
  Points::wait(mark);
  for (Stream* const lane : state_->lanes) lane->check_fault();
}

mpi::Mark Device::copy_to_host(std::byte* host, const std::byte* device, std::size_t bytes,
                               const mpi::Mark& after) {
  return state_->copy(state_->to_host, host, device, bytes, cudaMemcpyDeviceToHost, after);
}
mpi::Mark Device::copy_to_device(std::byte* device, const std::byte* host, std::size_t bytes,
                                 const mpi::Mark& after) {
  return state_->copy(state_->to_device, device, host, bytes, cudaMemcpyHostToDevice, after);
}

bool Device::reachable_by_mpi() const noexcept { return state_->reachable_by_mpi; }

void Device::time_kernels() {
  if (!state_->times) state_->times.emplace();
}
std::optional<Seconds> Device::kernel_time() {
  if (!state_->times) return {};
  return state_->times->finish();
}
void Device::keep_kernels(std::size_t most, std::function<Seconds()> host_now) {
  if (state_->times) state_->times->keep(most, state_->base.get(), std::move(host_now));
}
std::vector<TimedKernel> Device::take_kernels() {
  if (!state_->times) return {};
  return state_->times->take_kept();
}

}  // namespace troupe::cuda
