#include "algorithms/microbenchmarks/workbench.hpp"

#include <algorithm>
#include <array>

#include "algorithms/models/off_the_clock.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {

namespace {

constexpr std::size_t pattern_size = std::size_t{1} << 20;

Buffer random_pattern(Memory& memory, Dtype dtype) {
  SplitMix64 random{1};
  std::vector<double> values(pattern_size);
  for (double& value : values) value = (random.below(2) == 0 ? -1 : 1) * random.uniform(0.5, 1);
  const Buffer rounded{pattern_size, dtype};
  run_on_host(Cast{rounded, std::span{values}});
  Buffer pattern{pattern_size, dtype, memory};
  copy_from_host(pattern, rounded);
  return pattern;
}

/// Any bits, of a dtype that is only moved or counts.
Buffer random_bits(Memory& memory, Dtype dtype) {
  SplitMix64 random{1};
  std::vector<std::uint8_t> bits(pattern_size * size_of(dtype));
  for (auto& byte : bits) byte = static_cast<std::uint8_t>(1 + random.below(127));
  Buffer pattern{pattern_size, dtype, memory};
  memory.write(pattern.slice().address(), reinterpret_cast<const std::byte*>(bits.data()),
               bits.size());
  return pattern;
}

Dtype dtype_of_name(std::string_view name) {
  for (const Dtype dtype : {Dtype::float32, Dtype::float64, Dtype::int32, Dtype::int64,
                            Dtype::uint32, Dtype::uint8, Dtype::float16, Dtype::bfloat16})
    if (name_of(dtype) == name) return dtype;
  violated("a form of Cast", "Cast's forms are dtypes", __FILE__, __LINE__);
}

}  // namespace

Workbench::Workbench(Communicator& comm, Memory& memory, bool phantom)
    : comm_{comm}, memory_{memory}, phantom_{phantom} {}

ConstSlice Workbench::pattern(Dtype dtype) {
  auto& pattern = patterns_[dtype];
  if (!pattern.slice().empty()) return pattern;
  const bool is_multiplied =
      dtype == Dtype::float32 || dtype == Dtype::float64 || dtype == Dtype::bfloat16;
  pattern = is_multiplied ? random_pattern(memory_, dtype) : random_bits(memory_, dtype);
  return pattern;
}

/// Makes the operands of one job.
class OperandsOfJob {
 public:
  /// Random values begin at `offset` of the pattern.
  OperandsOfJob(Workbench& bench, Workbench::Job& job, Dtype dtype, std::size_t offset)
      : bench_{bench}, job_{job}, dtype_{dtype}, offset_{offset} {}

  /// Random values.
  Slice values(std::size_t count) {
    const Slice all = room(count, dtype_);
    if (all.is_phantom() || count == 0) return all;
    const ConstSlice pattern = bench_.pattern(dtype_);
    std::size_t from = offset_;
    for (std::size_t at = 0; at < count;) {
      const std::size_t some = std::min(pattern.size() - from, count - at);
      compute(bench_.comm_, Copy{all.subslice(at, some), pattern.subslice(from, some)});
      at += some;
      from = 0;
    }
    return all;
  }
  Slice constant(std::size_t count, double value) {
    const Slice all = room(count, dtype_);
    compute(bench_.comm_, Fill{value, all});
    return all;
  }
  /// Not filled: what is written and never read.
  Slice room(std::size_t count, Dtype dtype) {
    job_.operands.push_back(bench_.phantom_ ? Buffer::phantom(count, dtype)
                                            : Buffer{count, dtype, bench_.memory_});
    return job_.operands.back();
  }
  /// One class of `classes` for each sample.
  Slice labels(std::size_t samples, std::size_t classes) {
    SplitMix64 random{2};
    std::vector<std::int32_t> drawn(samples);
    for (auto& label : drawn) label = static_cast<std::int32_t>(random.below(classes));
    const Slice all = room(samples, Dtype::int32);
    copy_from_host(all, ConstSlice{std::span<const std::int32_t>{drawn}});
    return all;
  }
  /// The identity matrix, which is its own Cholesky factor: factorising it again and again is
  /// possible, and takes as long as for any other matrix.
  Slice identity(std::size_t n) {
    const Slice all = constant(n * n, 0);
    for (std::size_t i = 0; i < n; ++i) compute(bench_.comm_, Fill{1, all.subslice(i * n + i, 1)});
    return all;
  }
  void run(Kernel kernel) { compute(bench_.comm_, std::move(kernel)); }
  /// `count` of `columns` columns, at random, and as many draws more as take all of them once.
  std::span<const std::size_t> columns(std::size_t count, std::size_t columns) {
    SplitMix64 random{3};
    job_.columns.resize(count * ((columns + count - 1) / count));
    for (auto& column : job_.columns) column = random.below(columns);
    return std::span{job_.columns}.first(count);
  }

