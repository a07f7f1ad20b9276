#pragma once
// A function that uses up its stack, for tests of what happens then.

#include <cstddef>

namespace troupe::test {

/// Writes on at least as much of the stack as it is told to, from its near end to the far one.
[[gnu::noinline]] inline std::size_t use_stack(std::size_t bytes) {
  constexpr std::size_t frame = 512;
  volatile std::byte block[frame];
  for (auto& byte : block) byte = std::byte{1};
  const std::size_t deeper = bytes > frame ? use_stack(bytes - frame) : 0;
  return deeper + static_cast<std::size_t>(block[deeper % 7]);  // after it: no loop will do
}

/// Writes on the far end of one frame of so many KiB, then calls `inside`. Where the compiler does
/// not probe stacks (-fstack-clash-protection), nothing between is touched.
template <std::size_t kibibytes, class Inside>
[[gnu::noinline]] std::size_t use_frame(const Inside& inside) {
  volatile std::byte block[kibibytes * 1024];
  block[0] = std::byte{1};
  inside();
  return static_cast<std::size_t>(block[0]);
}

}  // namespace troupe::test
