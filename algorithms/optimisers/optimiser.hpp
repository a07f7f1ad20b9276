#pragma once
// Optimisers: what becomes of parameters when a gradient is known. One loop of a strategy serves
// them all. The policies that go with any of them (a schedule of the rate, a bound on the norm) are
// optimisers around another one; gradients are accumulated where they are computed (learner.hpp).

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
  /// What to evaluate, to report and to keep in the end: the parameters themselves, unless it is
  /// an average over the steps that this optimiser returns. Valid until the next step.
  virtual ConstSlice estimate(ConstSlice parameters) const { return parameters; }
  /// What it remembers between steps, as vectors of the parameters' size; none before the first
  /// step, and none ever for plain descent.
  virtual std::vector<Slice> state() const { return {}; }
};

struct OptimiserKind {
  Kind kind;
  std::unique_ptr<Optimiser> (*make)(const TrainingProblem&, std::size_t size);
  int remembers = 0;  ///< vectors of state() once a step has been taken
};

std::span<const OptimiserKind> optimiser_kinds();
/// The kinds alone, for those who read scenarios.
std::span<const Kind> kinds_of_optimisers();
/// The line of the table. Throws BadInput with the nearest name.
const OptimiserKind& find_optimiser(std::string_view name);

/// The optimiser of the problem for `size` parameters, with its policies: the norm is bounded
/// first, then the step is taken at the rate of the schedule. Throws BadInput with the nearest
/// name.
std::unique_ptr<Optimiser> make_optimiser(const TrainingProblem& problem, std::size_t size);

/// Why the problem's optimiser is none, or empty.
std::string refusal_of_optimiser(const OptimiserChoice& optimiser);

}  // namespace troupe::algorithms
