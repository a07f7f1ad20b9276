#include "real_backend/cuda/memory.hpp"

#include <algorithm>
#include <bit>

#include "core/errors.hpp"
#include "real_backend/cuda/cuda_call.hpp"

namespace troupe::cuda {

DeviceMemory::DeviceMemory(std::string name) : device_{std::move(name)} {
  int device = 0;
  check_call(cudaGetDevice(&device), "cudaGetDevice");
  check_call(cudaDeviceGetDefaultMemPool(&pool_, device), "cudaDeviceGetDefaultMemPool");
  std::uint64_t everything = UINT64_MAX;
  check_call(cudaMemPoolSetAttribute(pool_, cudaMemPoolAttrReleaseThreshold, &everything),
             "cudaMemPoolSetAttribute");
}

namespace {
constexpr std::size_t longest_kept = std::size_t{1} << 20, most_kept = std::size_t{64} << 20;

/// What CUDA rounds to anyway.
std::size_t rounded_up(std::size_t bytes) {
  return (std::max<std::size_t>(bytes, 1) + 511) / 512 * 512;
}
}  // namespace

void* DeviceMemory::allocate(std::size_t bytes) {
  const std::size_t size = rounded_up(bytes);
  if (const auto same = kept_.find({stream_, size}); same != kept_.end() && !same->second.empty()) {
    void* const address = same->second.back();
    same->second.pop_back();
    kept_bytes_ -= size;
    tell(mpi::MemoryUse::allocated, address, size);
    return address;
  }
  void* address = nullptr;
  cudaError_t status = cudaMallocAsync(&address, size, stream_->get());
  if (status == cudaErrorMemoryAllocation && kept_bytes_ > 0) {
    cudaGetLastError();
    forget_all();
    cudaDeviceSynchronize();
    status = cudaMallocAsync(&address, size, stream_->get());
  }
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    cudaMemPoolTrimTo(pool_, 0);  // in vain the pool has taken all there was
    std::size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    throw BackendError{"the memory of " + device_ + " is full: " + std::to_string(bytes) +
                       " bytes are needed, " + std::to_string(free) + " of " +
                       std::to_string(total) + " are free"};
  }
  check_call(status, "cudaMallocAsync");
  tell(mpi::MemoryUse::allocated, address, size);
  return address;
}
void DeviceMemory::release(void* address, std::size_t bytes) noexcept {
  const std::size_t size = rounded_up(bytes);
  tell(mpi::MemoryUse::released, address, size);
  if (size > longest_kept || kept_bytes_ + size > most_kept) {
    cudaFreeAsync(address, stream_->get());
    return;
  }
  kept_[{stream_, size}].push_back(address);
  kept_bytes_ += size;
}
DeviceMemory::Pieces::iterator DeviceMemory::give_back(Pieces::iterator pieces) noexcept {
  const auto [stream, size] = pieces->first;
  for (void* const address : pieces->second) cudaFreeAsync(address, stream->get());
  kept_bytes_ -= size * pieces->second.size();
  return kept_.erase(pieces);
}
void DeviceMemory::forget(Stream& stream) noexcept {
  for (auto pieces = kept_.lower_bound({&stream, 0});
       pieces != kept_.end() && pieces->first.first == &stream;)
    pieces = give_back(pieces);
}
void DeviceMemory::forget_all() noexcept {
  for (auto pieces = kept_.begin(); pieces != kept_.end();) pieces = give_back(pieces);
}

void DeviceMemory::read(std::byte* host, const std::byte* from, std::size_t bytes) const {
  if (bytes == 0) return;
  tell(mpi::MemoryUse::read, from, bytes);
  check_call(cudaMemcpyAsync(host, from, bytes, cudaMemcpyDeviceToHost, stream_->get()),
             "cudaMemcpyAsync");
  stream_->synchronise();
  ++waits_;
}
void DeviceMemory::write(std::byte* into, const std::byte* host, std::size_t bytes) {
  if (bytes == 0) return;
  tell(mpi::MemoryUse::written, into, bytes);
  check_call(cudaMemcpyAsync(into, host, bytes, cudaMemcpyHostToDevice, stream_->get()),
             "cudaMemcpyAsync");
  stream_->synchronise();
  ++waits_;
}

std::uint64_t DeviceMemory::held() const {
  std::uint64_t reserved = 0;
  check_call(cudaMemPoolGetAttribute(pool_, cudaMemPoolAttrReservedMemCurrent, &reserved),
             "cudaMemPoolGetAttribute");
  return reserved;
}

namespace {
std::size_t class_of(std::size_t bytes) {
  return static_cast<std::size_t>(std::bit_width(std::max<std::size_t>(bytes, 4096) - 1));
}
}  // namespace

PinnedMemory::~PinnedMemory() {
  for (const auto& free : free_)
    for (void* const address : free) cudaFreeHost(address);
}
void* PinnedMemory::allocate(std::size_t bytes) {
  const std::size_t power = class_of(bytes);
  if (power < free_.size() && !free_[power].empty()) {
    void* const address = free_[power].back();
    free_[power].pop_back();
    return address;
  }
  if (free_.size() <= power) free_.resize(power + 1);
  void* address = nullptr;
  check_call(cudaHostAlloc(&address, std::size_t{1} << power, cudaHostAllocDefault),
             "cudaHostAlloc");
  return address;
}
void PinnedMemory::release(void* address, std::size_t bytes) noexcept {
  free_[class_of(bytes)].push_back(address);
}

}  // namespace troupe::cuda
