// Convolutions on the device, by cuDNN: batches of images are its NCHW. Of its algorithms those
// that multiply the unfolded image, as the host does, and are deterministic; the others (Winograd,
// Fourier) are faster for some shapes and less exact.

#include "core/errors.hpp"
#include "real_backend/cuda/cuda_call.hpp"
#include "real_backend/cuda/kernels.hpp"

#ifndef TROUPE_HAS_CUDNN

namespace troupe::cuda {

bool has_convolutions() noexcept { return false; }
void launch(Stream&, const Convolution&) { EXPECTS(false, "this build has no cuDNN"); }
void launch(Stream&, const ConvolutionInputGradient&) { EXPECTS(false, "this build has no cuDNN"); }
void launch(Stream&, const ConvolutionFilterGradient&) {
  EXPECTS(false, "this build has no cuDNN");
}

}  // namespace troupe::cuda

#else

#include <cudnn.h>

#include <array>
#include <limits>
#include <source_location>

namespace troupe::cuda {

namespace {

void check_cudnn(cudnnStatus_t status, const char* call,
                 std::source_location where = std::source_location::current()) {
  if (status != CUDNN_STATUS_SUCCESS) refused(call, cudnnGetErrorString(status), where);
}

int narrow(std::size_t size) {
  EXPECTS(size <= static_cast<std::size_t>(std::numeric_limits<int>::max()),
          "dimensions of a convolution on the device are below 2^31");
  return static_cast<int>(size);
}

/// A descriptor of cuDNN, made and destroyed by the two functions.
template <class Handle, cudnnStatus_t (*create)(Handle*), cudnnStatus_t (*destroy)(Handle)>
class Descriptor {
 public:
  Descriptor() { check_cudnn(create(&handle_), "cudnnCreate...Descriptor"); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { destroy(handle_); }
  Handle get() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};
using Tensor =
    Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using Filter =
    Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using Sliding = Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor,
                           cudnnDestroyConvolutionDescriptor>;

/// The shapes of a convolution and of its gradients, which are the same.
struct Shapes {
  Tensor input, output;
  Filter filter;
  Sliding sliding;

  Shapes(const Windows& w, std::size_t filters, std::size_t batch, Dtype dtype,
         Float32Products products) {
    const cudnnDataType_t type = dtype == Dtype::float32 ? CUDNN_DATA_FLOAT : CUDNN_DATA_DOUBLE;
    const bool may_round = dtype == Dtype::float32 && products == Float32Products::tf32;
    check_cudnn(cudnnSetTensor4dDescriptor(input.get(), CUDNN_TENSOR_NCHW, type, narrow(batch),
                                           narrow(w.channels), narrow(w.height), narrow(w.width)),
                "cudnnSetTensor4dDescriptor");
    check_cudnn(
        cudnnSetTensor4dDescriptor(output.get(), CUDNN_TENSOR_NCHW, type, narrow(batch),
                                   narrow(filters), narrow(w.out_height()), narrow(w.out_width())),
        "cudnnSetTensor4dDescriptor");
    check_cudnn(cudnnSetFilter4dDescriptor(filter.get(), type, CUDNN_TENSOR_NCHW, narrow(filters),
                                           narrow(w.channels), narrow(w.window_height),
                                           narrow(w.window_width)),
                "cudnnSetFilter4dDescriptor");
    const int padding = narrow(w.padding), stride = narrow(w.stride);
    check_cudnn(cudnnSetConvolution2dDescriptor(sliding.get(), padding, padding, stride, stride, 1,
                                                1, CUDNN_CROSS_CORRELATION, type),
                "cudnnSetConvolution2dDescriptor");
    check_cudnn(
        cudnnSetConvolutionMathType(sliding.get(), may_round ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH),
        "cudnnSetConvolutionMathType");
  }
};

/// A factor in the type that cuDNN reads for the operands' dtype.
class Factor {
 public:
  Factor(double value, Dtype dtype)
      : single_{static_cast<float>(value)}, double_{value}, is_single_{dtype == Dtype::float32} {}
  const void* get() const {
    return is_single_ ? static_cast<const void*>(&single_) : static_cast<const void*>(&double_);
  }

