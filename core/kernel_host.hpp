#pragma once
// The host implementations behind run_on_host, by family. Private to core/kernel*.cpp: operands
// have been checked and none is phantom.

#include <type_traits>

#include "core/kernel.hpp"

namespace troupe::host {

void run(const Reduce&);
void run(const Axpy&);
void run(const Scale&);
void run(const Copy&);
void run(const Fill&);
void run(const Cast&);
void run(const Gather&);
void run(const Gemm&);
void run(const Cholesky&);
void run(const CholeskySolve&);
void run(const Svd&);
void run(const AddBias&);
void run(const BiasGradient&);
void run(const Activation&);
void run(const ActivationGradient&);
void run(const Loss&);
void run(const Convolution&);
void run(const ConvolutionInputGradient&);
void run(const ConvolutionFilterGradient&);
void run(const Pooling&);
void run(const PoolingGradient&);
void run(const MomentumStep&);
void run(const AdamStep&);
void run(const AdaGradStep&);
void run(const DelayCompensation&);
void run(const Interpolate&);

/// Calls f(std::type_identity<T>{}) with float or double.
template <class F>
void with_real(Dtype dtype, F&& f) {
  if (dtype == Dtype::float32) f(std::type_identity<float>{});
  else f(std::type_identity<double>{});
}

}  // namespace troupe::host
