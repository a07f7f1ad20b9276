#pragma once
// What the threads of a warp do together.

namespace troupe::cuda {

/// The sum over a warp, in every lane.
template <class T, class F>
__device__ T reduce_warp(T value, F f) {
#pragma unroll
  for (int apart = 16; apart > 0; apart /= 2)
    value = f(value, __shfl_xor_sync(0xffffffffu, value, apart));
  return value;
}
struct Plus {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};
struct Larger {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a < b ? b : a;
  }
};

}  // namespace troupe::cuda
