#include "algorithms/footprint.hpp"

#include <cmath>

#include "algorithms/models/model.hpp"
#include "algorithms/optimisers/optimiser.hpp"

namespace troupe::algorithms {

Footprint footprint_of_parameters(const TrainingProblem& problem, double count) {
  return {.parameters = count,
          .gradients = (problem.optimiser.accumulate > 1 ? 2 : 1) * count,
          .optimiser = find_optimiser(problem.optimiser.kind()).remembers * count};
}

double samples_of_a_gradient(const TrainingProblem& problem, int shards) {
  if (problem.batch > 0) return static_cast<double>(problem.batch);
  return std::ceil(static_cast<double>(shape_of_data(problem).samples) / shards);
}

Footprint footprint_of_replica(const TrainingProblem& problem, int ranks) {
  const auto model = make_model(problem);
  Footprint footprint = footprint_of_parameters(problem, static_cast<double>(model->size()));
  footprint.activations =
      samples_of_a_gradient(problem, ranks) * static_cast<double>(model->activations());
  return footprint;
}

Footprint footprint_of_sharded_optimiser(const TrainingProblem& problem, int ranks) {
  Footprint footprint = footprint_of_replica(problem, ranks);
  footprint.optimiser /= ranks;
  return footprint;
}

Footprint footprint_of_part(const TrainingProblem& problem, int ranks) {
  const auto model = make_model(problem);
  return footprint_of_parameters(problem, static_cast<double>(model->size()) / ranks);
}

Footprint footprint_of_server(const TrainingProblem& problem, int servers, int workers) {
  const auto all = static_cast<double>(make_model(problem)->size());
  const double block = all / servers;
  return {.parameters = all + workers * block,
          .gradients = workers * block,
          .optimiser = find_optimiser(problem.optimiser.kind()).remembers * block};
}

}  // namespace troupe::algorithms
