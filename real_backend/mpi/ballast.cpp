#include "real_backend/mpi/ballast.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <new>

namespace troupe::mpi {

namespace {
std::size_t class_of(std::size_t bytes) {
  return static_cast<std::size_t>(std::bit_width(std::max<std::size_t>(bytes, 64) - 1));
}
}  // namespace

Ballast::~Ballast() {
  for (const Zeros& zeros : zeros_) munmap(zeros.address, zeros.bytes);
}

const std::byte* Ballast::to_send(std::size_t bytes) {
  if (zeros_.empty() || zeros_.back().bytes < bytes) {
    const std::size_t size = std::bit_ceil(std::max<std::size_t>(bytes, 1 << 20));
    void* const address =
        mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED) throw std::bad_alloc{};
    zeros_.push_back({address, size});
  }
  return static_cast<const std::byte*>(zeros_.back().address);
}

std::byte* Ballast::borrow(std::size_t bytes) {
  const std::size_t size = class_of(bytes);
  if (size < free_.size() && !free_[size].empty()) {
    std::byte* const room = free_[size].back().release();
    free_[size].pop_back();
    return room;
  }
  return std::make_unique_for_overwrite<std::byte[]>(std::size_t{1} << size).release();
}
void Ballast::give_back(std::byte* room, std::size_t bytes) {
  const std::size_t size = class_of(bytes);
  if (size >= free_.size()) free_.resize(size + 1);
  free_[size].emplace_back(room);
}

}  // namespace troupe::mpi
