// Convolutions on the device, by cuDNN: batches of images are its NCHW. Of its algorithms those
// that multiply the unfolded image, as the host does, and are deterministic; the others (Winograd,
// Fourier) are faster for some shapes and less exact. cuDNN rounds float32 to tf32 or to half
// precision, not to bfloat16: with products in bf16 convolutions stay exact. What cuDNN is asked
// about a shape is kept: to ask takes longer than to convolve. So is, where there is one, a plan of
// its graph interface that gives the same bits (convolution_plan.hpp).

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
#include <map>
#include <optional>
#include <source_location>
#include <unordered_map>

#include "real_backend/cuda/convolution_plan.hpp"

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

/// A handle or descriptor of cuDNN, made and destroyed by the two functions.
template <class Handle, cudnnStatus_t (*create)(Handle*), cudnnStatus_t (*destroy)(Handle)>
class Descriptor {
 public:
  Descriptor() { check_cudnn(create(&handle_), "cudnnCreate..."); }
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

using Handle = Descriptor<cudnnHandle_t, cudnnCreate, cudnnDestroy>;

using Shape = ConvolutionShape;

/// Whether operands are rounded to tf32.
bool rounds(const Shape& shape, Float32Products products) {
  return shape.dtype == Dtype::float32 && products == Float32Products::tf32;
}

/// Descriptors of a convolution and of its gradients, which are the same.
struct Descriptors {
  Tensor input, output;
  Filter filter;
  Sliding sliding;