 private:
  float single_;
  double double_;
  bool is_single_;
};

/// The first algorithm that cuDNN has for these shapes: `bytes_of` sets the working memory of one.
template <class Algorithm, std::size_t count, class F>
std::pair<Algorithm, std::size_t> first_supported(const std::array<Algorithm, count>& algorithms,
                                                  const char* call, F&& bytes_of) {
  cudnnStatus_t status = CUDNN_STATUS_NOT_SUPPORTED;
  for (const Algorithm algorithm : algorithms) {
    std::size_t bytes = 0;
    status = bytes_of(algorithm, &bytes);
    if (status == CUDNN_STATUS_SUCCESS) return {algorithm, bytes};
  }
  refused(call, cudnnGetErrorString(status), std::source_location::current());
}

}  // namespace

bool has_convolutions() noexcept { return true; }

void launch(Stream& stream, const Convolution& kernel) {
  if (kernel.output.empty()) return;
  if (kernel.input.empty() || kernel.filter.empty()) return launch(stream, Fill{0, kernel.output});
  const Dtype dtype = kernel.output.dtype();
  const Shapes shapes{kernel.windows, kernel.filters, kernel.batch, dtype, stream.products()};
  const auto [algorithm, bytes] = first_supported(
      std::array{CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
                 CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, CUDNN_CONVOLUTION_FWD_ALGO_GEMM},
      "cudnnGetConvolutionForwardWorkspaceSize", [&](auto one, std::size_t* size) {
        return cudnnGetConvolutionForwardWorkspaceSize(stream.cudnn(), shapes.input.get(),
                                                       shapes.filter.get(), shapes.sliding.get(),
                                                       shapes.output.get(), one, size);
      });
  const Stream::Workspace room{stream, bytes};
  const Factor one{1, dtype}, zero{0, dtype};
  check_cudnn(cudnnConvolutionForward(
                  stream.cudnn(), one.get(), shapes.input.get(), kernel.input.address(),
                  shapes.filter.get(), kernel.filter.address(), shapes.sliding.get(), algorithm,
                  room.get(), bytes, zero.get(), shapes.output.get(), kernel.output.address()),
              "cudnnConvolutionForward");
}

void launch(Stream& stream, const ConvolutionInputGradient& kernel) {
  if (kernel.input_gradient.empty()) return;
  if (kernel.output_gradient.empty() || kernel.filter.empty())
    return launch(stream, Fill{0, kernel.input_gradient});
  const Dtype dtype = kernel.input_gradient.dtype();
  const Shapes shapes{kernel.windows, kernel.filters, kernel.batch, dtype, stream.products()};
  const auto [algorithm, bytes] = first_supported(
      std::array{CUDNN_CONVOLUTION_BWD_DATA_ALGO_1}, "cudnnGetConvolutionBackwardDataWorkspaceSize",
      [&](auto one, std::size_t* size) {
        return cudnnGetConvolutionBackwardDataWorkspaceSize(
            stream.cudnn(), shapes.filter.get(), shapes.output.get(), shapes.sliding.get(),
            shapes.input.get(), one, size);
      });
  const Stream::Workspace room{stream, bytes};
  const Factor one{1, dtype}, zero{0, dtype};
  check_cudnn(cudnnConvolutionBackwardData(stream.cudnn(), one.get(), shapes.filter.get(),
                                           kernel.filter.address(), shapes.output.get(),
                                           kernel.output_gradient.address(), shapes.sliding.get(),
                                           algorithm, room.get(), bytes, zero.get(),
                                           shapes.input.get(), kernel.input_gradient.address()),
              "cudnnConvolutionBackwardData");
}

void launch(Stream& stream, const ConvolutionFilterGradient& kernel) {
  if (kernel.filter_gradient.empty()) return;
  if (kernel.input.empty() || kernel.output_gradient.empty()) {
    if (kernel.beta == 0) launch(stream, Fill{0, kernel.filter_gradient});
    else launch(stream, Scale{kernel.beta, kernel.filter_gradient});
    return;
  }
  const Dtype dtype = kernel.filter_gradient.dtype();
  const Shapes shapes{kernel.windows, kernel.filters, kernel.batch, dtype, stream.products()};
  const auto [algorithm, bytes] = first_supported(
      std::array{CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1},
      "cudnnGetConvolutionBackwardFilterWorkspaceSize", [&](auto one, std::size_t* size) {
        return cudnnGetConvolutionBackwardFilterWorkspaceSize(
            stream.cudnn(), shapes.input.get(), shapes.output.get(), shapes.sliding.get(),
            shapes.filter.get(), one, size);
      });
  const Stream::Workspace room{stream, bytes};
  const Factor one{1, dtype}, beta{kernel.beta, dtype};
  check_cudnn(cudnnConvolutionBackwardFilter(stream.cudnn(), one.get(), shapes.input.get(),
                                             kernel.input.address(), shapes.output.get(),
                                             kernel.output_gradient.address(), shapes.sliding.get(),
                                             algorithm, room.get(), bytes, beta.get(),
                                             shapes.filter.get(), kernel.filter_gradient.address()),
              "cudnnConvolutionBackwardFilter");
}

}  // namespace troupe::cuda

#endif
