#include "algorithms/butterfly/butterfly_mixing.hpp"

#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {

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
  const Choice& stated = problem.strategy;
  const std::int64_t rounds = stated[ButterflyMixing::mixing_rounds];
  const bool with_gradient = stated[ButterflyMixing::with_gradient];
  const Partners partners{stated, comm.size(), problem.seed};
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer both = make_buffer(problem, 2 * learner.size());
  const Slice parameters = both.slice().first(learner.size());
  const Slice gradient = both.slice().drop(learner.size());
  const Slice shared = with_gradient ? both.slice() : parameters;
  Mixer mixer{stated[ButterflyMixing::form], shared, partners.most()};
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  initialise_replica(comm, problem, learner, parameters);
  reporter.report({}, parameters);
  std::int64_t step = 0, round = 0;
  while (step < problem.stop.steps) {
    const bool active = Turns::has(stated, comm.rank(), step, comm.size(), problem.seed);
    Figures figures{.step = ++step};
    if (active) learner.gradient(comm, parameters, weight, gradient);
    else if (with_gradient) compute(comm, Fill{0, gradient});
    if (active && !with_gradient) optimiser->step(comm, gradient, parameters);
    for (std::int64_t i = 0; i < rounds; ++i)
      mixer.mix(comm, partners.of(comm.rank(), round++), shared);
    if (with_gradient) optimiser->step(comm, gradient, parameters);
    if (reporter.is_due(step)) figures.disagreement = mixer.apart(shared);
    const bool enough = reporter.report(figures, parameters);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, parameters);
}

std::string refusal_of_butterfly(const TrainingProblem& problem, int ranks) {
  const Choice& stated = problem.strategy;
  if (const std::string why = refusal_of_partners(stated, ranks); !why.empty()) return why;
  if (stated[ButterflyMixing::form] != "average" &&
      Partners{stated, ranks, problem.seed}.most() > 1)
    return "form \"" + stated[ButterflyMixing::form] +
           "\" is for two partners; of a group only \"average\" is made";
  return refusal_of_learner(problem, ranks);
}

}  // namespace troupe::algorithms
