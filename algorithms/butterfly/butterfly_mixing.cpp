#include "algorithms/butterfly/butterfly_mixing.hpp"

#include <bit>

#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag mix{0};

int stages_of(int ranks) { return std::bit_width(static_cast<unsigned>(ranks)) - 1; }

/// How far apart two were, relative to their mean, of which one is left.
std::optional<double> distance_before(ConstSlice mean, ConstSlice theirs) {
  auto distance = relative_distance(mean, theirs);
  if (distance) *distance *= 2;
  return distance;
}

}  // namespace

Rank butterfly_partner(Rank rank, std::int64_t stage, int ranks) {
  return rank ^ (1 << (stage % stages_of(ranks)));
}

void average_with(Communicator& comm, Rank partner, Slice x, Slice theirs) {
  exchange(comm, mix, x, partner, theirs, partner);
  compute(comm, Reduce{Op::sum, x, theirs});
  compute(comm, Scale{0.5, x});
}

/// Butterfly mixing (Zhao and Canny, SDM 2013): stochastic gradient descent with one stage of a
/// butterfly after each gradient instead of a whole allreduce.
///   x_r ← x_r − η g_r(x_r);   q = r XOR 2^(t mod log2 P);   x_r ← (x_r + x_q) / 2
///   a step: 1 message of M a rank (a ring allreduce: 2(P−1) messages, 2(P−1)/P · M)
///   η = 0: after log2 P steps every rank has the exact mean; Σ x_r never changes
///
///     t = 0      t = 1      t = 2          mixing_rounds = log2 P makes it allreduce SGD
///     0 ─ 1      0   1      0   4
///     2 ─ 3      │ × │      │ … │          both partners add the same two numbers, so the same
///     4 ─ 5      2   3      3   7          bits result on both sides
void butterfly_mixing(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const double weight = learner.share() * comm.size();
  const std::int64_t rounds = problem.strategy[ButterflyMixing::mixing_rounds];
  const bool rotates = problem.strategy[ButterflyMixing::partners] == "butterfly";
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer parameters = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  const Buffer theirs = make_buffer(problem, learner.size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  learner.initialise(comm, parameters);
  reporter.report({}, parameters);
  std::int64_t step = 0, stage = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    learner.gradient(comm, parameters, weight, gradient);
    optimiser->step(comm, gradient, parameters);
    for (std::int64_t round = 0; round < rounds; ++round) {
      const Rank partner = butterfly_partner(comm.rank(), stage, comm.size());
      if (rotates) ++stage;
      average_with(comm, partner, parameters, theirs);
      if (reporter.is_due(step)) figures.disagreement = distance_before(parameters, theirs);
    }
    const bool enough = reporter.report(figures, parameters);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, parameters);
}

std::string refusal_of_butterfly(const TrainingProblem& problem, int ranks) {
  if (ranks < 2 || !std::has_single_bit(static_cast<unsigned>(ranks)))
    return "needs a power of two of ranks, " + std::to_string(ranks) + " given";
  return refusal_of_learner(problem, ranks);
}

}  // namespace troupe::algorithms
