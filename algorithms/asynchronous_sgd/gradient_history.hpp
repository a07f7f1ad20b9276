#pragma once
// Descent along a history of gradients, one of each sample: SAG and SAGA, alone or with a server.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/data/sampler.hpp"
#include "algorithms/footprint.hpp"
#include "algorithms/inbox.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What stochastic_average_gradient can be told.
struct GradientHistory {
  static constexpr std::array<std::string_view, 2> variants{"sag", "saga"};
  static constexpr Text variant{.name = "variant",
                                .fallback = "sag",
                                .choices = variants,
                                .help = "sag: along the mean of the history; saga: unbiased"};
  static constexpr const Text& order = Inbox::order_setting;
  static constexpr std::array<AnySetting, 2> settings{&variant, &order};
};

/// Trains on a history of gradients. One rank trains alone. Of several, rank 0 is a server that
/// keeps the parameters and the sum of the history, the others keep that of their samples and push
/// what changes in it, each at the parameters it read last: asynchronous SAG, and ASAGA. A step is
/// a batch of samples, each with its own entry (a batch of 1 is the published method). Memory: one
/// gradient a sample; for a linear model one number would do. The server hands out steps · workers
/// batches, to whoever asks, and alone reports. Deterministic on one rank and in cyclic order.
void stochastic_average_gradient(Communicator& comm, const TrainingProblem& problem,
                                 TrainingLog& log);

/// Why it cannot serve the problem on so many ranks, or empty.
std::string refusal_of_gradient_history(const TrainingProblem& problem, int ranks);

/// The server, or a worker with the history of its shard, if that is larger.
Footprint footprint_of_gradient_history(const TrainingProblem& problem, int ranks);

/// The entries of one shard, zero at first.
class SampleHistory {
 public:
  SampleHistory(Communicator& comm, const TrainingProblem& problem, Learner& learner, int shard);
  /// What a change is made of besides the difference of gradients: two values.
  static constexpr std::size_t extra = 2;
  /// Takes the next batch B and puts its gradients at x into the history. `change` (size + extra) ←
  /// Σ_{j∈B} (∇f_j(x) − g_j), the number of samples that had no entry before, and |B|.
  void renew(Communicator& comm, ConstSlice x, Slice change);
  /// Σ_j g_j over the shard, off the clock.
  std::vector<double> sum() const;

 private:
  Learner& learner_;
  BatchSampler sampler_;
  Buffer entries_;  // g_j, one after another
  Buffer gradient_;
  std::vector<bool> seen_;
};

/// The steps along it, with the sum G of the history and m, the samples that are in it:
///   sag: G ← G + change, x ← x − (η/m) G · saga: x ← x − η (change/|B| + G/n), G ← G + change
class HistoryDescent final : public Optimiser {
 public:
  HistoryDescent(const TrainingProblem& problem, std::size_t size, std::size_t samples_of_all);
  /// `change` is what SampleHistory says, `extra` values longer than the parameters.
  void step(Communicator& comm, Slice change, Slice parameters, double factor = 1) override;
  /// G.
  std::vector<Slice> state() const override;

 private:
  void descend(Communicator& comm, double rate, ConstSlice along, ConstSlice samples, Slice x);
  double rate_;
  bool unbiased_;
  double samples_of_all_;
  Buffer sum_;  // G and m
  bool begun_ = false;
};

}  // namespace troupe::algorithms
