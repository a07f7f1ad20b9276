#include "algorithms/models/logistic_regression.hpp"

#include <algorithm>
#include <cmath>

#include "algorithms/models/off_the_clock.hpp"
#include "algorithms/newton.hpp"

namespace troupe::algorithms {
namespace {

/// z becomes A with A Aᵀ = diag(p) − ppᵀ, C×C: A = diag(√p) − p √pᵀ.
template <class T>
void fill_root(std::span<const T> z, std::vector<T>& root) {
  const std::size_t n = z.size();
  if (n == 1) {
    const T power = std::exp(-std::abs(z[0]));
    root = {std::sqrt(power) / (1 + power)};
    return;
  }
  std::vector<T> p(n);
  const T largest = *std::ranges::max_element(z);
  T sum = 0;
  for (std::size_t c = 0; c < n; ++c) sum += p[c] = std::exp(z[c] - largest);
  for (T& x : p) x /= sum;
  for (std::size_t d = 0; d < n; ++d)
    for (std::size_t c = 0; c < n; ++c)
      root[d * n + c] = ((c == d ? T{1} : T{0}) - p[c]) * std::sqrt(p[d]);
}

/// The columns J of all samples from their outputs z (C × count) and inputs (F × count). A column
/// has the order of the parameters: C values for each feature, then C for the biases.
template <class T>
void fill_jacobians(std::size_t outputs, const Batch& batch, ConstSlice z, Slice jacobians) {
  const std::size_t features = batch.inputs.size() / batch.count;
  const auto inputs = batch.inputs.host<T>();
  const auto sums = z.host<T>();
  T* into = jacobians.host<T>().data();
  std::vector<T> root(outputs * outputs);
  for (std::size_t j = 0; j < batch.count; ++j) {
    fill_root(sums.subspan(j * outputs, outputs), root);
    for (std::size_t d = 0; d < outputs; ++d)
      for (std::size_t f = 0; f <= features; ++f) {
        const T x = f == features ? T{1} : inputs[j * features + f];
        for (std::size_t c = 0; c < outputs; ++c) *into++ = x * root[d * outputs + c];
      }
  }
}

/// The score of all samples, and, where it is cheap, the distance from their optimum.
class ConvexEvaluator final : public Evaluator {
 public:
  ConvexEvaluator(std::unique_ptr<LogisticRegression> model, const TrainingProblem& problem,
                  const Dataset& samples)
      : model_{std::move(model)}, samples_{problem, samples} {
    const auto size = static_cast<double>(model_->size());
    if (model_->decay() == 0 || size * size * static_cast<double>(samples.samples) > 1e8) return;
    TrainingProblem exact = problem;
    exact.dtype = Dtype::float64;
    exact.memory = &host_memory();
    find_optimum(Samples{exact, samples}.all());
    const Buffer rounded{optimum_.size(), problem.dtype};
    run_on_host(Cast{rounded, ConstSlice{std::span{optimum_}}});
    least_ = model_->score(ViewIn{*problem.memory, rounded}, samples_.all()).loss;
  }

  Evaluation evaluate(ConstSlice parameters) const override {
    const Score score = model_->score(parameters, samples_.all());
    Evaluation evaluation{.loss = score.loss, .accuracy = score.accuracy};
    if (optimum_.empty()) return evaluation;
    evaluation.gap = score.loss - least_;
    const std::vector<double> x = to_doubles(parameters);
    evaluation.error = relative_distance(ConstSlice{std::span{optimum_}}, ConstSlice{std::span{x}});
    return evaluation;
  }
  std::span<const double> optimum() const override { return optimum_; }

