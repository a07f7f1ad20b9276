#pragma once
// How code on the host works on values that are elsewhere: a backend copies what an Opaque kernel
// names to the host, runs the body, and copies back what it names as written. Meanwhile typed
// access to the slices finds the copies. For those who write a backend with a memory of its own.

#include <cstddef>
#include <vector>

#include "core/kernel.hpp"

namespace troupe {

/// Bytes off the host that a kernel touches.
struct TouchedRange {
  std::byte* begin = nullptr;
  std::size_t bytes = 0;
  Memory* memory = nullptr;
  bool is_read = false, is_written = false;
};

/// What of the operands is not on the host, in the order of addresses; what overlaps is one range.
std::vector<TouchedRange> touched_off_host(const Operands& operands);

/// While it lives, access by this thread to what is inside one of the ranges finds its copy.
class StagedCopies {
 public:
  struct Copy {
    const std::byte* original;
    std::size_t bytes;
    std::byte* copy;
  };
  explicit StagedCopies(std::vector<Copy> copies);
  StagedCopies(const StagedCopies&) = delete;
  StagedCopies& operator=(const StagedCopies&) = delete;
  ~StagedCopies();

  /// Where the copy of those bytes is; nullptr if they are not inside one range.
  static std::byte* find(const std::byte* address, std::size_t bytes) noexcept;

 private:
  std::vector<Copy> copies_;
  const StagedCopies* before_;
};

/// Computes a kernel without phantoms on the host, wherever its operands are: copies what it reads
/// here, into `memory`, and what it writes back. Returns the bytes copied.
std::size_t run_staged(const Kernel& kernel, Memory& memory = host_memory());

}  // namespace troupe
