#include "algorithms/model_averaging/local_sgd.hpp"

#include <numeric>
#include <optional>
#include <vector>

#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/model_averaging/averaging.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"
#include "core/subset.hpp"

namespace troupe::algorithms {
namespace {

/// The ranks of this rank's group.
std::vector<Rank> group_of(Rank rank, int group_size) {
  std::vector<Rank> group(static_cast<std::size_t>(group_size));
  std::iota(group.begin(), group.end(), rank / group_size * group_size);
  return group;
}

}  // namespace

/// Local SGD (Stich, ICLR 2019), on two levels where there are groups (Lin et al., ICLR 2020):
///   H1 times:  x_r ← x_r − η g_r(x_r)          then, in a group,  x_r ← Σ_q n_q x_q / Σ_q n_q
///   every H2-th time the mean is taken over all ranks instead
///   one allreduce of M every H1 steps: M/H1 of what data parallel sends · H1 = H2 = 1 with plain
///   descent is data parallel · with unlike shards and H1 > 1 the limit is off the optimum
///
///     rank 0   g g g ┐         g g g ┐                ┐ over all
///     rank 1   g g g ┴ mean ── g g g ┴ mean ── … ─────┤
///     rank 2   g g g ┐         g g g ┐                │
///     rank 3   g g g ┴ mean ── g g g ┴ mean ── … ─────┘
void local_sgd(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer x = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};
  const std::int64_t h1 = problem.strategy[LocalSgd::local_steps],
                     h2 = problem.strategy[LocalSgd::group_rounds];
  std::optional<Subset> group;
  double share_in_group = 0;
  if (const auto size = static_cast<int>(problem.strategy[LocalSgd::group_size]); size > 0) {
    group.emplace(comm, group_of(comm.rank(), size), 0);
    share_in_group = learner.share() / agreed(*group, Op::sum, learner.share());
  }

  learner.initialise(comm, x);
  reporter.report({}, x);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    local_steps(comm, learner, *optimiser, 1, gradient, x);
    ++step;
    const bool of_all = step % (group ? h1 * h2 : h1) == 0;
    if (of_all) average(comm, problem, problem.collective, x, learner.share());
    else if (group && step % h1 == 0) average(*group, problem, "ring", x, share_in_group);
    const bool enough = reporter.report({.step = step}, x);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, x);
}

std::string refusal_of_local_sgd(const TrainingProblem& problem, int ranks) {
  const std::int64_t size = problem.strategy[LocalSgd::group_size];
  if (size > 0 && ranks % size != 0)
    return "groups of " + std::to_string(size) + " do not divide " + std::to_string(ranks) +
           " ranks";
  return refusal_of_replicas(problem, ranks);
}

}  // namespace troupe::algorithms
