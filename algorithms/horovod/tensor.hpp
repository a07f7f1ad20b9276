#pragma once
// Tensors as Horovod's operations take and return them: values in row-major order, with a shape.
// There is no arithmetic here and no view with strides: what travels is one contiguous run.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/slice.hpp"

namespace troupe::algorithms::horovod {

/// The lengths of a tensor's dimensions; none for a scalar.
using Shape = std::vector<std::size_t>;

/// The product of the lengths, 1 for a scalar.
std::size_t values_in(const Shape& shape) noexcept;
/// The same without the first dimension: values of one row.
std::size_t values_in_row(const Shape& shape) noexcept;
/// "[2, 3]"
std::string to_text(const Shape& shape);

/// Values of somebody else with a shape: what an operation is given. It is read during the call
/// and not kept.
struct TensorView {
  TensorView() = default;
  /// EXPECTS as many values as the shape says.
  TensorView(ConstSlice its_values, Shape its_shape);

  ConstSlice values{};
  Shape shape{};
};

/// Values of its own with a shape: what an operation returns.
class Tensor {
 public:
  Tensor() = default;
  /// Not initialised.
  Tensor(Shape shape, Dtype dtype, Memory& memory = host_memory());
  /// With these values, in row-major order. EXPECTS as many as the shape says.
  template <class T>
  Tensor(Shape shape, const std::vector<T>& values) : Tensor{std::move(shape), dtype_of<T>()} {
    EXPECTS(values.size() == slice().size(), "a tensor has as many values as its shape says");
    std::copy(values.begin(), values.end(), slice().template host<T>().begin());
  }
  /// A shape without values.
  static Tensor phantom(Shape shape, Dtype dtype);
  /// Room for a tensor of that shape, of the dtype and memory of `like`, phantom where that is.
  static Tensor like(ConstSlice like, Shape shape);

  const Shape& shape() const noexcept { return shape_; }
  Dtype dtype() const noexcept { return buffer_.slice().dtype(); }
  Slice slice() const noexcept { return buffer_.slice(); }
  /// The values, typed (BasicSlice::host).
  template <class T>
  std::span<T> host() const {
    return slice().template host<T>();
  }
  /// A copy of the values, typed.
  template <class T>
  std::vector<T> to_vector() const {
    const auto values = host<T>();
    return {values.begin(), values.end()};
  }
  operator TensorView() const { return {slice(), shape_}; }

 private:
  Shape shape_;
  Buffer buffer_;
};

}  // namespace troupe::algorithms::horovod
