#include "algorithms/zero_gradient_sum/column_shard.hpp"

#include <cmath>

#include "algorithms/models/least_squares.hpp"
#include "algorithms/models/logistic_regression.hpp"
#include "algorithms/models/off_the_clock.hpp"
#include "algorithms/newton.hpp"

namespace troupe::algorithms {
namespace {

bool is_logistic(const TrainingProblem& problem) {
  return problem.model.kind() == "logistic_regression";
}

/// The σ for which the model's loss times the number of samples is the primal above.
double sigma_of(const TrainingProblem& problem, std::size_t samples) {
  if (!is_logistic(problem)) return problem.model[LeastSquares::ridge];
  return static_cast<double>(samples) * problem.model[LogisticRegression::decay_setting];
}

/// The rows [first, first + count) of features × samples; a row beyond them is ones.
void copy_rows(ConstSlice from, std::size_t rows, std::size_t first, std::size_t count,
               Slice into) {
  const std::size_t samples = from.size() / rows, beyond = first + count > rows ? 1 : 0;
  for (std::size_t n = 0; n < samples; ++n) {
    const Slice column = into.subslice(n * count, count);
    run_on_host(
        Copy{column.first(count - beyond), from.subslice(n * rows + first, count - beyond)});
    if (beyond) run_on_host(Fill{1, column.drop(count - 1)});
  }
}

/// use(λ, target) for every sample, as double; what it returns goes into the slice.
template <class Use>
void each_sample(Communicator& comm, ConstSlice lambda, ConstSlice targets, Slice into, Use use) {
  const auto walk = [&] {
    const auto values = to_doubles(lambda), wanted = to_doubles(targets);
    std::vector<double> results(values.size());
    for (std::size_t n = 0; n < values.size(); ++n) results[n] = use(values[n], wanted[n]);
    run_on_host(Cast{into, ConstSlice{std::span{results}}});
  };
  compute(comm, Opaque{.reads = {lambda, targets},
                       .writes = {into},
                       .work = {Flops{4.0 * static_cast<double>(into.size())},
                                Bytes{3 * into.size_bytes()}},
                       .body = walk});
}

/// (ℓ*)'(λ), a NaN outside the domain.
double slope(bool logistic, double lambda, double target) {
  if (!logistic) return lambda - target;
  const double s = target - lambda;
  return std::log(1 - s) - std::log(s);
}

double conjugate(bool logistic, double lambda, double target) {
  if (!logistic) return lambda * lambda / 2 - target * lambda;
  const double s = target - lambda;
  return s * std::log(s) + (1 - s) * std::log(1 - s);
}

}  // namespace

ColumnShard::ColumnShard(const TrainingProblem& problem, int shard, int shards)
    : problem_{problem},
      shards_{shards},
      logistic_{is_logistic(problem)},
      whole_{problem, 0, 1},
      sigma_{sigma_of(problem, whole_.samples())},
      samples_{whole_.samples()} {
  const Partition part{Slice::phantom(whole_.size()), shards};
  columns_ = part.size_of_block(shard);
  features_ = make_buffer(problem, columns_ * samples_);
  targets_ = make_buffer(problem, samples_);
  slack_ = make_buffer(problem, samples_);
  scaled_ = make_buffer(problem, columns_ * samples_);
  factor_ = make_buffer(problem, columns_ * columns_);
  if (problem.phantom) return;
  const HostView inputs{whole_.whole().inputs}, targets{whole_.whole().targets};
  const Buffer columns{columns_ * samples_, problem.dtype}, wanted{samples_, problem.dtype};
  copy_rows(inputs, inputs.slice().size() / samples_, part.offset(shard), columns_, columns);
  run_on_host(Cast{wanted, targets});
  copy_from_host(features_, columns);
  copy_from_host(targets_, wanted);
}

void ColumnShard::initialise(Communicator& comm, Slice lambda) const {
  each_sample(comm, targets_, targets_, lambda,
              [&](double, double target) { return logistic_ ? target - 0.5 : 0; });
}

void ColumnShard::parameters(Communicator& comm, ConstSlice lambda, Slice w) const {
  compute(comm, Gemm{.m = columns_,
                     .n = 1,
                     .k = samples_,
                     .alpha = 1 / sigma_,
                     .a = features_,
                     .b = lambda,
                     .c = w});
}

void ColumnShard::gradient(Communicator& comm, ConstSlice lambda, Slice into) const {
  const Scratch w{into, columns_};
  parameters(comm, lambda, w.all());
  each_sample(comm, lambda, targets_, into,
              [&](double value, double target) { return slope(logistic_, value, target); });
  compute(comm, Gemm{.m = samples_,
                     .n = 1,
                     .k = columns_,
                     .beta = 1.0 / shards_,
                     .a = features_,
                     .b = w.all(),
                     .c = into,
                     .transpose_a = true});
}

void ColumnShard::factorise(Communicator& comm, ConstSlice lambda) {
  if (factorised_ && !logistic_) return;
  factorised_ = true;
  each_sample(comm, lambda, targets_, slack_, [&](double value, double target) {
    const double s = target - value;
    return logistic_ ? shards_ * s * (1 - s) : shards_;
  });
  const auto scale = [&] {
    const auto factors = to_doubles(slack_);
    run_on_host(Copy{scaled_, features_});
    for (std::size_t n = 0; n < samples_; ++n)
      run_on_host(Scale{factors[n], scaled_.slice().subslice(n * columns_, columns_)});
    run_on_host(Fill{0, factor_});
    for (std::size_t i = 0; i < columns_; ++i)
      run_on_host(Fill{sigma_, factor_.slice().subslice(i * (columns_ + 1), 1)});
  };
  compute(comm, Opaque{.reads = {slack_, features_},
                       .writes = {scaled_, factor_},
                       .work = {Flops{static_cast<double>(columns_ * samples_)},
                                Bytes{2 * scaled_.slice().size_bytes()}},
                       .body = scale});
  compute(comm, Gemm{.m = columns_,
                     .n = columns_,
                     .k = samples_,
                     .beta = 1,
                     .a = scaled_,
                     .b = features_,
                     .c = factor_,
                     .transpose_b = true});
  compute(comm, Cholesky{columns_, factor_});
}

void ColumnShard::apply_inverse(Communicator& comm, Slice b) const {
  const Scratch w{b, columns_};
  compute(comm, Gemm{.m = columns_, .n = 1, .k = samples_, .a = scaled_, .b = b, .c = w.all()});
  compute(comm, CholeskySolve{.n = columns_, .factor = factor_, .b = w.all()});
  each_sample(comm, b, slack_, b, [](double value, double factor) { return value * factor; });
  compute(comm, Gemm{.m = samples_,
                     .n = 1,
                     .k = columns_,
                     .alpha = -1,
                     .beta = 1,
                     .a = scaled_,
                     .b = w.all(),
                     .c = b,
                     .transpose_a = true});
}

void ColumnShard::solve(Communicator& comm, ConstSlice d, Slice lambda) {
  if (logistic_)
    return newton(comm,
                  {.gradient =
                       [&](ConstSlice at, Slice into) {
                         gradient(comm, at, into);
                         compute(comm, Axpy{-1, d, into});
                       },
                   .solve =
                       [&](ConstSlice at, Slice b) {
                         factorise(comm, at);
                         apply_inverse(comm, b);
                       }},
                  1e-12, lambda);
  factorise(comm, lambda);
  compute(comm, Copy{lambda, d});
  compute(comm, Axpy{1.0 / shards_, targets_, lambda});
  apply_inverse(comm, lambda);
}

double ColumnShard::value(const std::vector<double>& lambda) const {
  const auto features = to_doubles(features_), targets = to_doubles(targets_);
  double conjugates = 0, squares = 0;
  std::vector<double> w(columns_, 0);
  for (std::size_t n = 0; n < samples_; ++n) {
    conjugates += conjugate(logistic_, lambda[n], targets[n]);
    for (std::size_t i = 0; i < columns_; ++i) w[i] += features[n * columns_ + i] * lambda[n];
  }
  for (const double x : w) squares += x * x;
  return squares / (2 * sigma_) + conjugates / shards_;
}

/// λ* = −ℓ'(Hw*)
std::vector<double> ColumnShard::dual_optimum() const {
  const auto w = whole_.optimum();
  const auto inputs = to_doubles(whole_.whole().inputs);
  std::vector<double> lambda = to_doubles(targets_);
  const std::size_t rows = inputs.size() / samples_;
  for (std::size_t n = 0; n < samples_; ++n) {
    double z = rows < w.size() ? w[rows] : 0;
    for (std::size_t i = 0; i < rows; ++i) z += inputs[n * rows + i] * w[i];
    lambda[n] -= logistic_ ? 1 / (1 + std::exp(-z)) : z;
  }
  return lambda;
}

std::optional<double> ColumnShard::divergence(ConstSlice lambda) const {
  if (lambda.is_phantom() || whole_.optimum().empty()) return std::nullopt;
  OffTheClock alone;
  const Scratch gradients{lambda, samples_};
  gradient(alone, lambda, gradients.all());
  const auto here = to_doubles(lambda), there = dual_optimum(),
             descent = to_doubles(gradients.all());
  double rise = 0;
  for (std::size_t n = 0; n < samples_; ++n) rise += descent[n] * (there[n] - here[n]);
  return value(there) - value(here) - rise;
}

std::string refusal_of_column_shards(const TrainingProblem& problem, int shards) {
  const std::string& model = problem.model.kind();
  if (model != "least_squares" && model != "logistic_regression")
    return "needs a linear model, least_squares or logistic_regression; \"" + model + "\" given";
  if (const std::string why = refusal_of_learner(problem, 1); !why.empty()) return why;
  if (is_logistic(problem) && shape_of_data(problem).classes != 2)
    return "needs two classes, data \"" + problem.data.kind() + "\" has " +
           std::to_string(shape_of_data(problem).classes);
  if (sigma_of(problem, 1) == 0) return "needs a ridge or decay above 0, by which the dual divides";
  if (const std::size_t columns = make_model(problem)->size();
      columns < static_cast<std::size_t>(shards))
    return std::to_string(columns) + " columns cannot be cut into " + std::to_string(shards) +
           " shards";
  return {};
}

}  // namespace troupe::algorithms
