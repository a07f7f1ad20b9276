#pragma once
// Who says what parameters are worth, over the samples of all shards. The ranks of a process share
// one: each would otherwise prepare all samples for itself, and replicas that are equal would be
// evaluated as often as there are ranks.

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {

/// Judges where the problem's values are: on a device, if its memory is one's, with all samples
/// there. Callable from several threads where the problem's memory is. Takes no memory until
/// something is judged.
class Judge {
 public:
  /// The problem's memory must outlive it.
  explicit Judge(TrainingProblem problem) : problem_{std::move(problem)} {}

  /// Of parameters in any memory, off the clock and without messages. The parameters of the last
  /// call are not evaluated again. EXPECTS values.
  Evaluation evaluate(ConstSlice parameters);
  /// x* of the samples that are trained on; nothing where the model does not know it.
  std::span<const double> optimum() { return evaluators().trained_on->optimum(); }

 private:
  /// Whoever evaluates on the samples that are trained on, and on those held out.
  struct Evaluators {
    explicit Evaluators(const TrainingProblem& problem);
    std::unique_ptr<Model> model;
    std::unique_ptr<Evaluator> trained_on, held_out;
  };
  const Evaluators& evaluators();
  Evaluation evaluate_anew(ConstSlice parameters);

  TrainingProblem problem_;
  std::once_flag made_;
  std::unique_ptr<Evaluators> evaluators_;
  std::mutex mutex_;  // of what follows
  std::vector<std::byte> judged_;
  Evaluation evaluation_;
};

}  // namespace troupe::algorithms