 private:
  Workbench& bench_;
  Workbench::Job& job_;
  Dtype dtype_;
  std::size_t offset_;
};

namespace {

/// The sizes and the form of a shape.
struct Sizes {
  const KernelShape& shape;
  std::size_t operator[](std::size_t i) const { return shape.sizes[i]; }
  template <class Enum>
  Enum form() const {
    const auto forms = find_kernel_kind(shape.kernel)->forms;
    return static_cast<Enum>(std::ranges::find(forms, shape.form) - forms.begin());
  }
  Windows windows() const {
    const auto& s = shape.sizes;
    return {s[0], s[1], s[2], s[3], s[4], s[5], s[6]};
  }
  bool transposes(std::size_t operand) const { return shape.form[operand] == 't'; }
};

/// Gradients stay as large as they are where |g'| = 1: at √2 for tanh, at the golden ratio for the
/// sigmoid, at 1 for the others (GELU's at the root of Φ(z) + zφ(z) = 1).
double where_slope_is_one(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::tanh: return 1.4142135623730951;
    case ActivationKind::sigmoid: return 1.618033988749895;
    case ActivationKind::gelu: return 0.7517915246935645;
    default: return 1;
  }
}

using Maker = Kernel (*)(const Sizes&, OperandsOfJob&);

// Operands are made in the order in which they are written here.