  Descriptors(const Shape& shape, Float32Products products) {
    const auto& [w, filters, batch, dtype] = shape;
    const cudnnDataType_t type = dtype == Dtype::float32 ? CUDNN_DATA_FLOAT : CUDNN_DATA_DOUBLE;
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
    check_cudnn(cudnnSetConvolutionMathType(
                    sliding.get(), rounds(shape, products) ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH),
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

/// How convolutions of a shape are computed.
template <class Algorithm>
struct Plan {
  Descriptors descriptors;
  Algorithm algorithm{};
  std::size_t bytes = 0;  ///< working memory
  /// What does the same in less time, by the alignments of operands; empty where nothing does.
  std::map<std::array<std::size_t, 3>, std::optional<ConvolutionPlan> > faster;

  /// The first of the algorithms that cuDNN has: `bytes_of` sets the working memory of one.
  template <class Algorithms, class F>
  Plan(const Shape& shape, Float32Products products, const Algorithms& algorithms, const char* call,
       F&& bytes_of)
      : descriptors{shape, products} {
    cudnnStatus_t status = CUDNN_STATUS_NOT_SUPPORTED;
    for (const Algorithm one : algorithms) {
      algorithm = one;
      status = bytes_of(descriptors, one, &bytes);
      if (status == CUDNN_STATUS_SUCCESS) return;
    }
    refused(call, cudnnGetErrorString(status), std::source_location::current());
  }
};
template <class Algorithm>
using Plans = std::unordered_map<Shape, Plan<Algorithm>, Shape::Hash>;

}  // namespace

/// Nothing is forgotten: a training has few shapes, one a layer and size of batch.
struct Stream::Convolutions {
  explicit Convolutions(cudaStream_t stream) {
    check_cudnn(cudnnSetStream(handle.get(), stream), "cudnnSetStream");
  }
  Handle handle;
  Plans<cudnnConvolutionFwdAlgo_t> forwards;
  Plans<cudnnConvolutionBwdDataAlgo_t> input_gradients;
  Plans<cudnnConvolutionBwdFilterAlgo_t> filter_gradients;
};

namespace {

Stream::Convolutions& convolutions_of(Stream& stream) {
  auto& kept = stream.convolutions();
  if (!kept) kept = std::make_shared<Stream::Convolutions>(stream.get());
  return *kept;
}

std::vector<std::byte> values_of(const Stream& stream, Slice slice) {
  std::vector<std::byte> values(slice.size_bytes());
  check_call(cudaMemcpyAsync(values.data(), slice.address(), values.size(), cudaMemcpyDeviceToHost,
                             stream.get()),
             "cudaMemcpyAsync");
  check_call(cudaStreamSynchronize(stream.get()), "cudaStreamSynchronize");
  return values;
}

bool launch(const Stream& stream, cudnnHandle_t cudnn, const ConvolutionPlan& plan,
            const ConvolutionOperands& operands) {
  const Stream::Workspace room{stream, plan.bytes()};
  return plan.launch(cudnn, operands, room.get());
}

/// The first of the plans that gives the bits that are in `result`, which are there afterwards,
/// too.
std::optional<ConvolutionPlan> with_the_bits_of(const Stream& stream, cudnnHandle_t cudnn,
                                                std::vector<ConvolutionPlan> plans,
                                                const ConvolutionOperands& operands, Slice result) {
  const std::vector<std::byte> wanted = values_of(stream, result);
  for (ConvolutionPlan& plan : plans) {
    check_call(cudaMemsetAsync(result.address(), 0xFF, wanted.size(), stream.get()),
               "cudaMemsetAsync");
    if (launch(stream, cudnn, plan, operands) && values_of(stream, result) == wanted)
      return std::move(plan);
  }
  check_call(cudaMemcpyAsync(result.address(), wanted.data(), wanted.size(), cudaMemcpyHostToDevice,
                             stream.get()),
             "cudaMemcpyAsync");
  return std::nullopt;
}

/// Computes `result`, overwriting it: by `call`, cuDNN's own by its name, and from then on by a
/// plan with the same bits. The first time, of a shape and alignment, the host waits for the
/// device.
template <class Algorithm, class Call>
void convolve(Stream& stream, cudnnHandle_t cudnn, ConvolutionPass pass, const Shape& shape,
              Plan<Algorithm>& plan, const ConvolutionOperands& operands, Slice result,
              const Call& call) {
  if (rounds(shape, stream.products())) return call();  // tf32 has too many ways to round
  const auto alignments = operands.alignments();
  const auto [place, is_new] = plan.faster.try_emplace(alignments);
  auto& faster = place->second;
  if (faster && launch(stream, cudnn, *faster, operands)) return stream.count_planned();
  call();
  if (is_new)
    faster = with_the_bits_of(stream, cudnn, ConvolutionPlan::all(cudnn, pass, shape, alignments),
                              operands, result);
}

}  // namespace

bool has_convolutions() noexcept { return true; }

void launch(Stream& stream, const Convolution& kernel) {
  if (kernel.output.empty()) return;
  if (kernel.input.empty() || kernel.filter.empty()) return launch(stream, Fill{0, kernel.output});
  auto& kept = convolutions_of(stream);
  const cudnnHandle_t cudnn = kept.handle.get();
  const Shape shape{kernel.windows, kernel.filters, kernel.batch, kernel.output.dtype()};
  auto& plan = kept.forwards
                   .try_emplace(shape, shape, stream.products(),
                                std::array{CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
                                           CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM,
                                           CUDNN_CONVOLUTION_FWD_ALGO_GEMM},
                                "cudnnGetConvolutionForwardWorkspaceSize",
                                [&](const Descriptors& d, auto one, std::size_t* size) {
                                  return cudnnGetConvolutionForwardWorkspaceSize(
                                      cudnn, d.input.get(), d.filter.get(), d.sliding.get(),
                                      d.output.get(), one, size);
                                })
                   .first->second;
  const auto call = [&] {
    const auto& of = plan.descriptors;
    const Stream::Workspace room{stream, plan.bytes};
    const Factor one{1, shape.dtype}, zero{0, shape.dtype};
    check_cudnn(cudnnConvolutionForward(cudnn, one.get(), of.input.get(), kernel.input.address(),
                                        of.filter.get(), kernel.filter.address(), of.sliding.get(),
                                        plan.algorithm, room.get(), plan.bytes, zero.get(),
                                        of.output.get(), kernel.output.address()),
                "cudnnConvolutionForward");
  };
  convolve(stream, cudnn, ConvolutionPass::forward, shape, plan,
           {kernel.input.address(), kernel.filter.address(), kernel.output.address()},
           kernel.output, call);
}

void launch(Stream& stream, const ConvolutionInputGradient& kernel) {
  if (kernel.input_gradient.empty()) return;
  if (kernel.output_gradient.empty() || kernel.filter.empty())
    return launch(stream, Fill{0, kernel.input_gradient});
  auto& kept = convolutions_of(stream);
  const cudnnHandle_t cudnn = kept.handle.get();
  const Shape shape{kernel.windows, kernel.filters, kernel.batch, kernel.input_gradient.dtype()};
  auto& plan = kept.input_gradients
                   .try_emplace(shape, shape, stream.products(),
                                std::array{CUDNN_CONVOLUTION_BWD_DATA_ALGO_1},
                                "cudnnGetConvolutionBackwardDataWorkspaceSize",
                                [&](const Descriptors& d, auto one, std::size_t* size) {
                                  return cudnnGetConvolutionBackwardDataWorkspaceSize(
                                      cudnn, d.filter.get(), d.output.get(), d.sliding.get(),
                                      d.input.get(), one, size);
                                })
                   .first->second;
  const auto call = [&] {
    const auto& of = plan.descriptors;
    const Stream::Workspace room{stream, plan.bytes};
    const Factor one{1, shape.dtype}, zero{0, shape.dtype};
    check_cudnn(cudnnConvolutionBackwardData(
                    cudnn, one.get(), of.filter.get(), kernel.filter.address(), of.output.get(),
                    kernel.output_gradient.address(), of.sliding.get(), plan.algorithm, room.get(),
                    plan.bytes, zero.get(), of.input.get(), kernel.input_gradient.address()),
                "cudnnConvolutionBackwardData");
  };
  convolve(
      stream, cudnn, ConvolutionPass::input_gradient, shape, plan,
      {kernel.input_gradient.address(), kernel.filter.address(), kernel.output_gradient.address()},
      kernel.input_gradient, call);
}

void launch(Stream& stream, const ConvolutionFilterGradient& kernel) {
  if (kernel.filter_gradient.empty()) return;
  if (kernel.input.empty() || kernel.output_gradient.empty()) {
    if (kernel.beta == 0) launch(stream, Fill{0, kernel.filter_gradient});
    else launch(stream, Scale{kernel.beta, kernel.filter_gradient});
    return;
  }
  auto& kept = convolutions_of(stream);
  const cudnnHandle_t cudnn = kept.handle.get();
  const Shape shape{kernel.windows, kernel.filters, kernel.batch, kernel.filter_gradient.dtype()};
  auto& plan = kept.filter_gradients
                   .try_emplace(shape, shape, stream.products(),
                                std::array{CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1},
                                "cudnnGetConvolutionBackwardFilterWorkspaceSize",
                                [&](const Descriptors& d, auto one, std::size_t* size) {
                                  return cudnnGetConvolutionBackwardFilterWorkspaceSize(
                                      cudnn, d.input.get(), d.output.get(), d.sliding.get(),
                                      d.filter.get(), one, size);
                                })
                   .first->second;
  const auto call = [&] {
    const auto& of = plan.descriptors;
    const Stream::Workspace room{stream, plan.bytes};
    const Factor one{1, shape.dtype}, beta{kernel.beta, shape.dtype};
    check_cudnn(cudnnConvolutionBackwardFilter(
                    cudnn, one.get(), of.input.get(), kernel.input.address(), of.output.get(),
                    kernel.output_gradient.address(), of.sliding.get(), plan.algorithm, room.get(),
                    plan.bytes, beta.get(), of.filter.get(), kernel.filter_gradient.address()),
                "cudnnConvolutionBackwardFilter");
  };
  if (kernel.beta != 0) return call();
  convolve(
      stream, cudnn, ConvolutionPass::filter_gradient, shape, plan,
      {kernel.input.address(), kernel.filter_gradient.address(), kernel.output_gradient.address()},
      kernel.filter_gradient, call);
}

}  // namespace troupe::cuda

#endif
