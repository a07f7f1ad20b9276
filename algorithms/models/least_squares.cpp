#include "algorithms/models/least_squares.hpp"

#include <cmath>
#include <limits>
#include <numeric>

namespace troupe::algorithms {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Of all w with A w = b the shortest, where A has no inverse: A⁺b, by A's singular values.
std::vector<double> shortest_solution(const NormalEquations& equations) {
  const std::size_t n = equations.size;
  std::vector<double> left(n * n), right(n * n), values(n), w(n, 0);
  run_on_host(Svd{.m = n,
                  .n = n,
                  .a = ConstSlice{std::span{equations.matrix}},
                  .u = std::span{left},
                  .s = std::span{values},
                  .v = std::span{right}});
  const double least =
      static_cast<double>(n) * std::numeric_limits<double>::epsilon() * values.front();
  for (std::size_t k = 0; k < n && values[k] > least; ++k) {
    double along = 0;
    for (std::size_t i = 0; i < n; ++i) along += left[k * n + i] * equations.vector[i];
    for (std::size_t i = 0; i < n; ++i) w[i] += right[k * n + i] * along / values[k];
  }
  return w;
}

/// ½ wᵀA w − bᵀw + ½ yᵀy of some samples, and its minimum, or one where there are many.
class Quadratic final : public Evaluator {
 public:
  Quadratic(const Dataset& samples, double ridge)
      : equations_{samples, ridge},
        samples_{static_cast<double>(samples.samples)},
        squares_{dot(samples.targets, samples.targets)},
        solution_{equations_.vector} {
    std::vector<double> factor = equations_.matrix;
    const std::size_t n = equations_.size;
    try {
      run_on_host(Cholesky{.n = n, .a = std::span{factor}});
    } catch (const BackendError&) {
      solution_ = shortest_solution(equations_);
      is_unique_ = false;
      return;
    }
    run_on_host(
        CholeskySolve{.n = n, .factor = ConstSlice{std::span{factor}}, .b = std::span{solution_}});
  }

  /// By the distance from the optimum, d = w − w*: F(w) − F* = dᵀA d / 2N keeps its digits near it.
  Evaluation evaluate(ConstSlice parameters) const override {
    std::vector<double> distance = to_doubles(parameters);
    for (std::size_t i = 0; i < distance.size(); ++i) distance[i] -= solution_[i];
    const double gap = dot(distance, equations_.times(distance)) / (2 * samples_);
    const double optimum = (squares_ - dot(equations_.vector, solution_)) / (2 * samples_);
    Evaluation evaluation{.loss = optimum + gap, .gap = gap};
    if (is_unique_)
      evaluation.error = std::sqrt(dot(distance, distance) / dot(solution_, solution_));
    return evaluation;
  }
  std::span<const double> optimum() const override { return solution_; }

 private:
  NormalEquations equations_;
  double samples_, squares_;  // N, yᵀy
  std::vector<double> solution_;
  bool is_unique_ = true;
};

}  // namespace

NormalEquations::NormalEquations(const Dataset& samples, double ridge)
    : size{samples.inputs}, matrix(size * size, 0), vector(size, 0) {
  for (std::size_t i = 0; i < size; ++i) matrix[i * (size + 1)] = ridge;
  const ConstSlice columns{std::span{samples.features}}, targets{std::span{samples.targets}};
  const std::size_t n = samples.samples;
  run_on_host(Gemm{.m = size,
                   .n = size,
                   .k = n,
                   .beta = 1,
                   .a = columns,
                   .b = columns,
                   .c = std::span{matrix},
                   .transpose_b = true});
  run_on_host(Gemm{.m = size, .n = 1, .k = n, .a = columns, .b = targets, .c = std::span{vector}});
}
std::vector<double> NormalEquations::times(std::span<const double> x) const {
  std::vector<double> product(size, 0);
  for (std::size_t j = 0; j < size; ++j)
    for (std::size_t i = 0; i < size; ++i) product[i] += matrix[j * size + i] * x[j];
  return product;
}

std::unique_ptr<Model> LeastSquares::make(const TrainingProblem& problem, const DataShape& shape) {
  return std::make_unique<LeastSquares>(problem, shape);
}

std::string LeastSquares::refusal(const TrainingProblem& problem, const DataShape& shape) {
  if (shape.outputs != 1)
    return "least_squares fits one output, data \"" + problem.data.kind() + "\" has " +
           (shape.classes ? std::string{"labels"} : std::to_string(shape.outputs));
  if (problem.model[basis] != "gaussian") return {};
  if (shape.inputs != 1)
    return "a row of Gaussians needs data of one input, \"" + problem.data.kind() + "\" has " +
           std::to_string(shape.inputs) + "; set basis to \"inputs\"";
  if (problem.model[features] < 2)
    return "a row of centres has two at least, " + std::to_string(problem.model[features]) +
           " given";
  return {};
}

LeastSquares::LeastSquares(const TrainingProblem& problem, const DataShape& shape)
    : gaussian_{problem.model[basis] == "gaussian"},
      width_{problem.model[width]},
      ridge_{problem.model[ridge]},
      samples_of_all_{shape.samples},
      layer_{
          .name = "weights",
          .offset = 0,
          .count = gaussian_ ? static_cast<std::size_t>(problem.model[features]) : shape.inputs} {}

