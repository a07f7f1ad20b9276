#include "algorithms/data_parallel/data_parallel.hpp"

#include "algorithms/catalogue.hpp"
#include "algorithms/data_parallel/buckets.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {

Problem vector_of(const TrainingProblem& problem, int ranks, std::size_t count) {
  Problem vector;
  vector.ranks = ranks;
  vector.count = count;
  vector.dtype = problem.dtype;
  vector.layout = problem.layout;
  vector.machine = problem.machine;
  return vector;
}

namespace {

/// Rank 0's starting values on every rank; or, as a control, each rank's own.
void start(Communicator& comm, const TrainingProblem& problem, const Learner& learner,
           Slice parameters) {
  if (comm.rank() == 0) learner.initialise(comm, parameters);
  if (problem.strategy[DataParallel::start] == "own") {
    if (comm.rank() > 0)
      learner.model().initialise(comm, parameters, SplitMix64::of_rank(problem.seed, comm.rank()));
    return;
  }
  const Problem whole = vector_of(problem, comm.size(), learner.size());
  find_entry(Collective::broadcast, "binomial").run(comm, whole, {parameters, parameters});
}

/// p_r: what a rank's gradient counts for.
double weight_of(const TrainingProblem& problem, const Learner& learner, int ranks) {
  const double fair =
      problem.strategy[DataParallel::weights] == "samples" ? learner.share() : 1.0 / ranks;
  return problem.strategy[DataParallel::reduce] == "sum" ? fair * ranks : fair;
}

std::vector<Bucket> buckets_of(const TrainingProblem& problem, const Learner& learner) {
  const auto bytes = [&](const Whole& setting) {
    return Bytes{static_cast<std::uint64_t>(problem.strategy[setting])};
  };
  return buckets_of(learner.layers(), problem.dtype, bytes(DataParallel::first_bucket_bytes),
                    bytes(DataParallel::bucket_bytes));
}

}  // namespace

/// Synchronous data parallel stochastic gradient descent (Dean et al. 2012, §3; Li et al., VLDB
/// 2020): the average gradient is summed over all ranks by an allreduce, so that every replica
/// takes the step of one machine with all the batches.
///   ḡ = Σ_r p_r g_r(x),  x ← x − η ḡ,  p_r = samples of rank r / samples of all
///   start: one broadcast of M from rank 0 (replicas that start apart stay apart for ever) · a
///   step: one allreduce for each bucket of layers; by the ring 2(P−1) messages and
///   2(P−1)/P · M_b bytes a rank, and where buckets overlap with backward one empty message of a
///   rank to itself · bucket b is ready at R_b and summed at E_b = max(R_b, E_{b−1}) + T(M_b)
///
///     rank 0   g_0(x) ─┐                   ┌─ x − ηḡ       backward   layer 3 │ layer 2 │ layer 1
///     rank 1   g_1(x) ─┼─ Σ p_r g_r = ḡ ───┼─ x − ηḡ       allreduce           bucket 0│bucket 1
///     rank 2   g_2(x) ─┘                   └─ x − ηḡ
void data_parallel(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer parameters = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};
  const Problem whole = vector_of(problem, comm.size(), learner.size());
  const Entry& allreduce = find_entry(Collective::allreduce, problem.collective);
  const std::vector<Bucket> buckets = buckets_of(problem, learner);
  const bool overlaps =
      problem.strategy[DataParallel::overlap] && buckets.size() > 1 && comm.size() > 1;
  const double weight = weight_of(problem, learner, comm.size());

  start(comm, problem, learner, parameters);
  reporter.report({}, optimiser->estimate(parameters));
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    BucketReduction sum{comm, allreduce, whole, buckets, gradient};
    if (overlaps) {
      sum.begin();
      learner.gradient(comm, parameters, weight, gradient,
                       [&](std::size_t layer) { sum.ready(layer); });
      sum.finish();
    } else {
      learner.gradient(comm, parameters, weight, gradient);
      for (const Bucket& bucket : buckets) sum.reduce(comm, bucket);
    }
    optimiser->step(comm, gradient, parameters);
    if (reporter.report({.step = ++step}, optimiser->estimate(parameters))) break;
  }
  reporter.finish(step, optimiser->estimate(parameters));
}

std::string refusal_of_replicas(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_learner(problem, ranks); !why.empty()) return why;
  const Problem whole = vector_of(problem, ranks, make_model(problem)->size());
  try {
    return find_entry(Collective::allreduce, problem.collective).refusal(whole);
  } catch (const BadInput& unknown) {
    return unknown.what();
  }
}

}  // namespace troupe::algorithms
