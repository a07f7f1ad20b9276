#include "algorithms/reporter.hpp"

#include <cmath>

#include "algorithms/allreduce/allreduce.hpp"

namespace troupe::algorithms {

Reporter::Reporter(const Communicator& comm, const TrainingProblem& problem, const Learner& learner,
                   TrainingLog& log, std::int64_t last)
    : comm_{comm}, problem_{problem}, learner_{learner}, log_{log}, last_{last} {}

bool Reporter::is_due(std::int64_t step) const {
  const std::int64_t every = problem_.evaluate_every;
  return step == last_ || (every > 0 && step % every == 0) || is_check(step);
}

bool Reporter::report(const Figures& figures, ConstSlice parameters,
                      std::span<const double> gradient) {
  if (!is_due(figures.step)) return tell(figures, reported_at_, false, parameters, gradient);
  reported_ = figures.step;
  reported_at_ = comm_.now();
  return tell(figures, reported_at_, true, parameters, gradient);
}
void Reporter::finish(std::int64_t step, ConstSlice parameters) {
  const Seconds ended = step == reported_ ? reported_at_ : comm_.now();
  if (step != evaluated_) tell({.step = step}, ended, true, parameters, {});
  log_.finished(comm_.rank(), parameters);
}

bool Reporter::tell(Figures figures, Seconds time, bool due, ConstSlice parameters,
                    std::span<const double> gradient) {
  figures.rank = comm_.rank();
  figures.time = time;
  figures.due = due;
  if (!due) {
    log_.record(figures, {});
    return false;
  }
  if (!parameters.empty()) evaluated_ = figures.step;
  if (evaluating_.count() > 0) figures.evaluating = evaluating_.count();
  const Seconds begin = comm_.now();
  const bool evaluates =
      problem_.evaluate_on == "all" || comm_.rank() == 0 || stops_on_values(problem_.stop);
  if (const auto evaluation = evaluates ? learner_.evaluate(parameters) : std::nullopt) {
    figures.loss = evaluation->loss;
    figures.gap = evaluation->gap;
    figures.error = evaluation->error;
    figures.accuracy = evaluation->accuracy;
    figures.held_out_loss = evaluation->held_out_loss;
    figures.held_out_accuracy = evaluation->held_out_accuracy;
  }
  for (const auto& loss : {figures.loss, figures.batch_loss})
    if (loss && !std::isfinite(*loss) && !problem_.stop.may_diverge)
      throw Diverged("training diverged: the loss of rank " + std::to_string(comm_.rank()) +
                     " is " + (std::isnan(*loss) ? "nan" : std::to_string(*loss)) + " after step " +
                     std::to_string(figures.step));
  log_.record(figures, {parameters, gradient});
  evaluating_ = comm_.now() - begin;
  const auto reached = [](const std::optional<double>& value, const std::optional<double>& goal) {
    return value && goal && *value <= *goal;
  };
  const StopChoice& stop = problem_.stop;
  return reached(figures.loss ? figures.loss : figures.batch_loss, stop.loss) ||
         reached(figures.gap, stop.gap) || reached(figures.error, stop.error) ||
         (figures.accuracy && stop.accuracy && *figures.accuracy >= *stop.accuracy) ||
         out_of_patience(figures.step, figures.loss ? figures.loss : figures.batch_loss) ||
         reached(figures.disagreement, stop.disagreement);
}

bool Reporter::out_of_patience(std::int64_t step, const std::optional<double>& loss) {
  if (!problem_.stop.patience || !loss) return false;
  if (!least_loss_ || *loss < *least_loss_) {
    least_loss_ = loss;
    least_step_ = step;
  }
  const auto epoch = static_cast<std::int64_t>(learner_.batches_per_epoch());
  return step - least_step_ >= *problem_.stop.patience * epoch;
}

bool Reporter::is_check(std::int64_t step) const {
  const StopChoice& stop = problem_.stop;
  return stops_on_values(stop) && stop.check_every > 0 && step % stop.check_every == 0;
}

bool stops_on_values(const StopChoice& stop) {
  return stop.loss || stop.gap || stop.error || stop.accuracy || stop.disagreement || stop.patience;
}

double agreed(Communicator& comm, Op op, double value) {
  recursive_doubling_allreduce(comm, std::span{&value, 1}, op);
  return value;
}

}  // namespace troupe::algorithms
