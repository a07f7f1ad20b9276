#include "algorithms/map_reduce/cross_validation.hpp"

#include <algorithm>
#include <memory>
#include <numeric>

#include "algorithms/data/folds.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

/// The problem without one of the folds, to be judged by whoever trains it.
TrainingProblem without_fold(const TrainingProblem& problem, std::int64_t fold) {
  TrainingProblem rest = problem;
  rest.data.folds = problem.strategy[CrossValidation::folds];
  rest.data.fold = fold;
  rest.data.partition = DataChoice{}.partition;  // of one shard, all are the same samples
  rest.evaluate_every = 1;
  rest.evaluate_on = "all";
  rest.judge.reset();
  return rest;
}

}  // namespace

/// K-fold cross-validation (Stone, J. Royal Statistical Society B 36(2), 1974): what a model is
/// worth on samples that it has not seen, from K of them. Nothing is shared but the scores.
///   rank r: folds r, r + P, …: `steps` steps on all other samples, then its score
///   K steps of `steps` gradients in all, ⌈K/P⌉ one after the other · one allreduce of K doubles
///
///     P = 2, K = 5    rank 0  [·▓▓▓▓] [▓▓·▓▓] [▓▓▓▓·] ─┐ scores      · held out
///                     rank 1  [▓·▓▓▓] [▓▓▓·▓] ─────────┘ of all      ▓ trained on
void cross_validation(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  const auto folds = static_cast<int>(problem.strategy[CrossValidation::folds]);
  TrainingProblem rest = without_fold(problem, comm.rank() % folds);
  const Learner first{rest, 0, 1};
  const Buffer x = make_buffer(problem, first.size());
  const Buffer gradient = make_buffer(problem, first.size());
  first.initialise(comm, x);
  Reporter reporter{comm, rest, first, log, folds};
  reporter.report({}, x);
  const auto pass = [&](int from, int to) {  // folds of others: as far as that, nothing to say
    for (int fold = from; fold < std::min(to, folds); ++fold)
      reporter.report({.step = fold + 1}, {});
  };
  pass(0, comm.rank());

  std::unique_ptr<Optimiser> optimiser = make_optimiser(problem, x.slice().size());
  const auto scores = cross_validate(comm, folds, [&](int fold) {
    rest = without_fold(problem, fold);
    Learner learner{rest, 0, 1};
    optimiser = make_optimiser(problem, learner.size());
    learner.initialise(comm, x);
    for (std::int64_t step = 0; step < problem.stop.steps; ++step) {
      learner.gradient(comm, x, 1, gradient);
      optimiser->step(comm, gradient, x);
    }
    const ConstSlice learnt = optimiser->estimate(x);
    Reporter{comm, rest, learner, log, folds}.report({.step = fold + 1}, learnt);
    pass(fold + 1, fold + comm.size());
    const auto evaluation = learner.evaluate(learnt);
    return evaluation ? evaluation->held_out_loss.value_or(0) : 0;
  });
  log.finished(comm.rank(), optimiser->estimate(x));
  if (comm.rank() == 0 && !problem.phantom)
    log.note("the loss on held-out samples is " +
             std::to_string(std::accumulate(scores.begin(), scores.end(), 0.0) / folds) +
             " in the mean of " + std::to_string(folds) + " folds");
}

std::string refusal_of_cross_validation(const TrainingProblem& problem, int) {
  if (holds_out(problem.data))
    return "holds out a fold at a time: leave data.folds and data.held_out alone";
  if (stops_on_values(problem.stop)) return "trains each fold for as long: stop after steps alone";
  return refusal_of_learner(without_fold(problem, 0), 1);
}

}  // namespace troupe::algorithms
