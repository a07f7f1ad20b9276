#include "algorithms/microbenchmarks/ladders.hpp"

#include <algorithm>
#include <tuple>

namespace troupe::algorithms {

namespace {

using Axis = std::vector<std::size_t>;

/// 1, and then powers of `step` up to `last`, which is in any case.
Axis geometric(std::size_t step, std::size_t last) {
  Axis axis;
  for (std::size_t value = 1; value < last; value *= step) axis.push_back(value);
  axis.push_back(last);
  return axis;
}

class Ladder {
 public:
  explicit Ladder(Dtype dtype) : dtype_{dtype} {}

  /// Every combination of the axes, as sizes in this order.
  void grid(std::string_view kernel, std::string_view form, const std::vector<Axis>& axes) {
    std::vector<std::size_t> at(axes.size(), 0);
    while (true) {
      KernelShape shape{.kernel = kernel, .form = form, .dtype = dtype_, .sizes = {}};
      for (std::size_t i = 0; i < axes.size(); ++i) shape.sizes[i] = axes[i][at[i]];
      shapes_.push_back(shape);
      std::size_t i = 0;
      while (i < axes.size() && ++at[i] == axes[i].size()) at[i++] = 0;
      if (i == axes.size()) return;
    }
  }
  std::vector<KernelShape> take() { return std::move(shapes_); }
  std::vector<KernelShape>& shapes() { return shapes_; }

 private:
  Dtype dtype_;
  std::vector<KernelShape> shapes_;
};

void elementwise(Ladder& ladder, const Axis& counts) {
  for (const char* kernel : {"Fill", "Copy", "Scale", "Axpy", "Reduce", "MomentumStep", "AdamStep",
                             "AdaGradStep", "Interpolate"})
    ladder.grid(kernel, {}, {counts});
  ladder.grid("DelayCompensation", "constant", {counts});
  ladder.grid("DelayCompensation", "adaptive", {counts});
  for (const char* form : {"float16", "bfloat16"}) ladder.grid("Cast", form, {counts});
  for (const char* form : {"tanh", "sigmoid", "relu", "gelu"}) {
    ladder.grid("Activation", form, {counts});
    ladder.grid("ActivationGradient", form, {counts});
  }
}

void products(Ladder& ladder, bool quick) {
  // A product with a vector is other code than one with a thin matrix: 1 and 2.
  const Axis widths = quick ? Axis{1, 2, 16, 256, 4096} : Axis{1, 2, 8, 64, 256, 1024, 4096};
  const Axis batches = quick ? Axis{1, 2, 32, 512, 8192} : Axis{1, 2, 8, 64, 512, 2048, 8192};
  ladder.grid("Gemm", "nn", {widths, batches, widths});
  ladder.grid("Gemm", "nt", {widths, widths, batches});
  ladder.grid("Gemm", "tn", {widths, batches, widths});
}

void factors(Ladder& ladder, bool quick) {
  const Axis orders = quick ? Axis{16, 256} : Axis{1, 16, 64, 256, 1024};
  ladder.grid("Cholesky", {}, {orders});
  ladder.grid("CholeskySolve", {}, {orders, quick ? Axis{1} : Axis{1, 16}});
  if (!quick) ladder.grid("Svd", {}, {{16, 64, 256}, {16, 64, 256}});
}

void networks(Ladder& ladder, bool quick) {
  const Axis channels = quick ? Axis{1, 64, 4096} : Axis{1, 8, 64, 512, 4096};
  const Axis spatial{1, 784};
  const Axis batches = quick ? Axis{1, 64, 8192} : Axis{1, 16, 128, 1024, 8192};
  for (const char* activation :
       {"", "tanh", "sigmoid", "relu"})  // those that training adds with it
    ladder.grid("AddBias", activation, {channels, spatial, batches});
  ladder.grid("BiasGradient", {}, {channels, spatial, batches});
  const Axis outputs = quick ? Axis{1, 16, 1024} : Axis{1, 8, 64, 1024};
  ladder.grid("Loss", "squared_error", {outputs, batches});
  ladder.grid("Loss", "softmax_cross_entropy", {outputs, batches});
  ladder.grid("Loss", "binary_cross_entropy", {{1}, batches});
  ladder.grid("Gather", {},
              {quick ? Axis{1, 1024} : Axis{1, 16, 256, 1024}, batches, {1024, 32768}});
}

void images(Ladder& ladder, bool quick) {
  const Axis channels = quick ? Axis{1, 16} : Axis{1, 8, 64},
             sides = quick ? Axis{28} : Axis{8, 28};
  const Axis windows = quick ? Axis{5} : Axis{1, 3, 5};
  const Axis batches = quick ? Axis{1, 64} : Axis{1, 16, 256};
  for (const std::size_t side : sides)
    for (const std::size_t window : windows) {
      const std::vector<Axis> axes{channels,           {side},   {side}, {window}, {window}, {1},
                                   {(window - 1) / 2}, channels, batches};
      for (const char* kernel :
           {"Convolution", "ConvolutionInputGradient", "ConvolutionFilterGradient"})
        ladder.grid(kernel, {}, axes);
    }
  for (const std::size_t side : sides)
    for (const char* kernel : {"Pooling", "PoolingGradient"})
      for (const char* form : {"max", "average"})
        ladder.grid(kernel, form, {channels, {side}, {side}, {2}, {2}, {2}, {0}, batches});
}

/// Of two shapes of one kind the one with less to do has less; for the order only.
double volume(const KernelShape& shape) {
  double product = 1;
  for (const auto size : shape.sizes)
    if (size > 0) product *= static_cast<double>(size);
  return product;
}

/// A kind at a time, and from little work to much.
bool comes_before(const KernelShape& a, const KernelShape& b) {
  const auto place = [](const KernelShape& shape) {
    return std::make_tuple(find_kernel_kind(shape.kernel), shape.form, volume(shape));
  };
  return place(a) < place(b);
}

}  // namespace

std::vector<KernelShape> ladder(const LadderChoice& choice) {
  std::vector<KernelShape> shapes;
  for (const Dtype dtype : choice.dtypes) {
    Ladder of_dtype{dtype};
    products(of_dtype, choice.quick);
    if (dtype != Dtype::bfloat16) {
      const std::size_t most = std::max<std::size_t>(1, choice.largest.value / size_of(dtype));
      elementwise(of_dtype, geometric(choice.quick ? 16 : 4, most));
      factors(of_dtype, choice.quick);
      networks(of_dtype, choice.quick);
      images(of_dtype, choice.quick);
    }
    auto& mine = of_dtype.shapes();
    std::ranges::stable_sort(mine, comes_before);
    shapes.insert(shapes.end(), mine.begin(), mine.end());
  }
  return shapes;
}

}  // namespace troupe::algorithms
