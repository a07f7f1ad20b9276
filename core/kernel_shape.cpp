#include "core/kernel_shape.hpp"

#include <algorithm>

namespace troupe {

namespace {

using Names = std::span<const std::string_view>;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;  // clang before 17 does not deduce it

constexpr std::array<std::string_view, 4> transpositions{"nn", "nt", "tn", "tt"};
constexpr std::array<std::string_view, 2> compensations{"constant", "adaptive"};
constexpr std::array<std::string_view, 5> activations{"identity", "tanh", "sigmoid", "relu",
                                                      "gelu"};
/// Of AddBias: without an activation, or with one.
constexpr std::array<std::string_view, 5> activated{"", "tanh", "sigmoid", "relu", "gelu"};
constexpr std::array<std::string_view, 3> losses{"squared_error", "softmax_cross_entropy",
                                                 "binary_cross_entropy"};
constexpr std::array<std::string_view, 2> poolings{"max", "average"};
constexpr std::array<std::string_view, 8> dtypes{"float32", "float64", "int32",   "int64",
                                                 "uint32",  "uint8",   "float16", "bfloat16"};

constexpr std::array<std::string_view, 1> count{"count"};
constexpr std::array<std::string_view, 3> columns{"width", "columns", "from"};
constexpr std::array<std::string_view, 3> product{"m", "n", "k"};
constexpr std::array<std::string_view, 1> order{"n"};
constexpr std::array<std::string_view, 2> right_sides{"n", "columns"};
constexpr std::array<std::string_view, 2> matrix{"m", "n"};
constexpr std::array<std::string_view, 3> planes{"channels", "spatial", "batch"};
constexpr std::array<std::string_view, 2> outputs{"rows", "batch"};
constexpr std::array<std::string_view, 9> filtering{"channels",      "height",       "width",
                                                    "window_height", "window_width", "stride",
                                                    "padding",       "filters",      "batch"};
constexpr std::array<std::string_view, 8> pooling{
    "channels", "height", "width", "window_height", "window_width", "stride", "padding", "batch"};

constexpr Names one_form{};
constexpr std::array<KernelKind, 26> kinds{{{"Reduce", one_form, count},
                                            {"Axpy", one_form, count},
                                            {"Scale", one_form, count},
                                            {"Copy", one_form, count},
                                            {"Fill", one_form, count},
                                            {"Cast", dtypes, count},
                                            {"Gather", one_form, columns},
                                            {"Gemm", transpositions, product},
                                            {"Cholesky", one_form, order},
                                            {"CholeskySolve", one_form, right_sides},
                                            {"Svd", one_form, matrix},
                                            {"AddBias", activated, planes},
                                            {"BiasGradient", one_form, planes},
                                            {"Activation", activations, count},
                                            {"ActivationGradient", activations, count},
                                            {"Loss", losses, outputs},
                                            {"Convolution", one_form, filtering},
                                            {"ConvolutionInputGradient", one_form, filtering},
                                            {"ConvolutionFilterGradient", one_form, filtering},
                                            {"Pooling", poolings, pooling},
                                            {"PoolingGradient", poolings, pooling},
                                            {"MomentumStep", one_form, count},
                                            {"AdamStep", one_form, count},
                                            {"AdaGradStep", one_form, count},
                                            {"DelayCompensation", compensations, count},
                                            {"Interpolate", one_form, count}}};

KernelShape of(Dtype dtype, std::initializer_list<std::size_t> sizes, std::string_view form = {}) {
  KernelShape shape{.kernel = {}, .form = form, .dtype = dtype, .sizes = {}};
  std::ranges::copy(sizes, shape.sizes.begin());
  return shape;
}
KernelShape of(ConstSlice written, std::string_view form = {}) {
  return of(written.dtype(), {written.size()}, form);
}
KernelShape of(Dtype dtype, const Windows& w, std::size_t filters, std::size_t batch) {
  return of(dtype, {w.channels, w.height, w.width, w.window_height, w.window_width, w.stride,
                    w.padding, filters, batch});
}
KernelShape of(Dtype dtype, PoolingKind kind, const Windows& w, std::size_t batch) {
  return of(
      dtype,
      {w.channels, w.height, w.width, w.window_height, w.window_width, w.stride, w.padding, batch},
      name_of(kind));
}

/// Of what is only moved the size of a value counts, and not what it means.
Dtype as_moved(Dtype dtype) {
  switch (size_of(dtype)) {
    case 1: return Dtype::uint8;
    case 2: return Dtype::float16;
    case 4: return Dtype::float32;
    default: return Dtype::float64;
  }
}

KernelShape sizes_of(const Kernel& kernel) {
  return std::visit(
      Overloaded{
          [](const Reduce& k) { return of(k.into); },
          [](const Axpy& k) { return of(k.y); },
          [](const Scale& k) { return of(k.x); },
          [](const Copy& k) { return of(as_moved(k.into.dtype()), {k.into.size()}); },
          [](const Fill& k) { return of(k.x); },
          [](const Cast& k) {
            return of(k.from.dtype(), {k.into.size()}, name_of(k.into.dtype()));
          },
          [](const Gather& k) {
            return of(as_moved(k.into.dtype()),
                      {k.width, k.columns.size(), k.width > 0 ? k.from.size() / k.width : 0});
          },
          [](const Gemm& k) {
            const std::size_t form = (k.transpose_a ? 2u : 0u) + (k.transpose_b ? 1u : 0u);
            return of(k.a.dtype(), {k.m, k.n, k.k}, transpositions[form]);
          },
          [](const Cholesky& k) { return of(k.a.dtype(), {k.n}); },
          [](const CholeskySolve& k) {
            return of(k.b.dtype(), {k.n, k.columns});
          },
          [](const Svd& k) {
            return of(k.s.dtype(), {k.m, k.n});
          },
          [](const AddBias& k) {
            return of(k.into.dtype(), {k.channels, k.spatial, k.batch},
                      activated[static_cast<std::size_t>(k.activation)]);
          },
          [](const BiasGradient& k) {
            return of(k.into.dtype(), {k.channels, k.spatial, k.batch});
          },
          [](const Activation& k) { return of(k.into, name_of(k.kind)); },
          [](const ActivationGradient& k) { return of(k.gradient, name_of(k.kind)); },
          [](const Loss& k) {
            return of(k.outputs.dtype(), {k.rows, k.batch}, name_of(k.kind));
          },
          [](const Convolution& k) { return of(k.output.dtype(), k.windows, k.filters, k.batch); },
          [](const ConvolutionInputGradient& k) {
            return of(k.input_gradient.dtype(), k.windows, k.filters, k.batch);
          },
          [](const ConvolutionFilterGradient& k) {
            return of(k.filter_gradient.dtype(), k.windows, k.filters, k.batch);
          },
          [](const Pooling& k) { return of(k.output.dtype(), k.kind, k.windows, k.batch); },
          [](const PoolingGradient& k) {
            return of(k.input_gradient.dtype(), k.kind, k.windows, k.batch);
          },
          [](const MomentumStep& k) { return of(k.parameters); },
          [](const AdamStep& k) { return of(k.parameters); },
          [](const AdaGradStep& k) { return of(k.parameters); },
          [](const DelayCompensation& k) {
            return of(k.gradient, compensations[k.squares.empty() ? 0 : 1]);
          },
          [](const Interpolate& k) { return of(k.into); },
          [](const Opaque&) { return of({}, {}); }},
      kernel);
}

}  // namespace

std::span<const KernelKind> kernel_kinds() noexcept { return kinds; }

const KernelKind* find_kernel_kind(std::string_view name) noexcept {
  const auto kind = std::ranges::find(kinds, name, &KernelKind::name);
  return kind == kinds.end() ? nullptr : &*kind;
}

KernelShape shape_of(const Kernel& kernel) {
  KernelShape shape = sizes_of(kernel);
  shape.kernel = name_of(kernel);
  return shape;
}

}  // namespace troupe
