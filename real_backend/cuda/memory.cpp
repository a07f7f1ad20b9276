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

void* DeviceMemory::allocate(std::size_t bytes) {
  void* address = nullptr;
  const cudaError_t status =
      cudaMallocAsync(&address, std::max<std::size_t>(bytes, 1), stream_->get());
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
  return address;
}
void DeviceMemory::release(void* address, std::size_t) noexcept {
  cudaFreeAsync(address, stream_->get());
}

void DeviceMemory::read(std::byte* host, const std::byte* from, std::size_t bytes) const {
  if (bytes == 0) return;
  check_call(cudaMemcpyAsync(host, from, bytes, cudaMemcpyDeviceToHost, stream_->get()),
             "cudaMemcpyAsync");
  stream_->synchronise();
  ++waits_;
}
void DeviceMemory::write(std::byte* into, const std::byte* host, std::size_t bytes) {
  if (bytes == 0) return;
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
