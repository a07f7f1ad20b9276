#include "algorithms/models/model.hpp"

#include <array>
#include <cmath>

#include "algorithms/choice.hpp"
#include "algorithms/data/shards.hpp"
#include "algorithms/models/least_squares.hpp"

namespace troupe::algorithms {

std::unique_ptr<Model> make_model(const TrainingProblem& problem, int shard, int shards) {
  if (const std::string why = refusal_of_model(problem, shards); !why.empty()) throw BadInput(why);
  return std::make_unique<LeastSquares>(problem, shard, shards);
}

std::string refusal_of_model(const TrainingProblem& problem, int shards) {
  static const std::array<std::string, 1> models{"least_squares"}, data{"sinc"}, optimisers{"sgd"};
  for (const std::string& why :
       {refusal_of_choice("model", problem.model.kind, models),
        refusal_of_choice("data", problem.data.kind, data),
        refusal_of_partition(problem.data.partition),
        refusal_of_choice("optimiser", problem.optimiser.kind, optimisers)})
    if (!why.empty()) return why;
  if (problem.dtype != Dtype::float32 && problem.dtype != Dtype::float64)
    return "training needs float32 or float64, " + std::string{name_of(problem.dtype)} + " given";
  if (problem.model.features < 2)
    return "a row of centres has two at least, " + std::to_string(problem.model.features) +
           " given";
  if (problem.data.samples < static_cast<std::size_t>(shards))
    return std::to_string(problem.data.samples) + " samples cannot be cut into " +
           std::to_string(shards) + " shards";
  return {};
}

Buffer make_buffer(const TrainingProblem& problem, std::size_t count) {
  if (problem.phantom) return Buffer::phantom(count, problem.dtype);
  return Buffer{count, problem.dtype, *problem.memory};
}

std::vector<double> to_doubles(ConstSlice values) {
  if (values.is_phantom()) return {};
  const auto widened = [](auto numbers) {
    return std::vector<double>(numbers.begin(), numbers.end());
  };
  return values.dtype() == Dtype::float32 ? widened(values.host<float>())
                                          : widened(values.host<double>());
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
