#pragma once
// The values of a slice as a kernel takes them.

#include <type_traits>

#include "core/slice.hpp"

namespace troupe::cuda {

/// Calls f(std::type_identity<T>{}) with float or double.
template <class F>
void with_real(Dtype dtype, F&& f) {
  if (dtype == Dtype::float32) f(std::type_identity<float>{});
  else f(std::type_identity<double>{});
}
template <class T>
T* values(Slice slice) {
  return reinterpret_cast<T*>(slice.address());
}
template <class T>
const T* values(ConstSlice slice) {
  return reinterpret_cast<const T*>(slice.address());
}

}  // namespace troupe::cuda
