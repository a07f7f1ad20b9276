#pragma once
// Which shapes of kernels are worth measuring, so that others can be found between them.

#include <vector>

#include "core/kernel_shape.hpp"

namespace troupe::algorithms {

/// How far and how finely.
struct LadderChoice {
  std::vector<Dtype> dtypes{Dtype::float32, Dtype::float64, Dtype::bfloat16};
  bool quick = false;  ///< steps of 8 and 16 instead of 4 and 8, and fewer ends
  Bytes largest{std::uint64_t{256} << 20};  ///< of one operand of an elementwise kernel
};

/// Each kind of kernel in each form, in order of growing work within a kind. Elementwise kernels:
/// from 1 value on, geometrically. Gemm: every product of widths and batches that training makes,
/// in its three forms: nn (forwards: outputs × batch × inputs), nt (gradient of the weights:
/// outputs × inputs × batch), tn (gradient of the inputs: inputs × batch × outputs). Convolutions:
/// stride 1, padded to the size of the image. Each kind is a whole grid over the sizes that vary.
/// Of bfloat16 there is Gemm alone.
std::vector<KernelShape> ladder(const LadderChoice& choice);

}  // namespace troupe::algorithms