Kernel gather(const Sizes& s, OperandsOfJob& o) {
  const auto columns = o.columns(s[1], s[2]);
  const Slice into = o.values(s[0] * s[1]), from = o.values(s[0] * s[2]);
  return Gather{s[0], columns, into, from};
}
Kernel gemm(const Sizes& s, OperandsOfJob& o) {
  const Slice a = o.values(s[0] * s[2]), b = o.values(s[2] * s[1]);
  const Dtype into = a.dtype() == Dtype::bfloat16 ? Dtype::float32 : a.dtype();
  const Slice c = o.room(s[0] * s[1], into);
  return Gemm{.m = s[0],
              .n = s[1],
              .k = s[2],
              .a = a,
              .b = b,
              .c = c,
              .transpose_a = s.transposes(0),
              .transpose_b = s.transposes(1)};
}
Kernel svd(const Sizes& s, OperandsOfJob& o) {
  const std::size_t r = std::min(s[0], s[1]);
  const Slice a = o.values(s[0] * s[1]), u = o.values(s[0] * r), values = o.values(r);
  return Svd{s[0], s[1], a, u, values, o.values(s[1] * r)};
}
Kernel add_bias(const Sizes& s, OperandsOfJob& o) {
  const Slice bias = o.values(s[0]);
  return AddBias{s[0], s[1], s[2], bias, o.values(s[0] * s[1] * s[2]), s.form<ActivationKind>()};
}
Kernel bias_gradient(const Sizes& s, OperandsOfJob& o) {
  const Slice gradient = o.values(s[0] * s[1] * s[2]);
  return BiasGradient{s[0], s[1], s[2], 0, gradient, o.values(s[0])};
}
/// In place where training does so.
Kernel activation(const Sizes& s, OperandsOfJob& o) {
  const auto kind = s.form<ActivationKind>();
  const Slice from = o.values(s[0]);
  return Activation{kind, from, keeps_input(kind) ? o.values(s[0]) : from};
}
Kernel activation_gradient(const Sizes& s, OperandsOfJob& o) {
  const auto kind = s.form<ActivationKind>();
  const Slice kept = o.constant(s[0], where_slope_is_one(kind));
  return ActivationGradient{kind, kept, o.values(s[0])};
}
/// As in a training step: the gradient, and not the losses.
Kernel loss(const Sizes& s, OperandsOfJob& o) {
  const auto kind = s.form<LossKind>();
  const std::size_t rows = s[0], batch = s[1];
  const std::size_t classes = kind == LossKind::binary_cross_entropy ? 2 : rows;
  const Slice outputs = o.values(rows * batch);
  const Slice targets =
      kind == LossKind::squared_error ? o.values(rows * batch) : o.labels(batch, classes);
  return Loss{.kind = kind,
              .rows = rows,
              .batch = batch,
              .outputs = outputs,
              .targets = targets,
              .gradient = o.values(rows * batch)};
}
/// The three operands of a convolution and of its gradients.
struct Filtering {
  Filtering(const Sizes& s, OperandsOfJob& o)
      : windows{s.windows()},
        filters{s[7]},
        batch{s[8]},
        input{o.values(windows.in_size() * batch)},
        filter{o.values(windows.window_size() * filters)},
        output{o.values(windows.out_pixels() * filters * batch)} {}
  Windows windows;
  std::size_t filters, batch;
  Slice input, filter, output;
};
Kernel convolution(const Sizes& s, OperandsOfJob& o) {
  const Filtering f{s, o};
  return Convolution{f.windows, f.filters, f.batch, f.input, f.filter, f.output};
}
Kernel convolution_input_gradient(const Sizes& s, OperandsOfJob& o) {
  const Filtering f{s, o};
  return ConvolutionInputGradient{f.windows, f.filters, f.batch, f.filter, f.output, f.input};
}
Kernel convolution_filter_gradient(const Sizes& s, OperandsOfJob& o) {
  const Filtering f{s, o};
  return ConvolutionFilterGradient{f.windows, f.filters, f.batch, 0, f.input, f.output, f.filter};
}
/// What pooling meets in most networks; half of it is 0, which branches can tell.
Slice after_relu(std::size_t count, OperandsOfJob& o) {
  const Slice values = o.values(count);
  o.run(Activation{ActivationKind::relu, values, values});
  return values;
}
Kernel pooling(const Sizes& s, OperandsOfJob& o) {
  const Windows w = s.windows();
  const Slice input = after_relu(w.in_size() * s[7], o);
  return Pooling{s.form<PoolingKind>(), w, s[7], input,
                 o.values(w.channels * w.out_pixels() * s[7])};
}
/// The output is the input's, so that each window finds its maximum.
Kernel pooling_gradient(const Sizes& s, OperandsOfJob& o) {
  const auto kind = s.form<PoolingKind>();
  const Windows w = s.windows();
  const std::size_t outputs = w.channels * w.out_pixels() * s[7];
  const Slice input = after_relu(w.in_size() * s[7], o), output = o.room(outputs, s.shape.dtype);
  o.run(Pooling{kind, w, s[7], input, output});
  const Slice gradient = o.values(outputs);
  return PoolingGradient{kind, w, s[7], input, output, gradient, o.values(input.size())};
}

Kernel momentum_step(const Sizes& s, OperandsOfJob& o) {
  const Slice gradient = o.values(s[0]), velocity = o.values(s[0]);
  return MomentumStep{.rate = 1e-6,
                      .momentum = 0.9,
                      .gradient = gradient,
                      .velocity = velocity,
                      .parameters = o.values(s[0])};
}
Kernel adam_step(const Sizes& s, OperandsOfJob& o) {
  const Slice gradient = o.values(s[0]), mean = o.values(s[0]), squares = o.constant(s[0], 1);
  return AdamStep{.rate = 1e-6,
                  .step = 100,
                  .gradient = gradient,
                  .mean = mean,
                  .squares = squares,
                  .parameters = o.values(s[0])};
}
Kernel ada_grad_step(const Sizes& s, OperandsOfJob& o) {
  const Slice gradient = o.values(s[0]), squares = o.constant(s[0], 1);
  return AdaGradStep{
      .rate = 1e-6, .gradient = gradient, .squares = squares, .parameters = o.values(s[0])};
}
/// Old and new parameters are equal, so that the gradient stays what it is.
Kernel delay_compensation(const Sizes& s, OperandsOfJob& o) {
  const bool adaptive = s.shape.form == "adaptive";
  const Slice parameters = o.values(s[0]), old = o.values(s[0]);
  const Slice squares = adaptive ? o.constant(s[0], 1) : o.room(0, s.shape.dtype);
  return DelayCompensation{.parameters = parameters,
                           .old_parameters = old,
                           .squares = squares,
                           .gradient = o.values(s[0])};
}

