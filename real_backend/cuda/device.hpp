#pragma once
// The GPUs of this machine, and the one that this process uses: its memory, its lanes, and the
// copies between it and the host. One thread uses it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "real_backend/cuda/stream.hpp"
#include "real_backend/mpi/accelerator.hpp"

namespace troupe::cuda {

struct DeviceFacts {
  int index = 0;
  std::string name;          ///< "NVIDIA H200"
  int major = 0, minor = 0;  ///< compute capability
  std::size_t memory_bytes = 0;
  std::string bus;   ///< PCI address: the same for two ranks that share it
  bool mps = false;  ///< processes that share it compute at the same time, by NVIDIA's MPS
};

/// Those that CUDA_VISIBLE_DEVICES leaves; none where there is no driver or no GPU.
std::vector<DeviceFacts> devices();
/// Why devices() is empty, in CUDA's words; else empty.
std::string why_no_device();
/// Versions of driver, runtime and libraries in use, by name.
std::vector<std::pair<std::string, std::string>> versions();

/// What a device has done, for tests and reports.
struct DeviceCounters {
  std::uint64_t launches = 0;          ///< kernels of ours
  std::uint64_t planned = 0;           ///< of lanes that are: convolutions by plans that are kept
  std::uint64_t staged_kernels = 0;    ///< computed on the host ...
  std::uint64_t staged_bytes = 0;      ///< ... for which so many bytes were copied
  std::uint64_t synchronisations = 0;  ///< the host waited for the device
  std::uint64_t pool_bytes = 0;        ///< device memory held, used or not
};

class Device final : public mpi::Accelerator {
 public:
  /// Makes the device of that index the current one of this thread. Throws BackendError where there
  /// is none of that index, or where this build has no code for it (naming its architecture).
  /// `reachable_by_mpi`: the MPI of this process is CUDA-aware.
  explicit Device(int index, Float32Products products = Float32Products::exact,
                  bool reachable_by_mpi = false);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() override;

  const DeviceFacts& facts() const noexcept;
  DeviceCounters counters() const;

  Memory& memory() noexcept override;
  Memory& staging_memory() noexcept override;
  void tell_uses(mpi::HearsOfUse who) override;
  void pin(std::span<std::byte> memory) override;
  std::unique_ptr<mpi::AcceleratorLane> make_lane(bool of_flow) override;
  void enter(mpi::AcceleratorLane* lane) override;
  bool reached(const mpi::Mark& mark) override;
  void wait(const mpi::Mark& mark) override;
  mpi::Mark copy_to_host(std::byte* host, const std::byte* device, std::size_t bytes,
                         const mpi::Mark& after) override;
  mpi::Mark copy_to_device(std::byte* device, const std::byte* host, std::size_t bytes,
                           const mpi::Mark& after) override;
  bool reachable_by_mpi() const noexcept override;
  std::optional<Seconds> kernel_time() override;
  void keep_kernels(std::size_t most, std::function<Seconds()> host_now) override;
  std::vector<TimedKernel> take_kernels() override;

  /// From now on kernels are timed, each between two events: what is launched later takes the host
  /// some microseconds more.
  void time_kernels();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace troupe::cuda