std::size_t LeastSquares::features_of(std::size_t) const { return layer_.count; }

Dataset LeastSquares::prepared(const Dataset& samples) const {
  if (!gaussian_) return samples;
  const double distance = 20.0 / static_cast<double>(size() - 1);
  const double spread = width_ * distance;
  Dataset design = samples;
  design.inputs = size();
  design.features.clear();
  design.features.reserve(size() * samples.samples);
  for (const double x : samples.features)
    for (std::size_t j = 0; j < size(); ++j) {
      const double r = x - (-10 + distance * static_cast<double>(j));
      design.features.push_back(std::exp(-r * r / (2 * spread * spread)));
    }
  return design;
}

void LeastSquares::initialise(Communicator& comm, Slice parameters, SplitMix64) const {
  compute(comm, Fill{0, parameters});
}

/// g = weight · [Hᵀ(Hw − y)/B + σ/N w] over the batch of B samples.
void LeastSquares::gradient(Communicator& comm, ConstSlice parameters, const Batch& batch,
                            double weight, Slice into, const LayerReady& ready) {
  const double per_sample = weight / static_cast<double>(batch.count);
  const double decay = weight * ridge_ / static_cast<double>(samples_of_all_);
  const Scratch scratch{into, batch.count};
  const Slice residual = scratch.all();
  compute(comm, Copy{.into = residual, .from = batch.targets});
  compute(comm, Gemm{.m = batch.count,
                     .n = 1,
                     .k = size(),
                     .beta = -1,
                     .a = batch.inputs,
                     .b = parameters,
                     .c = residual,
                     .transpose_a = true});
  compute(comm, Gemm{.m = size(),
                     .n = 1,
                     .k = batch.count,
                     .alpha = per_sample,
                     .a = batch.inputs,
                     .b = residual,
                     .c = into});
  compute(comm, Axpy{.a = decay, .x = parameters, .y = into});
  if (ready) ready(0);
}

Score LeastSquares::score(ConstSlice parameters, const Batch& batch) const {
  const std::vector<double> w = to_doubles(parameters), h = to_doubles(batch.inputs),
                            y = to_doubles(batch.targets);
  double squares = 0;
  for (std::size_t n = 0; n < batch.count; ++n)
    squares += std::pow(dot(std::span{h}.subspan(n * size(), size()), w) - y[n], 2);
  return {.loss = squares / (2 * static_cast<double>(batch.count)) +
                  ridge_ * dot(w, w) / (2 * static_cast<double>(samples_of_all_)),
          .accuracy = {}};
}

std::unique_ptr<Evaluator> LeastSquares::evaluator(const TrainingProblem&, Dataset samples) const {
  return std::make_unique<Quadratic>(samples, ridge_);
}

void LeastSquares::normal_equations(Communicator& comm, const Batch& batch, double sigma,
                                    Slice matrix, Slice vector) const {
  const auto set_diagonal = [&] {
    run_on_host(Fill{0, matrix});
    for (std::size_t i = 0; i < size(); ++i)
      run_on_host(Fill{sigma, matrix.subslice(i * (size() + 1), 1)});
  };
  compute(comm, Opaque{.reads = {},
                       .writes = {matrix},
                       .work = {Flops{}, Bytes{matrix.size_bytes()}},
                       .body = set_diagonal});
  compute(comm, Gemm{.m = size(),
                     .n = size(),
                     .k = batch.count,
                     .beta = 1,
                     .a = batch.inputs,
                     .b = batch.inputs,
                     .c = matrix,
                     .transpose_b = true});
  compute(comm, Gemm{.m = size(),
                     .n = 1,
                     .k = batch.count,
                     .a = batch.inputs,
                     .b = batch.targets,
                     .c = vector});
}

QuadraticShard::QuadraticShard(const TrainingProblem& problem, int shard, int shards)
    : learner_{problem, shard, shards},
      model_{dynamic_cast<const LeastSquares&>(learner_.model())},
      ridge_{problem.model[LeastSquares::ridge] / shards} {}

void QuadraticShard::normal_equations(Communicator& comm, Slice matrix, Slice vector) {
  model_.normal_equations(comm, learner_.whole(), ridge_, matrix, vector);
}

const NormalEquations& QuadraticShard::equations() const {
  if (!equations_) {
    const Batch batch = learner_.whole();
    Dataset samples{.samples = batch.count, .inputs = size(), .outputs = 1};
    samples.features = to_doubles(batch.inputs);
    samples.targets = to_doubles(batch.targets);
    equations_.emplace(samples, ridge_);
  }
  return *equations_;
}

std::vector<double> QuadraticShard::gradient(ConstSlice parameters) const {
  if (parameters.is_phantom()) return {};
  std::vector<double> gradient = equations().times(to_doubles(parameters));
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] -= equations().vector[i];
  return gradient;
}

std::optional<double> QuadraticShard::divergence(ConstSlice parameters) const {
  if (parameters.is_phantom()) return std::nullopt;
  std::vector<double> away = to_doubles(parameters);
  const auto optimum = learner_.optimum();
  for (std::size_t i = 0; i < away.size(); ++i) away[i] -= optimum[i];
  return dot(away, equations().times(away)) / 2;
}

}  // namespace troupe::algorithms
