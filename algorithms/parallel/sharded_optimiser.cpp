#include "algorithms/parallel/sharded_optimiser.hpp"

#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {

double mixed_precision_bytes(double parameters, int shards) {
  return 4 * parameters + 12 * parameters / shards;
}

/// Sharded optimiser (ZeRO stage 1: Rajbhandari et al., SC 2020, §5.1):
///   ḡ_r = block r of Σ_q p_q g_q (reduce-scatter);  x_r ← step along ḡ_r;  x ← all x_r
///   (all-gather) a step: 2(P−1) messages and 2(P−1)/P · M bytes a rank, as much as a ring
///   allreduce; the optimiser's state takes 1/P of the memory
///
///     rank 0   g ─┐               ┌ ḡ_0 ─ step ─ x_0 ┐            ┌ x
///     rank 1   g ─┼ reduce-scatter┼ ḡ_1 ─ step ─ x_1 ┼ all-gather ┼ x
///     rank 2   g ─┘               └ ḡ_2 ─ step ─ x_2 ┘            └ x
void sharded_optimiser(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const Buffer x = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  const Slice my_x = Partition{x, comm.size()}[comm.rank()];
  const Slice my_gradient = Partition{gradient, comm.size()}[comm.rank()];
  const auto optimiser = make_optimiser(problem, my_x.size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};
  const Problem whole = vector_of(problem, comm.size(), learner.size());
  const Entry& reduce_scatter = find_entry(Collective::reduce_scatter, "ring");
  const Entry& allgather = find_entry(Collective::allgather, "ring");

  learner.initialise(comm, x);
  reporter.report({}, x);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    learner.gradient(comm, x, learner.share(), gradient);
    reduce_scatter.run(comm, whole, {gradient, my_gradient});
    optimiser->step(comm, my_gradient, my_x);
    allgather.run(comm, whole, {my_x, x});
    if (reporter.report({.step = ++step}, x)) break;
  }
  reporter.finish(step, x);
}

}  // namespace troupe::algorithms
