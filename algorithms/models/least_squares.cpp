#include "algorithms/models/least_squares.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "algorithms/data/shards.hpp"
#include "algorithms/data/sinc.hpp"

namespace troupe::algorithms {
namespace {

/// Hᵀ and y of some samples, as double.
struct Design {
  std::vector<double> features, targets;
};

/// The samples of `shard`, or of all shards together where there is but one.
Design design_of(const TrainingProblem& problem, int shard, int shards) {
  const auto samples = sinc_samples(problem.data.samples, problem.data.noise, problem.data.seed);
  std::vector<double> keys(samples.size());
  std::ranges::transform(samples, keys.begin(), &Sample::x);

  const std::size_t features = problem.model.features;
  const double distance = 20.0 / static_cast<double>(features - 1);
  const double width = problem.model.width * distance;
  Design design;
  for (const std::size_t n :
       shard_of(problem.data.partition, keys, shard, shards, problem.data.seed)) {
    for (std::size_t j = 0; j < features; ++j) {
      const double r = samples[n].x - (-10 + distance * static_cast<double>(j));
      design.features.push_back(std::exp(-r * r / (2 * width * width)));
    }
    design.targets.push_back(samples[n].y);
  }
  return design;
}

void assign(Slice into, std::span<const double> values) {
  if (into.dtype() == Dtype::float32) std::ranges::copy(values, into.host<float>().begin());
  else std::ranges::copy(values, into.host<double>().begin());
}

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

/// ½ wᵀA w − bᵀw + ½ yᵀy as numbers, for evaluation.
struct LeastSquares::Quadratic {
  std::size_t size;
  std::vector<double> matrix, vector, solution;
  double squares = 0;  // yᵀy

  Quadratic(const TrainingProblem& problem, int shard, int shards) : size{problem.model.features} {
    Design design = design_of(problem, shard, shards);
    const std::size_t n = design.targets.size();
    matrix.assign(size * size, 0);
    for (std::size_t i = 0; i < size; ++i)
      matrix[i * (size + 1)] = problem.model.ridge / static_cast<double>(shards);
    vector.assign(size, 0);
    const ConstSlice columns{std::span{design.features}}, targets{std::span{design.targets}};
    run_on_host(Gemm{.m = size,
                     .n = size,
                     .k = n,
                     .beta = 1,
                     .a = columns,
                     .b = columns,
                     .c = std::span{matrix},
                     .transpose_b = true});
    run_on_host(
        Gemm{.m = size, .n = 1, .k = n, .a = columns, .b = targets, .c = std::span{vector}});
    squares = dot(design.targets, design.targets);
  }

  void solve() {
    std::vector<double> factor = matrix;
    solution = vector;
    run_on_host(Cholesky{.n = size, .a = std::span{factor}});
    run_on_host(CholeskySolve{
        .n = size, .factor = ConstSlice{std::span{factor}}, .b = std::span{solution}});
  }

