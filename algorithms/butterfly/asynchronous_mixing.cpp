#include "algorithms/butterfly/asynchronous_mixing.hpp"

#include <algorithm>
#include <optional>

#include "algorithms/butterfly/mailbox.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

/// One rank's exchange with its partners of a step.
class Exchange {
 public:
  Exchange(Communicator& comm, const TrainingProblem& problem, std::size_t size)
      : comm_{comm},
        partners_{problem.strategy, comm.size(), problem.seed},
        in_turn_{problem.strategy[AsynchronousMixing::order] == "cyclic"},
        limit_{problem.strategy[AsynchronousMixing::staleness]},
        patience_{problem.strategy[AsynchronousMixing::patience]},
        together_{!in_turn_ && problem.strategy[AsynchronousMixing::together]},
        mailbox_{comm, problem, size, partners_.ever(comm.rank()), in_turn_},
        met_(static_cast<std::size_t>(comm.size()), false) {}

  /// Sends x to the partners of the step and averages it with what there is of theirs. The oldest
  /// age that went in, if any.
  std::optional<double> mix(std::int64_t step, Slice x) {
    const std::vector<Rank> partners = partners_.of(comm_.rank(), step);
    mailbox_.listen(step);
    for (const Rank partner : partners) mailbox_.send(partner, x);
    std::optional<double> oldest;
    int averaged = 1;
    for (const Rank partner : partners) {
      if (!find_value_of(partner)) continue;
      compute(comm_, Axpy{1, mailbox_.value(partner), x});
      oldest = std::max(oldest.value_or(0), static_cast<double>(mailbox_.age(partner)));
      ++averaged;
    }
    if (averaged > 1) compute(comm_, Scale{1.0 / averaged, x});
    return oldest;
  }
  /// True where ranks end together and all partners have.
  bool is_over() const { return together_ && mailbox_.is_alone(); }
  void close() { mailbox_.close(); }

 private:
  bool find_value_of(Rank partner) {
    if (in_turn_) {
      const bool first = !met_[static_cast<std::size_t>(partner)];
      met_[static_cast<std::size_t>(partner)] = true;
      return !first && mailbox_.next(partner);
    }
    if (patience_ > 0) mailbox_.listen_for(partner, limit_, comm_.now() + Seconds{patience_});
    return mailbox_.has(partner, limit_);
  }

  Communicator& comm_;
  Partners partners_;
  bool in_turn_;
  std::int64_t limit_;
  double patience_;
  bool together_;
  Mailbox mailbox_;
  std::vector<bool> met_;
};

}  // namespace

/// Asynchronous butterfly mixing (Zhao and Canny, SDM 2013, with the last value received instead of
/// the present one; bounded age as in Tsitsiklis, Bertsekas and Athans 1986).
///   x_r ← x_r − η g_r(x_r);   send x_r to q;   x_r ← (x_r + x̂_q) / 2, where x̂_q is the last that
///   came from q, if it is at most `staleness` steps old
///   a step: 1 message of M a rank at most, overlapped with the next gradient; at the end 1 empty
///   message to each partner
///
///     rank 0  ●──g──●──g──●──g──●──g──●        nobody waits; what rank 1 sent after its first
///                ╲ ╱ ╲     ╲   ╱               gradient serves rank 0 until it is too old
///     rank 1  ●───g────╳──────●────g──
void asynchronous_mixing(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const double weight = learner.share() * comm.size();
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer parameters = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  Exchange exchange{comm, problem, learner.size()};
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  learner.initialise(comm, parameters);
  reporter.report({}, parameters);
  std::int64_t step = 0;
  while (step < problem.stop.steps && !exchange.is_over()) {
    learner.gradient(comm, parameters, weight, gradient);
    optimiser->step(comm, gradient, parameters);
    const auto age = exchange.mix(step, parameters);
    if (reporter.report({.step = ++step, .staleness = age}, parameters)) break;
  }
  exchange.close();
  reporter.finish(step, parameters);
}

std::string refusal_of_asynchronous_mixing(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_partners(problem.strategy, ranks); !why.empty())
    return why;
  return refusal_of_learner(problem, ranks);
}

}  // namespace troupe::algorithms
