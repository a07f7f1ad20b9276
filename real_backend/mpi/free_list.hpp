#pragma once
// Which parts of some bytes are free, by their offsets.

#include <cstddef>
#include <map>
#include <optional>

namespace troupe::mpi {

class FreeList {
 public:
  explicit FreeList(std::size_t bytes) : free_{{0, bytes}} {}
  /// The first free part of that size, rounded up to pages; empty if none is free.
  std::optional<std::size_t> reserve(std::size_t bytes);
  void release(std::size_t offset, std::size_t bytes);

 private:
  std::map<std::size_t, std::size_t> free_;  // bytes by offset; no two touch
};

}  // namespace troupe::mpi
