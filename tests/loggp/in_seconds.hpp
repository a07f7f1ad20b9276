#pragma once
// Messages and kernels that take round numbers of seconds.

#include "core/communicator.hpp"

namespace troupe::test {

constexpr double tight = 1e-12;  // relative

/// A kernel of so many flops that computes nothing.
inline Opaque arithmetic(double flops) {
  return {.reads = {}, .writes = {}, .work = {.flops = {flops}, .bytes = {}}, .body = [] {}};
}
constexpr BytesPerSecond slow{1e6};
/// As many float32 values as take a second at that rate.
inline const Slice second = Slice::phantom(250'000);

}  // namespace troupe::test
