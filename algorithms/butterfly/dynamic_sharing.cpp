#include "algorithms/butterfly/dynamic_sharing.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "algorithms/butterfly/mixing.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

/// Everybody but this rank, or the partners of a round.
class Scope {
 public:
  Scope(const TrainingProblem& problem, const Communicator& comm) : rank_{comm.rank()} {
    if (problem.strategy[DynamicSharing::scope] == "partners")
      partners_.emplace(problem.strategy, comm.size(), problem.seed);
    for (Rank rank = 0; rank < comm.size(); ++rank)
      if (rank != rank_) others_.push_back(rank);
  }
  std::size_t most() const { return partners_ ? partners_->most() : others_.size(); }
  std::vector<Rank> next() { return partners_ ? partners_->of(rank_, round_++) : others_; }

 private:
  Rank rank_;
  std::optional<Partners> partners_;
  std::vector<Rank> others_;
  std::int64_t round_ = 0;
};

/// vector[i] ← vector[i] / its last value, which becomes 1.
void divide_by_last(Communicator& comm, Slice vector) {
  const auto divide = [vector] {
    const auto scaled = [](auto values) {
      const auto last = values.back();
      for (auto& each : values) each /= last;
    };
    if (vector.dtype() == Dtype::float32) scaled(vector.host<float>());
    else scaled(vector.host<double>());
  };
  compute(comm, Opaque{.reads = {vector},
                       .writes = {vector},
                       .work = {Flops{static_cast<double>(vector.size())},
                                Bytes{2 * vector.size_bytes()}},
                       .body = divide});
}

/// When one rank shares, and what becomes of its parameters then.
class Sharing {
 public:
  Sharing(Communicator& comm, const TrainingProblem& problem, Learner& learner, Slice weighted)
      : comm_{comm},
        problem_{problem},
        learner_{learner},
        rule_{problem.strategy[DynamicSharing::rule]},
        limit_{problem.strategy[DynamicSharing::divergence]},
        period_{problem.strategy[DynamicSharing::period]},
        weighted_{weighted},
        parameters_{weighted.first(learner.size())},
        reference_{parameters_, learner.size()},
        scope_{problem, comm},
        mixer_{"average", rule_ == "loss_weighted" ? weighted : parameters_, scope_.most()} {}

  /// Parameters are as they start.
  void begin() {
    compute(comm_, Copy{reference_.all(), parameters_});
    if (rule_ == "adaptive_period") first_loss_ = mean_loss();
  }
  /// After each step.
  void act(std::int64_t step) {
    if (rule_ == "none" || step < last_ + period_) return;
    if (rule_ == "divergence" && std::isinf(limit_)) return;
    last_ = step;
    if (rule_ == "divergence" && !somebody_is_far()) return;
    if (rule_ == "loss_weighted") share_by_loss();
    else mixer_.mix(comm_, scope_.next(), parameters_);
    compute(comm_, Copy{reference_.all(), parameters_});
    if (rule_ == "adaptive_period")
      period_ = adapted_period(mean_loss(), first_loss_, problem_.strategy[DynamicSharing::period]);
  }

 private:
  /// Dynamic averaging (Kamp et al. 2018): one rank's violation makes all share. A vote of 8 bytes.
  bool somebody_is_far() {
    const std::vector<double> x = to_doubles(parameters_), before = to_doubles(reference_.all());
    double squares = 0;
    for (std::size_t i = 0; i < x.size(); ++i) squares += (x[i] - before[i]) * (x[i] - before[i]);
    return agreed(comm_, Op::max, parameters_.is_phantom() || squares > limit_ ? 1 : 0) > 0;
  }
  void share_by_loss() {
    const double loss = my_loss(), sharpness = problem_.strategy[DynamicSharing::sharpness];
    compute(comm_, Fill{1, weighted_.drop(learner_.size())});
    compute(comm_, Scale{std::exp(-std::min(sharpness * loss, 600.0)), weighted_});
    mixer_.mix(comm_, scope_.next(), weighted_);
    divide_by_last(comm_, weighted_);
  }
  /// Of this rank's shard, known from the way forwards: off the clock.
  double my_loss() const {
    if (parameters_.is_phantom()) return 1;
    return learner_.model().score(parameters_, learner_.whole()).loss;
  }
  double mean_loss() { return agreed(comm_, Op::sum, my_loss()) / comm_.size(); }

  Communicator& comm_;
  const TrainingProblem& problem_;
  Learner& learner_;
  std::string rule_;
  double limit_;
  std::int64_t period_, last_ = 0;
  Slice weighted_, parameters_;  // parameters and, behind them, room for their weight
  Scratch reference_;            // what was last shared
  Scope scope_;
  Mixer mixer_;
  double first_loss_ = 1;
};

}  // namespace

std::int64_t adapted_period(double loss, double first_loss, std::int64_t first) {
  const double part = std::sqrt(std::max(loss, 0.0) / first_loss);
  return std::max<std::int64_t>(
      1, static_cast<std::int64_t>(std::ceil(part * static_cast<double>(first))));
}

/// Dynamic sharing: each rank trains by itself, and a rule of the state says when to average.
///   divergence: every `period` steps share if ‖x_r − x_last shared‖² > Δ anywhere (Kamp et al.
///   2018) · adaptive_period: H ← ⌈√(F/F_0) H_0⌉ (AdaComm, Wang and Joshi 2019) · loss_weighted:
///   x ← Σ e^(−κ F_r) x_r / Σ e^(−κ F_r) every `period` steps
///   a check: log2 P messages of 8 bytes · a sharing: 1 message of M to each
///   other rank of the scope; adaptive_period adds a check for the loss
///
///     x_0  ●─g─g─g─┐              ┌─g─g─g─g─g─┐        Δ = 0: at every check
///     x_1  ●─g─g─g─┤ far enough?  ├─g─g─g─g─g─┤  …     Δ = ∞: never, and no message
///     x_2  ●─g─g─g─┘  yes: mean   └─g─g─g─g─g─┘
void dynamic_sharing(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const double weight = learner.share() * comm.size();
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer weighted = make_buffer(problem, learner.size() + 1);
  const Slice parameters = weighted.slice().first(learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  Sharing sharing{comm, problem, learner, weighted};
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  learner.initialise(comm, parameters);
  sharing.begin();
  reporter.report({}, parameters);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    learner.gradient(comm, parameters, weight, gradient);
    optimiser->step(comm, gradient, parameters);
    sharing.act(++step);
    const bool enough = reporter.report({.step = step}, parameters);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, parameters);
}

std::string refusal_of_dynamic_sharing(const TrainingProblem& problem, int ranks) {
  if (problem.strategy[DynamicSharing::scope] == "partners")
    if (const std::string why = refusal_of_partners(problem.strategy, ranks); !why.empty())
      return why;
  return refusal_of_learner(problem, ranks);
}

}  // namespace troupe::algorithms
