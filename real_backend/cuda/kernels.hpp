#pragma once
// Kernels on the device, by family: the counterparts of run_on_host. Operands have been checked,
// are in device memory and none is phantom. Each is launched on the stream and returns before it
// has run, but for what has to report a failure (Cholesky, Svd).

#include <type_traits>

#include "core/kernel.hpp"
#include "real_backend/cuda/stream.hpp"

namespace troupe::cuda {

// vector.cu
void launch(Stream&, const Reduce&);
void launch(Stream&, const Axpy&);
void launch(Stream&, const Scale&);
void launch(Stream&, const Copy&);
void launch(Stream&, const Fill&);
void launch(Stream&, const Cast&);
void launch(Stream&, const Gather&);
// dense.cpp
void launch(Stream&, const Gemm&);
void launch(Stream&, const Cholesky&);
void launch(Stream&, const CholeskySolve&);
void launch(Stream&, const Svd&);
// network.cu
void launch(Stream&, const AddBias&);
void launch(Stream&, const BiasGradient&);
void launch(Stream&, const Activation&);
void launch(Stream&, const ActivationGradient&);
// loss.cu
void launch(Stream&, const Loss&);
// pooling.cu
void launch(Stream&, const Pooling&);
void launch(Stream&, const PoolingGradient&);
// update.cu
void launch(Stream&, const MomentumStep&);
void launch(Stream&, const AdamStep&);
void launch(Stream&, const AdaGradStep&);
void launch(Stream&, const DelayCompensation&);
void launch(Stream&, const Interpolate&);

/// convolution.cpp. False where cuDNN is not built in: then the host computes them.
bool has_convolutions() noexcept;
void launch(Stream&, const Convolution&);
void launch(Stream&, const ConvolutionInputGradient&);
void launch(Stream&, const ConvolutionFilterGradient&);

}  // namespace troupe::cuda
