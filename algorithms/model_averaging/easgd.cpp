#include "algorithms/model_averaging/easgd.hpp"

#include "algorithms/learner.hpp"
#include "algorithms/model_averaging/averaging.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {

/// Elastic averaging SGD (Zhang, Choromanska and LeCun, NIPS 2015, §3, synchronous):
///   x_r ← x_r − η g_r(x_r);   every τ steps, with α = β/P:
///   x_r ← x_r − α (x_r − x̃),  x̃ ← x̃ + β (Σ_r x_r / P − x̃)
///   one allreduce of M every τ steps
///
///     x_0 ∘~~~~┐          a replica may wander off by itself, and the
///     x_1 ∘~~~~● x̃        centre is where the springs of all hold it
///     x_2 ∘~~~~┘
void easgd(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer x = make_buffer(problem, learner.size()),
               centre = make_buffer(problem, x.slice().size()),
               gradient = make_buffer(problem, x.slice().size()),
               mean = make_buffer(problem, x.slice().size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};
  const double beta = problem.strategy[Easgd::moving_rate], alpha = beta / comm.size();

  learner.initialise(comm, x);
  compute(comm, Copy{centre, x});
  reporter.report({}, centre);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    local_steps(comm, learner, *optimiser, 1, gradient, x);
    if (++step % problem.strategy[Easgd::period] == 0) {
      compute(comm, Copy{mean, x});
      average(comm, problem, problem.collective, mean, 1.0 / comm.size());
      compute(comm, Interpolate{.weight = alpha, .from = centre, .into = x});
      compute(comm, Interpolate{.weight = beta, .from = mean, .into = centre});
    }
    if (reporter.report({.step = step}, centre)) break;
  }
  reporter.finish(step, centre);
}

}  // namespace troupe::algorithms
