#pragma once
// What every strategy does after a step besides training: evaluate where it is due, tell the log,
// and see whether that was enough. None of it takes simulated time; only agreed() sends messages.

#include <cstdint>
#include <optional>

#include "algorithms/learner.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"

namespace troupe::algorithms {

class Reporter {
 public:
  /// Reports this rank's steps 1 … `last` (0 where that is not known beforehand). The objects must
  /// outlive it.
  Reporter(const Communicator& comm, const TrainingProblem& problem, const Learner& learner,
           TrainingLog& log, std::int64_t last);

  /// True for the steps whose figures are wanted: every evaluate_every-th, the last, and those at
  /// which all ranks ask each other whether to end.
  bool is_due(std::int64_t step) const;
  /// Completes the figures (step is given; time, rank and, where due, the evaluation are filled in)
  /// and tells the log; parameters may be empty where a rank has none to be judged. True if these
  /// figures satisfy the stop criteria. Throws Diverged where the loss is no longer finite, unless
  /// the problem expects that. The clock is read only for steps that are due (a device is waited
  /// for by who reads it); the others are given the time of the last that was.
  bool report(const Figures& figures, ConstSlice parameters, std::span<const double> gradient = {});
  /// After the last step done: evaluates it if that has not been done, at the time at which it was
  /// reported if it was due (bringing parameters together comes after it), else now, and gives the
  /// log the parameters this rank ends with.
  void finish(std::int64_t step, ConstSlice parameters);
  /// True if all ranks ask each other after this step: one value to be reached by all, and
  /// check_every steps since the last time.
  bool is_check(std::int64_t step) const;

 private:
  bool tell(Figures figures, Seconds time, bool due, ConstSlice parameters,
            std::span<const double> gradient);
  bool out_of_patience(std::int64_t step, const std::optional<double>& loss);

  const Communicator& comm_;
  const TrainingProblem& problem_;
  const Learner& learner_;
  TrainingLog& log_;
  std::int64_t last_;
  std::int64_t evaluated_ = -1;  // the last step that was
  std::int64_t reported_ = -1;   // the last due step that was, and when
  Seconds reported_at_{};
  Seconds evaluating_{};  // of the last due step, on the clock
  std::optional<double> least_loss_;
  std::int64_t least_step_ = 0;  // at which it was
};

/// True if the run may end before its steps are done.
bool stops_on_values(const StopChoice& stop);

/// The least or largest of one value of each rank, known to all ranks afterwards: an allreduce by
/// recursive doubling, in a phantom run too.
double agreed(Communicator& comm, Op op, double value);

}  // namespace troupe::algorithms