  /// A x
  std::vector<double> times(std::span<const double> x) const {
    std::vector<double> product(size, 0);
    for (std::size_t j = 0; j < size; ++j)
      for (std::size_t i = 0; i < size; ++i) product[i] += matrix[j * size + i] * x[j];
    return product;
  }
};

LeastSquares::LeastSquares(const TrainingProblem& problem, int shard, int shards)
    : problem_{problem},
      shard_{shard},
      shards_{shards},
      features_{problem.model.features},
      samples_{shard_size(problem.data.samples, shard, shards)},
      feature_columns_{make_buffer(problem, features_ * samples_)},
      targets_{make_buffer(problem, samples_)},
      drawn_columns_{make_buffer(problem, features_ * problem.batch)},
      drawn_targets_{make_buffer(problem, problem.batch)},
      residual_{make_buffer(problem, problem.batch ? problem.batch : samples_)},
      drawn_(problem.batch),
      draws_{SplitMix64::of_rank(problem.seed, shard)} {
  if (problem.phantom) return;
  const Design design = design_of(problem, shard, shards);
  assign(feature_columns_, design.features);
  assign(targets_, design.targets);
}
LeastSquares::~LeastSquares() = default;

double LeastSquares::share() const {
  if (problem_.batch) return 1.0 / shards_;
  return static_cast<double>(samples_) / static_cast<double>(problem_.data.samples);
}

void LeastSquares::initialise(Communicator& comm, Slice parameters) {
  compute(comm, Fill{0, parameters});
}

/// The whole shard, or `batch` samples of it drawn with replacement and gathered.
LeastSquares::Batch LeastSquares::next_batch(Communicator& comm) {
  if (problem_.batch == 0) return {feature_columns_, targets_, samples_};
  for (std::size_t& sample : drawn_) sample = draws_.below(samples_);
  const std::size_t column = features_ * size_of(problem_.dtype), value = size_of(problem_.dtype);
  const Slice columns = drawn_columns_, targets = drawn_targets_;
  const auto gather = [&] {
    for (std::size_t i = 0; i < drawn_.size(); ++i) {
      const std::size_t n = drawn_[i];
      std::copy_n(feature_columns_.slice().address() + n * column, column,
                  columns.address() + i * column);
      std::copy_n(targets_.slice().address() + n * value, value, targets.address() + i * value);
    }
  };
  compute(comm, Opaque{.reads = {feature_columns_, targets_},
                       .writes = {columns, targets},
                       .work = {Flops{}, Bytes{2 * (columns.size_bytes() + targets.size_bytes())}},
                       .body = gather});
  return {columns, targets, problem_.batch};
}

/// g = weight · [Hᵀ(Hw − y)/B + σ/N w] over the batch of B samples.
void LeastSquares::gradient(Communicator& comm, ConstSlice parameters, double weight, Slice into) {
  const auto [columns, targets, batch] = next_batch(comm);
  const double per_sample = weight / static_cast<double>(batch);
  const double decay = weight * problem_.model.ridge / static_cast<double>(problem_.data.samples);
  compute(comm, Copy{.into = residual_, .from = targets});
  compute(comm, Gemm{.m = batch,
                     .n = 1,
                     .k = features_,
                     .beta = -1,
                     .a = columns,
                     .b = parameters,
                     .c = residual_,
                     .transpose_a = true});
  compute(comm, Gemm{.m = features_,
                     .n = 1,
                     .k = batch,
                     .alpha = per_sample,
                     .a = columns,
                     .b = residual_,
                     .c = into});
  compute(comm, Axpy{.a = decay, .x = parameters, .y = into});
}

void LeastSquares::normal_equations(Communicator& comm, Slice matrix, Slice vector) {
  const double ridge = problem_.model.ridge / shards_;
  const auto set_diagonal = [&] {
    std::vector<double> values(matrix.size(), 0.0);
    for (std::size_t i = 0; i < features_; ++i) values[i * (features_ + 1)] = ridge;
    assign(matrix, values);
  };
  compute(comm, Opaque{.reads = {},
                       .writes = {matrix},
                       .work = {Flops{}, Bytes{matrix.size_bytes()}},
                       .body = set_diagonal});
  compute(comm, Gemm{.m = features_,
                     .n = features_,
                     .k = samples_,
                     .beta = 1,
                     .a = feature_columns_,
                     .b = feature_columns_,
                     .c = matrix,
                     .transpose_b = true});
  compute(comm, Gemm{.m = features_,
                     .n = 1,
                     .k = samples_,
                     .a = feature_columns_,
                     .b = targets_,
                     .c = vector});
}

std::vector<double> LeastSquares::shard_gradient(ConstSlice parameters) const {
  if (parameters.is_phantom()) return {};
  if (!mine_) mine_ = std::make_unique<Quadratic>(problem_, shard_, shards_);
  std::vector<double> gradient = mine_->times(to_doubles(parameters));
  for (std::size_t i = 0; i < features_; ++i) gradient[i] -= mine_->vector[i];
  return gradient;
}

/// By the distance from the optimum, d = w − w*: F(w) − F* = dᵀA d / 2N keeps its digits near it.
std::optional<Evaluation> LeastSquares::evaluate(ConstSlice parameters) const {
  if (parameters.is_phantom()) return std::nullopt;
  if (!all_) {
    all_ = std::make_unique<Quadratic>(problem_, 0, 1);
    all_->solve();
  }
  std::vector<double> distance = to_doubles(parameters);
  for (std::size_t i = 0; i < features_; ++i) distance[i] -= all_->solution[i];
  const double twice = 2 * static_cast<double>(problem_.data.samples);
  const double gap = dot(distance, all_->times(distance)) / twice;
  const double optimum = (all_->squares - dot(all_->vector, all_->solution)) / twice;
  const double norm = std::sqrt(dot(all_->solution, all_->solution));
  return Evaluation{optimum + gap, gap, std::sqrt(dot(distance, distance)) / norm};
}

}  // namespace troupe::algorithms