 private:
  void find_optimum(const Batch& batch) {
    OffTheClock host;
    optimum_.assign(model_->size(), 0);
    newton(
        host,
        {.gradient = [&](ConstSlice x, Slice into) { model_->gradient(host, x, batch, 1, into); },
         .solve =
             [&](ConstSlice x, Slice b) {
               const Scratch matrix{b, b.size() * b.size()};
               model_->hessian(host, x, batch, 1, matrix.all());
               run_on_host(Cholesky{b.size(), matrix.all()});
               run_on_host(CholeskySolve{.n = b.size(), .factor = matrix.all(), .b = b});
             }},
        1e-14, std::span{optimum_});
  }
  std::unique_ptr<LogisticRegression> model_;
  Samples samples_;
  std::vector<double> optimum_;
  double least_ = 0;
};

}  // namespace

std::unique_ptr<Evaluator> LogisticRegression::evaluator(const TrainingProblem& problem,
                                                         Dataset samples) const {
  return std::make_unique<ConvexEvaluator>(
      std::make_unique<LogisticRegression>(inputs(), outputs() == 1 ? 2 : outputs(), decay()),
      problem, samples);
}

std::unique_ptr<Model> LogisticRegression::make(const TrainingProblem& problem,
                                                const DataShape& shape) {
  return std::make_unique<LogisticRegression>(shape.inputs, shape.classes,
                                              problem.model[decay_setting]);
}

std::string LogisticRegression::refusal(const TrainingProblem& problem, const DataShape& shape) {
  if (shape.classes < 2)
    return "logistic_regression tells classes apart, data \"" + problem.data.kind() + "\" has none";
  return {};
}

LogisticRegression::LogisticRegression(std::size_t inputs, std::size_t classes, double decay)
    : NetworkModel{Network{{DenseBlock{.inputs = inputs, .outputs = classes == 2 ? 1 : classes}}},
                   classes == 2 ? LossKind::binary_cross_entropy : LossKind::softmax_cross_entropy,
                   decay} {
  EXPECTS(classes >= 2, "a classifier has two classes at least");
}

void LogisticRegression::initialise(Communicator& comm, Slice parameters, SplitMix64) const {
  compute(comm, Fill{0, parameters});
}

void LogisticRegression::hessian(Communicator& comm, ConstSlice parameters, const Batch& batch,
                                 double weight, Slice into) const {
  const std::size_t columns = batch.count * outputs();
  Pass pass{network(), into, batch.count};
  const ConstSlice z = network().forward(comm, parameters, batch.inputs, batch.count, pass);
  const Scratch jacobians{into, size() * columns};
  const auto fill = [&] {
    if (into.dtype() == Dtype::float32) fill_jacobians<float>(outputs(), batch, z, jacobians.all());
    else fill_jacobians<double>(outputs(), batch, z, jacobians.all());
  };
  compute(comm, Opaque{.reads = {z, batch.inputs},
                       .writes = {jacobians.all()},
                       .work = {Flops{static_cast<double>(size() * columns)},
                                Bytes{jacobians.all().size_bytes() + z.size_bytes() +
                                      batch.inputs.size_bytes()}},
                       .body = fill});
  const auto set_diagonal = [&] {
    run_on_host(Fill{0, into});
    for (std::size_t i = 0; i < size(); ++i)
      run_on_host(Fill{weight * decay(), into.subslice(i * (size() + 1), 1)});
  };
  compute(comm, Opaque{.reads = {},
                       .writes = {into},
                       .work = {Flops{}, Bytes{into.size_bytes()}},
                       .body = set_diagonal});
  compute(comm, Gemm{.m = size(),
                     .n = size(),
                     .k = columns,
                     .alpha = weight / static_cast<double>(batch.count),
                     .beta = 1,
                     .a = jacobians.all(),
                     .b = jacobians.all(),
                     .c = into,
                     .transpose_b = true});
}

std::vector<double> LogisticRegression::gradient_of(ConstSlice parameters, const Batch& batch) {
  if (parameters.is_phantom()) return {};
  OffTheClock alone;
  const Scratch into{parameters, size()};
  gradient(alone, parameters, batch, 1, into.all());
  return to_doubles(into.all());
}

}  // namespace troupe::algorithms
