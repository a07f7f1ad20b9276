#include "algorithms/model_averaging/diloco.hpp"

#include "algorithms/learner.hpp"
#include "algorithms/model_averaging/averaging.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {

/// DiLoCo (Douillard et al. 2023, algorithm 1):
///   inner, H times:  x_r ← step of the inner optimiser along g_r(x_r)
///   outer:           Δ = x_t − Σ_r p_r x_r;  v ← μv + Δ;  x_{t+1} = x_t − η (Δ + μv);  x_r ←
///   x_{t+1} one allreduce of M every H steps: M/H of data parallel · η = 1 and μ = 0 make it local
///   SGD
///
///     rank 0   x_t ─ g g g … g ─┐
///     rank 1   x_t ─ g g g … g ─┼─ Δ ── Nesterov ── x_{t+1} ─ …
///     rank 2   x_t ─ g g g … g ─┘
void diloco(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const auto inner = make_optimiser(problem, learner.size());
  const Buffer x = make_buffer(problem, learner.size()),
               outer = make_buffer(problem, x.slice().size()),
               velocity = make_buffer(problem, x.slice().size()),
               gradient = make_buffer(problem, x.slice().size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};
  const MomentumStep nesterov{.rate = problem.strategy[Diloco::outer_rate],
                              .momentum = problem.strategy[Diloco::outer_momentum],
                              .nesterov = true,
                              .gradient = gradient,
                              .velocity = velocity,
                              .parameters = outer};

  learner.initialise(comm, outer);
  compute(comm, Copy{x, outer});
  compute(comm, Fill{0, velocity});
  reporter.report({}, outer);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    local_steps(comm, learner, *inner, 1, gradient, x);
    if (++step % problem.strategy[Diloco::inner_steps] == 0) {
      average(comm, problem, problem.collective, x, learner.share());
      compute(comm, Copy{gradient, outer});  // Δ = x_t − mean
      compute(comm, Axpy{-1, x, gradient});
      compute(comm, nesterov);
      compute(comm, Copy{x, outer});
    }
    if (reporter.report({.step = step}, outer)) break;
  }
  reporter.finish(step, outer);
}

}  // namespace troupe::algorithms
