#include "algorithms/models/model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "algorithms/choice.hpp"
#include "algorithms/models/convolutional.hpp"
#include "algorithms/models/ensemble.hpp"
#include "algorithms/models/least_squares.hpp"
#include "algorithms/models/logistic_regression.hpp"
#include "algorithms/models/perceptron.hpp"
#include "algorithms/models/phantom_model.hpp"
#include "algorithms/optimisers/optimiser.hpp"

namespace troupe::algorithms {
namespace {

constexpr std::array table{
    ModelKind{.kind = {.name = "least_squares",
                       .summary = "ridge regression on Gaussians, or on the inputs as they are",
                       .settings = LeastSquares::settings},
              .make = LeastSquares::make,
              .refusal = LeastSquares::refusal},
    ModelKind{.kind = {.name = "logistic_regression",
                       .summary = "two classes or more told apart by planes, with a ridge",
                       .settings = LogisticRegression::settings},
              .make = LogisticRegression::make,
              .refusal = LogisticRegression::refusal},
    ModelKind{.kind = {.name = "mlp",
                       .summary = "the multi-layer perceptron: dense layers",
                       .settings = Perceptron::settings},
              .make = Perceptron::make,
              .refusal = Perceptron::refusal},
    ModelKind{.kind = {.name = "cnn",
                       .summary = "a small convolutional network for pictures",
                       .settings = Convolutional::settings},
              .make = Convolutional::make,
              .refusal = Convolutional::refusal},
    ModelKind{.kind = {.name = "ensemble",
                       .summary = "a perceptron cut into subnets whose mean is the answer",
                       .settings = Ensemble::settings},
              .make = Ensemble::make,
              .refusal = Ensemble::refusal},
    ModelKind{.kind = {.name = "phantom",
                       .summary = "the sizes of a published architecture, without values",
                       .settings = PhantomModel::settings},
              .make = PhantomModel::make,
              .refusal = PhantomModel::refusal},
};

constexpr auto kinds = [] {
  std::array<Kind, table.size()> names{};
  std::ranges::transform(table, names.begin(), &ModelKind::kind);
  return names;
}();

const ModelKind& find(const Choice& choice) {
  find_kind("model", choice.kind(), kinds);
  return *std::ranges::find(table, choice.kind(),
                            [](const ModelKind& line) { return line.kind.name; });
}

/// The score of all samples.
class ScoreEvaluator final : public Evaluator {
 public:
  ScoreEvaluator(const Model& model, const TrainingProblem& problem, const Dataset& samples)
      : model_{model}, samples_{problem, samples} {}
  Evaluation evaluate(ConstSlice parameters) const override {
    const Score score = model_.score(parameters, samples_.all());
    return {.loss = score.loss, .accuracy = score.accuracy};
  }

 private:
  const Model& model_;
  Samples samples_;
};

}  // namespace

std::span<const ModelKind> model_kinds() { return table; }
std::span<const Kind> kinds_of_models() { return kinds; }

std::unique_ptr<Evaluator> Model::evaluator(const TrainingProblem& problem, Dataset samples) const {
  return std::make_unique<ScoreEvaluator>(*this, problem, samples);
}

std::unique_ptr<Model> make_model(const TrainingProblem& problem) {
  if (const std::string why = refusal_of_model(problem); !why.empty()) throw BadInput(why);
  return find(problem.model).make(problem, shape_of_data(problem));
}

std::string refusal_of_model(const TrainingProblem& problem) {
  for (const std::string& why : {refusal_of_choice("model", problem.model, kinds_of_models()),
                                 refusal_of_choice("data", problem.data, kinds_of_data()),
                                 refusal_of_optimiser(problem.optimiser)})
    if (!why.empty()) return why;
  if (problem.dtype != Dtype::float32 && problem.dtype != Dtype::float64)
    return "training needs float32 or float64, " + std::string{name_of(problem.dtype)} + " given";
  try {
    return find(problem.model).refusal(problem, shape_of_data(problem));
  } catch (const BadInput& unusable) {
    return unusable.what();
  }
}

Samples::Samples(const TrainingProblem& problem, const DataShape& shape, std::size_t count)
    : count_{count}, inputs_{make_buffer(problem, shape.inputs * count)} {
  if (shape.classes == 0) targets_ = make_buffer(problem, shape.outputs * count);
  else if (problem.phantom) targets_ = Buffer::phantom(count, Dtype::int32);
  else targets_ = Buffer{count, Dtype::int32, *problem.memory};
}
Samples::Samples(const TrainingProblem& problem, const Dataset& values)
    : Samples{problem,
              {values.samples, values.inputs, values.outputs, values.classes},
              values.samples} {
  std::vector<std::size_t> every(count_);
  std::iota(every.begin(), every.end(), std::size_t{0});
  const auto fill = [&](Slice into, const auto& copy) {
    if (into.is_phantom() || into.memory().on_host()) return copy(values, every, into);
    const Buffer here{into.size(), into.dtype()};
    copy(values, every, here.slice());
    copy_from_host(into, here);
  };
  fill(inputs_, copy_features);
  fill(targets_, copy_targets);
}

Buffer make_buffer(const TrainingProblem& problem, std::size_t count) {
  if (problem.phantom) return Buffer::phantom(count, problem.dtype);
  return Buffer{count, problem.dtype, *problem.memory};
}

std::vector<double> to_doubles(ConstSlice values) {
  if (values.is_phantom()) return {};
  const HostView view{values};
  const auto widened = [](auto numbers) {
    return std::vector<double>(numbers.begin(), numbers.end());
  };
  return values.dtype() == Dtype::float32 ? widened(view.slice().host<float>())
                                          : widened(view.slice().host<double>());
}

std::optional<double> relative_distance(ConstSlice a, ConstSlice b) {
  const std::vector<double> x = to_doubles(a), y = to_doubles(b);
  if (x.empty()) return std::nullopt;
  double apart = 0, squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    apart += (x[i] - y[i]) * (x[i] - y[i]);
    squares += x[i] * x[i];
  }
  return std::sqrt(squares > 0 ? apart / squares : apart);
}

}  // namespace troupe::algorithms
