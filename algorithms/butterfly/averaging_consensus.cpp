#include "algorithms/butterfly/averaging_consensus.hpp"

#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {

MeanEstimate::MeanEstimate(Communicator& comm, const Partners& partners, ConstSlice x)
    : partners_{partners}, estimate_{x, x.size()}, mixer_{"average", x, partners.most()} {
  compute(comm, Copy{estimate_.all(), x});
}

void MeanEstimate::update(Communicator& comm, Slice change) {
  mixer_.mix(comm, partners_.of(comm.rank(), round_++), estimate_.all());
  compute(comm, Axpy{1, change, estimate_.all()});
}

/// Dynamic average consensus with a pull towards the mean (the article's DMA; the pull is that of
/// Zhang, Choromanska and LeCun 2015).
///   x' ← x_r − η g_r(x_r);   m_r ← Σ_j W_rj m_j + (x' − x_r);   x_r ← x' + ρ (m_r − x')
///   a step: 1 message of M to each partner, as mixing · Σ m_r = Σ x_r at all times, since the
///   pulls of all ranks cancel: they are not counted as changes of x, so that ρ = 1 is mixing
///   (counted, they would make ρ = 1 unstable where W has an eigenvalue below −1/3)
///
///     x   ●──g──●─ρ─●──g──●─ρ─●        ρ = 0: everybody trains alone, and knows the mean
///                ╲ ╱       ╲ ╱
///     m   ●───W───●────W────●          frozen x: m is the exact mean after log2 P rounds
void averaging_consensus(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const double weight = learner.share() * comm.size();
  const double pull = problem.strategy[AveragingConsensus::pull];
  const Partners partners{problem.strategy, comm.size(), problem.seed};
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer parameters = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  const Buffer change = make_buffer(problem, learner.size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  learner.initialise(comm, parameters);
  MeanEstimate mean{comm, partners, parameters};
  reporter.report({}, parameters);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    compute(comm, Copy{change, parameters});
    learner.gradient(comm, parameters, weight, gradient);
    optimiser->step(comm, gradient, parameters);
    compute(comm, Scale{-1, change});
    compute(comm, Axpy{1, parameters, change});
    mean.update(comm, change);
    compute(comm, Interpolate{.weight = pull, .from = mean.value(), .into = parameters});
    const bool enough = reporter.report({.step = ++step}, parameters);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, parameters);
}

std::string refusal_of_averaging_consensus(const TrainingProblem& problem, int ranks) {
  const std::string why = refusal_of_partners(problem.strategy, ranks);
  return why.empty() ? refusal_of_learner(problem, ranks) : why;
}

}  // namespace troupe::algorithms
