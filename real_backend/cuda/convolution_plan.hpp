#pragma once
// Convolutions and their gradients as plans of cuDNN's graph interface: made once and kept, a plan
// is launched in a quarter of the time that cuDNN's calls by name take in a mixture of kernels.
// Which of the plans computes is not decided here: convolution.cpp wants the bits of those calls.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/kernel_network.hpp"

struct cudnnContext;  // cudnnHandle_t points to one

namespace troupe::cuda {

/// What a convolution, or a gradient of one, is looked up by: all that cuDNN is told of its shape.
struct ConvolutionShape {
  Windows windows;
  std::size_t filters, batch;
  Dtype dtype;

  bool operator==(const ConvolutionShape& other) const {
    return sizes() == other.sizes() && dtype == other.dtype;
  }
  std::array<std::size_t, 9> sizes() const {
    const Windows& w = windows;
    return {w.channels, w.height, w.width, w.window_height, w.window_width, w.stride,
            w.padding,  filters,  batch};
  }
  struct Hash {
    std::size_t operator()(const ConvolutionShape& shape) const noexcept {
      auto hash = static_cast<std::size_t>(shape.dtype);
      for (const std::size_t size : shape.sizes()) hash = (hash ^ size) * 0x9E3779B97F4A7C15u;
      return hash ^ hash >> 32;
    }
  };
};

enum class ConvolutionPass : std::uint8_t { forward, input_gradient, filter_gradient };

/// On the device; of the operand that the pass computes, its gradient where it computes that.
struct ConvolutionOperands {
  const std::byte *input, *filter, *output;

  /// The largest powers of two up to 16 that divide the addresses: what a plan relies on.
  std::array<std::size_t, 3> alignments() const;
};

class ConvolutionPlan {
 public:
  /// Those that overwrite the result, the same way each time and by sums of exact products (neither
  /// Winograd nor Fourier, nor on tensor cores), what cuDNN takes for the fastest first. None where
  /// it has no such plan.
  static std::vector<ConvolutionPlan> all(cudnnContext* cudnn, ConvolutionPass pass,
                                          const ConvolutionShape& shape,
                                          const std::array<std::size_t, 3>& alignments);

  /// Working memory of a launch.
  std::size_t bytes() const noexcept { return bytes_; }
  /// On the handle's stream, of operands aligned as it was made for. False where cuDNN refuses.
  bool launch(cudnnContext* cudnn, const ConvolutionOperands& operands, void* room) const;

 private:
  struct Made;
  explicit ConvolutionPlan(std::shared_ptr<const Made> made, std::size_t bytes)
      : made_{std::move(made)}, bytes_{bytes} {}
  std::shared_ptr<const Made> made_;
  std::size_t bytes_;
};

}  // namespace troupe::cuda
