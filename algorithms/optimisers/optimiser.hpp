#pragma once
// Optimisers: what becomes of parameters when a gradient is known. One loop of a strategy serves
// them all.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

class Optimiser {
 public:
  virtual ~Optimiser() = default;
  /// Moves the parameters by one step along the gradient, with `factor` times the rate. Both have
  /// the size the optimiser was made for. The gradient may be overwritten.
  virtual void step(Communicator& comm, Slice gradient, Slice parameters, double factor = 1) = 0;
  /// What it remembers between steps, as vectors of the parameters' size; none for plain descent.
  virtual std::vector<Slice> state() const { return {}; }
};

struct OptimiserKind {
  Kind kind;
  std::unique_ptr<Optimiser> (*make)(const TrainingProblem&, std::size_t size);
};

std::span<const OptimiserKind> optimiser_kinds();
/// The kinds alone, for those who read scenarios.
std::span<const Kind> kinds_of_optimisers();

/// The optimiser of the problem for `size` parameters. Throws BadInput with the nearest name.
std::unique_ptr<Optimiser> make_optimiser(const TrainingProblem& problem, std::size_t size);

}  // namespace troupe::algorithms
