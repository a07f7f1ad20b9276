#include "algorithms/convex_shard.hpp"

#include <numeric>

namespace troupe::algorithms {
namespace {

/// matrix += kappa I
void add_to_diagonal(Communicator& comm, double kappa, std::size_t n, Slice matrix) {
  if (kappa == 0) return;
  const auto add = [&] {
    const Buffer one{1, matrix.dtype()};
    run_on_host(Fill{1, one});
    for (std::size_t i = 0; i < n; ++i)
      run_on_host(Axpy{kappa, one, matrix.subslice(i * (n + 1), 1)});
  };
  compute(comm,
          Opaque{.reads = {matrix},
                 .writes = {matrix},
                 .work = {Flops{static_cast<double>(n)}, Bytes{2 * n * size_of(matrix.dtype())}},
                 .body = add});
}

}  // namespace

ConvexShard::ConvexShard(Communicator& comm, const TrainingProblem& problem, int shard, int shards)
    : comm_{comm}, problem_{problem} {
  if (problem.model.kind() == "least_squares") {
    quadratic_.emplace(problem, shard, shards);
    size_ = quadratic_->size();
    matrix_ = make_buffer(problem, size_ * size_);
    factor_ = make_buffer(problem, size_ * size_);
    vector_ = make_buffer(problem, size_);
    quadratic_->normal_equations(comm, matrix_, vector_);
    return;
  }
  learner_.emplace(problem, shard, shards);
  logistic_ = dynamic_cast<LogisticRegression*>(&learner_->model());
  EXPECTS(logistic_, "a model with a Hessian");
  size_ = learner_->size();
  weight_ = shards * static_cast<double>(learner_->samples()) /
            static_cast<double>(learner_->samples_of_all());
  decay_ = problem.model[LogisticRegression::decay_setting];
}

void ConvexShard::gradient(ConstSlice x, Slice into) {
  if (!quadratic_) return logistic_->gradient(comm_, x, learner_->whole(), weight_, into);
  compute(comm_, Copy{into, vector_});
  compute(comm_, Gemm{.m = size_, .n = 1, .k = size_, .beta = -1, .a = matrix_, .b = x, .c = into});
}

void ConvexShard::hessian(ConstSlice x, Slice into) {
  if (quadratic_) return compute(comm_, Copy{into, matrix_});
  logistic_->hessian(comm_, x, learner_->whole(), weight_, into);
}

void ConvexShard::factorise(double kappa) {
  if (factorised_ == kappa) return;
  compute(comm_, Copy{factor_, matrix_});
  add_to_diagonal(comm_, kappa, size_, factor_);
  factorise_hessian(comm_, size_, factor_);
  factorised_ = kappa;
}

void ConvexShard::solve_hessian(ConstSlice x, double kappa, Slice b) {
  if (quadratic_) {
    factorise(kappa);
    return compute(comm_, CholeskySolve{.n = size_, .factor = factor_, .b = b});
  }
  const Scratch matrix{b, size_ * size_};
  hessian(x, matrix.all());
  add_to_diagonal(comm_, kappa, size_, matrix.all());
  factorise_hessian(comm_, size_, matrix.all());
  compute(comm_, CholeskySolve{.n = size_, .factor = matrix.all(), .b = b});
}

void ConvexShard::solve(ConstSlice y, double kappa, Slice x) {
  if (quadratic_) {
    factorise(kappa);
    compute(comm_, Copy{x, vector_});
    compute(comm_, Axpy{1, y, x});
    return compute(comm_, CholeskySolve{.n = size_, .factor = factor_, .b = x});
  }
  newton(comm_,
         {.gradient =
              [&](ConstSlice at, Slice into) {
                gradient(at, into);
                compute(comm_, Axpy{kappa, at, into});
                compute(comm_, Axpy{-1, y, into});
              },
          .solve = [&](ConstSlice at, Slice b) { solve_hessian(at, kappa, b); }},
         1e-12, x);
}

double ConvexShard::convexity() {
  if (!quadratic_) return weight_ * decay_;
  const Buffer left = make_buffer(problem_, size_ * size_);
  const Buffer right = make_buffer(problem_, size_ * size_);
  const Buffer values = make_buffer(problem_, size_);
  double least = 1;
  compute(comm_, Svd{size_, size_, matrix_, left, values, right});
  compute(comm_, Opaque{.reads = {values}, .writes = {}, .work = {}, .body = [&] {
                          least = to_doubles(values).back();
                        }});
  return least;
}

std::vector<double> ConvexShard::gradient(ConstSlice x) const {
  if (quadratic_) return quadratic_->gradient(x);
  std::vector<double> gradient = logistic_->gradient_of(x, learner_->whole());
  for (double& value : gradient) value *= weight_;
  return gradient;
}

std::optional<double> ConvexShard::divergence(ConstSlice x) const {
  if (quadratic_) return quadratic_->divergence(x);
  const auto optimum = learner_->optimum();
  if (x.is_phantom() || optimum.empty()) return std::nullopt;
  const std::vector<double> here = to_doubles(x), slope = gradient(x);
  const Buffer exact{size_, x.dtype()};
  run_on_host(Cast{exact, ConstSlice{optimum}});
  const Scratch there{x, size_};
  copy_from_host(there.all(), exact);
  double rise = 0;
  for (std::size_t i = 0; i < size_; ++i) rise += slope[i] * (optimum[i] - here[i]);
  const Batch batch = learner_->whole();
  return weight_ * (logistic_->score(there.all(), batch).loss - logistic_->score(x, batch).loss) -
         rise;
}

std::string refusal_of_convex_shards(const TrainingProblem& problem, int shards) {
  const std::string& model = problem.model.kind();
  if (model != "least_squares" && model != "logistic_regression")
    return "needs a strongly convex model with a Hessian, least_squares or logistic_regression; "
           "\"" +
           model + "\" given";
  return refusal_of_learner(problem, shards);
}

}  // namespace troupe::algorithms
