#include "algorithms/horovod/tensor.hpp"

#include <functional>
#include <numeric>

#include "algorithms/in_place.hpp"

namespace troupe::algorithms::horovod {

std::size_t values_in(const Shape& shape) noexcept {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>{});
}
std::size_t values_in_row(const Shape& shape) noexcept {
  return shape.empty()
             ? 1
             : std::accumulate(shape.begin() + 1, shape.end(), std::size_t{1}, std::multiplies<>{});
}
std::string to_text(const Shape& shape) {
  std::string text;
  for (const std::size_t length : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(length);
  return "[" + text + "]";
}

TensorView::TensorView(ConstSlice its_values, Shape its_shape)
    : values{its_values}, shape{std::move(its_shape)} {
  EXPECTS(values.size() == values_in(shape), "a tensor has as many values as its shape says");
}

Tensor::Tensor(Shape shape, Dtype dtype, Memory& memory)
    : shape_{std::move(shape)}, buffer_{values_in(shape_), dtype, memory} {}

Tensor Tensor::phantom(Shape shape, Dtype dtype) {
  Tensor tensor;
  tensor.shape_ = std::move(shape);
  tensor.buffer_ = Buffer::phantom(values_in(tensor.shape_), dtype);
  return tensor;
}

Tensor Tensor::like(ConstSlice like, Shape shape) {
  const ConstSlice values = like_values_of(like);
  return values.is_phantom() ? phantom(std::move(shape), values.dtype())
                             : Tensor{std::move(shape), values.dtype(), values.memory()};
}

}  // namespace troupe::algorithms::horovod
