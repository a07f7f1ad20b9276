#pragma once
// Kernels of neural networks. A mini-batch is a column-major matrix with one sample a column; an
// image is a column of channels × height × width values, width fastest (so a batch of images is
// what cuDNN calls NCHW). All operands are float32 or float64 and of one dtype, except class labels
// (int32). Each kernel is one call of cuDNN or one loop; training loops stand elsewhere.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/slice.hpp"

namespace troupe {

/// g(z): z · tanh z · 1/(1+e^−z) · max(0, z) · z Φ(z) with the normal distribution function Φ
/// (Hendrycks and Gimpel 2016). A NaN stays one.
enum class ActivationKind : std::uint8_t { identity, tanh, sigmoid, relu, gelu };
std::string_view name_of(ActivationKind) noexcept;

/// True if g' is computed from z and not from g(z), so that z has to be kept.
constexpr bool keeps_input(ActivationKind kind) { return kind == ActivationKind::gelu; }

/// into[s, c, j] = g(into[s, c, j] + bias[c]): one value a channel, `spatial` values of each channel
/// in a sample (1 in a dense layer, height · width of an image), `batch` samples.
struct AddBias {
  std::size_t channels = 0, spatial = 1, batch = 0;
  ConstSlice bias{};
  Slice into{};
  ActivationKind activation = ActivationKind::identity;
};
/// into[c] = Σ_{s, j} gradient[s, c, j] + beta into[c]
struct BiasGradient {
  std::size_t channels = 0, spatial = 1, batch = 0;
  double beta = 0;
  ConstSlice gradient{};
  Slice into{};
};

/// into[i] = g(from[i]); both may be one slice.
struct Activation {
  ActivationKind kind = ActivationKind::identity;
  ConstSlice from{};
  Slice into{};
};
/// gradient[i] *= g'(z[i]). `kept` is g(z), or z where keeps_input(kind). g'(0) of ReLU is 0.
struct ActivationGradient {
  ActivationKind kind = ActivationKind::identity;
  ConstSlice kept{};
  Slice gradient{};
};

/// The loss ℓ of one sample with `rows` outputs y.
///   squared_error: (1/rows) Σ_i (y_i − t_i)², targets rows × batch ·
///   softmax_cross_entropy: −log p_t with p = softmax(y), targets one label (int32, 0 ≤ t < rows) a
///   sample · binary_cross_entropy: −log p_t with p_1 = 1/(1+e^−y), rows = 1, labels 0 or 1.
enum class LossKind : std::uint8_t { squared_error, softmax_cross_entropy, binary_cross_entropy };
std::string_view name_of(LossKind) noexcept;

/// losses[j] = ℓ_j, gradient = weight · ∂ℓ_j/∂y_ij (2(y−t)/rows, or p − t). Neither overflows for
/// any finite y. `losses` or `gradient` may be empty: not wanted; `gradient` may be the slice of
/// `outputs`. Throws BackendError for a label that is no class.
struct Loss {
  LossKind kind = LossKind::squared_error;
  std::size_t rows = 0, batch = 0;
  double weight = 1;
  ConstSlice outputs{}, targets{};
  Slice losses{}, gradient{};
};

/// Windows that slide over an image of channels × height × width with zeros around it.
struct Windows {
  std::size_t channels = 0, height = 0, width = 0;
  std::size_t window_height = 1, window_width = 1, stride = 1, padding = 0;

  constexpr std::size_t out_height() const {
    return (height + 2 * padding - window_height) / stride + 1;
  }
  constexpr std::size_t out_width() const {
    return (width + 2 * padding - window_width) / stride + 1;
  }
  constexpr std::size_t in_size() const { return channels * height * width; }
  constexpr std::size_t out_pixels() const { return out_height() * out_width(); }
  constexpr std::size_t window_size() const { return channels * window_height * window_width; }
  /// True if a window fits into the padded image.
  constexpr bool fits() const {
    return stride > 0 && window_height > 0 && window_width > 0 &&
           window_height <= height + 2 * padding && window_width <= width + 2 * padding;
  }
};

/// output[f] = Σ filter[f] ⊙ window at each place: what machine learning calls a convolution (the
/// filter is not turned round). filter: filters × channels × window_height × window_width, width
/// fastest; output: filters × out_height × out_width a sample.
struct Convolution {
  Windows windows{};
  std::size_t filters = 0, batch = 0;
  ConstSlice input{}, filter{};
  Slice output{};
};
/// From the gradient of the output that of the input, overwritten.
struct ConvolutionInputGradient {
  Windows windows{};
  std::size_t filters = 0, batch = 0;
  ConstSlice filter{}, output_gradient{};
  Slice input_gradient{};
};
/// filter_gradient = Σ_batch output_gradient ∗ input + beta filter_gradient
struct ConvolutionFilterGradient {
  Windows windows{};
  std::size_t filters = 0, batch = 0;
  double beta = 0;
  ConstSlice input{}, output_gradient{};
  Slice filter_gradient{};
};

/// The maximum of each window, or the mean of what is not padding in it.
enum class PoolingKind : std::uint8_t { max, average };
std::string_view name_of(PoolingKind) noexcept;

/// Channel by channel; output: channels × out_height × out_width a sample. EXPECTS padding less
/// than the window, so that none is empty.
struct Pooling {
  PoolingKind kind = PoolingKind::max;
  Windows windows{};
  std::size_t batch = 0;
  ConstSlice input{};
  Slice output{};
};
/// input_gradient, overwritten. The gradient of a maximum goes to the first that equals it, in the
/// order of memory. `input` and `output` are those of Pooling; average does not look at them, and
/// they may be empty.
struct PoolingGradient {
  PoolingKind kind = PoolingKind::max;
  Windows windows{};
  std::size_t batch = 0;
  ConstSlice input{}, output{}, output_gradient{};
  Slice input_gradient{};
};

}  // namespace troupe