constexpr std::array<std::pair<std::string_view, Maker>, 26> makers{{
    {"Reduce",
     [](const Sizes& s, OperandsOfJob& o) -> Kernel {
       const Slice into = o.values(s[0]);
       return Reduce{Op::sum, into, o.values(s[0])};
     }},
    {"Axpy",
     [](const Sizes& s, OperandsOfJob& o) -> Kernel {
       const Slice x = o.values(s[0]);
       return Axpy{1e-6, x, o.values(s[0])};
     }},
    {"Scale",
     [](const Sizes& s, OperandsOfJob& o) -> Kernel {
       return Scale{-1, o.values(s[0])};
     }},
    {"Copy",
     [](const Sizes& s, OperandsOfJob& o) -> Kernel {
       const Slice into = o.values(s[0]);
       return Copy{into, o.values(s[0])};
     }},
    {"Fill",
     [](const Sizes& s, OperandsOfJob& o) -> Kernel {
       return Fill{0.75, o.values(s[0])};
     }},
    {"Cast",
     [](const Sizes& s, OperandsOfJob& o) -> Kernel {
       const Slice from = o.values(s[0]);
       return Cast{o.room(s[0], dtype_of_name(s.shape.form)), from};
     }},
    {"Gather", gather},
    {"Gemm", gemm},
    {"Cholesky",
     [](const Sizes& s, OperandsOfJob& o) -> Kernel {
       return Cholesky{s[0], o.identity(s[0])};
     }},
    {"CholeskySolve",
     [](const Sizes& s, OperandsOfJob& o) -> Kernel {
       const Slice factor = o.identity(s[0]);
       return CholeskySolve{s[0], s[1], factor, o.values(s[0] * s[1])};
     }},
    {"Svd", svd},
    {"AddBias", add_bias},
    {"BiasGradient", bias_gradient},
    {"Activation", activation},
    {"ActivationGradient", activation_gradient},
    {"Loss", loss},
    {"Convolution", convolution},
    {"ConvolutionInputGradient", convolution_input_gradient},
    {"ConvolutionFilterGradient", convolution_filter_gradient},
    {"Pooling", pooling},
    {"PoolingGradient", pooling_gradient},
    {"MomentumStep", momentum_step},
    {"AdamStep", adam_step},
    {"AdaGradStep", ada_grad_step},
    {"DelayCompensation", delay_compensation},
    {"Interpolate",
     [](const Sizes& s, OperandsOfJob& o) -> Kernel {
       const Slice from = o.values(s[0]);
       return Interpolate{1e-6, from, o.values(s[0])};
     }},
}};

/// How many kernels take turns: of pooling as many as make a million values.
std::size_t turns_of(const KernelShape& shape) {
  if (!shape.kernel.starts_with("Pooling")) return 1;
  const std::size_t values = Sizes{shape}.windows().in_size() * shape.sizes[7];
  return std::clamp<std::size_t>(pattern_size / values, 1, 32);
}

/// A Gather for each draw of columns.
void take_turns(Workbench::Job& job) {
  const auto* first = std::get_if<Gather>(&job.kernels.front());
  if (!first) return;
  Gather gather = *first;
  const std::size_t count = gather.columns.size();
  for (std::size_t at = count; at < job.columns.size(); at += count) {
    gather.columns = std::span<const std::size_t>{job.columns}.subspan(at, count);
    job.kernels.push_back(gather);
  }
}

}  // namespace

Work work_of(const KernelShape& shape) {
  OffTheClock nowhere;
  return work(Workbench{nowhere, host_memory(), true}.job(shape)->kernels.front());
}

std::unique_ptr<Workbench::Job> Workbench::job(const KernelShape& shape) {
  const auto maker =
      std::ranges::find(makers, shape.kernel, &std::pair<std::string_view, Maker>::first);
  EXPECTS(maker != makers.end(), "a kernel of kernel_kinds()");
  auto made = std::make_unique<Job>();
  const std::size_t turns = turns_of(shape);
  for (std::size_t turn = 0; turn < turns; ++turn) {
    OperandsOfJob operands{*this, *made, shape.dtype, turn * pattern_size / turns};
    made->kernels.push_back(maker->second({shape}, operands));
  }
  take_turns(*made);
  return made;
}

}  // namespace troupe::algorithms
