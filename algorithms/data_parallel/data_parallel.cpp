#include "algorithms/data_parallel/data_parallel.hpp"

#include "algorithms/catalogue.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

/// The vector of all parameters, as a collective's problem.
Problem vector_of(const TrainingProblem& problem, int ranks, std::size_t count) {
  Problem vector;
  vector.ranks = ranks;
  vector.count = count;
  vector.dtype = problem.dtype;
  vector.layout = problem.layout;
  vector.machine = problem.machine;
  return vector;
}

}  // namespace

/// Synchronous data parallel stochastic gradient descent (Dean et al. 2012, §3; Li et al., VLDB
/// 2020): the average gradient is summed over all ranks by an allreduce, so that every replica
/// takes the step of one machine with all the batches.
///   ḡ = Σ_r p_r g_r(x),  x ← x − η ḡ,  p_r = samples of rank r / samples of all
///   start: one broadcast of M from rank 0 (replicas that start apart stay apart for ever) · a
///   step: one allreduce of M; by the ring 2(P−1) messages and 2(P−1)/P · M bytes a rank
///
///     rank 0   g_0(x) ─┐                   ┌─ x − ηḡ
///     rank 1   g_1(x) ─┼─ Σ p_r g_r = ḡ ───┼─ x − ηḡ
///     rank 2   g_2(x) ─┘                   └─ x − ηḡ
void data_parallel(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer parameters = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};
  const Problem whole = vector_of(problem, comm.size(), learner.size());
  const Entry& allreduce = find_entry(Collective::allreduce, problem.collective);

  learner.initialise(comm, parameters);
  find_entry(Collective::broadcast, "binomial").run(comm, whole, {parameters, parameters});
  reporter.report({}, parameters);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    learner.gradient(comm, parameters, learner.share(), gradient);
    allreduce.run(comm, whole, {gradient, gradient});
    optimiser->step(comm, gradient, parameters);
    if (reporter.report({.step = ++step}, parameters)) break;
  }
  reporter.finish(step, parameters);
}

std::string refusal_of_data_parallel(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_learner(problem, ranks); !why.empty()) return why;
  const Problem whole = vector_of(problem, ranks, make_model(problem)->size());
  try {
    return find_entry(Collective::allreduce, problem.collective).refusal(whole);
  } catch (const BadInput& unknown) {
    return unknown.what();
  }
}

}  // namespace troupe::algorithms
