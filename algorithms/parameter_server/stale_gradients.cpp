#include "algorithms/parameter_server/stale_gradients.hpp"

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {

StaleGradients::StaleGradients(const TrainingProblem& problem, std::size_t size)
    : aware_{problem.strategy[Staleness::aware]},
      compensates_{problem.strategy[Staleness::compensation] != "none"},
      adaptive_{problem.strategy[Staleness::compensation] == "adaptive"},
      compensation_{
          .strength = problem.strategy[adaptive_ ? Staleness::adaptive_lambda : Staleness::lambda],
          .decay = problem.strategy[Staleness::mean_square]} {
  if (adaptive_) squares_ = make_buffer(problem, size);
}

double StaleGradients::correct(Communicator& comm, std::int64_t staleness, ConstSlice now,
                               ConstSlice then, Slice gradient) {
  if (compensates_) {
    if (adaptive_ && !begun_) compute(comm, Fill{0, squares_});
    begun_ = true;
    DelayCompensation kernel = compensation_;
    kernel.parameters = now;
    kernel.old_parameters = then;
    kernel.squares = squares_;
    kernel.gradient = gradient;
    compute(comm, kernel);
  }
  return aware_ && staleness > 1 ? 1 / static_cast<double>(staleness) : 1;
}

}  // namespace troupe::algorithms
