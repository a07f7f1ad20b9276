#pragma once
// Memory of the device and pinned memory of the host, both kept for the next who asks.

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "core/slice.hpp"
#include "real_backend/cuda/stream.hpp"
#include "real_backend/mpi/accelerator.hpp"

namespace troupe::cuda {

/// Allocated, released and copied in the order of one stream after another (CUDA's stream-ordered
/// pool of the current device, which gives nothing back while the process lives). Short pieces are
/// kept by the stream that released them last: a training step asks for the same again and again,
/// and CUDA takes a microsecond or two to answer.
class DeviceMemory final : public Memory {
 public:
  /// `name`: of the device, for messages.
  explicit DeviceMemory(std::string name);
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory() override { forget_all(); }
  /// See mpi::Accelerator.
  void tell_uses(mpi::HearsOfUse who) { hears_ = std::move(who); }
  /// Before a stream ends: gives back what is kept for it.
  void forget(Stream& stream) noexcept;
  /// The stream in whose order everything happens from now on, and who computes in it.
  void use(Stream& stream, KernelRunner* runner = nullptr) noexcept {
    stream_ = &stream;
    runner_ = runner;
  }

  std::string_view name() const noexcept override { return "device"; }
  bool on_host() const noexcept override { return false; }
  /// Throws BackendError with the bytes needed and free.
  void* allocate(std::size_t bytes) override;
  void release(void* address, std::size_t bytes) noexcept override;
  void read(std::byte* host, const std::byte* from, std::size_t bytes) const override;
  void write(std::byte* into, const std::byte* host, std::size_t bytes) override;
  KernelRunner* runner() noexcept override {
    tell(mpi::MemoryUse::computed_on, nullptr, 0);
    return runner_;
  }

  /// Bytes held of the device, used or not.
  std::uint64_t held() const;
  /// How often read() and write() waited for the device.
  std::uint64_t waits() const noexcept { return waits_; }

 private:
  using Pieces = std::map<std::pair<Stream*, std::size_t>, std::vector<void*>>;  // by size, too
  void tell(mpi::MemoryUse use, const void* begin, std::size_t bytes) const {
    if (hears_) hears_(use, static_cast<const std::byte*>(begin), bytes);
  }
  void forget_all() noexcept;
  Pieces::iterator give_back(Pieces::iterator pieces) noexcept;

  std::string device_;
  mpi::HearsOfUse hears_;
  Pieces kept_;
  std::size_t kept_bytes_ = 0;
  cudaMemPool_t pool_ = nullptr;
  Stream* stream_ = nullptr;
  KernelRunner* runner_ = nullptr;
  mutable std::uint64_t waits_ = 0;
};

/// Pages that stay where they are, so that the device copies them by itself; in sizes of powers of
/// two.
class PinnedMemory final : public Memory {
 public:
  PinnedMemory() = default;
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;
  ~PinnedMemory() override;
  std::string_view name() const noexcept override { return "pinned"; }
  bool on_host() const noexcept override { return true; }
  /// Throws BackendError.
  void* allocate(std::size_t bytes) override;
  void release(void* address, std::size_t bytes) noexcept override;

 private:
  std::vector<std::vector<void*>> free_;  // by the power of two
};

}  // namespace troupe::cuda
