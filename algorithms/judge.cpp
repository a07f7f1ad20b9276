#include "algorithms/judge.hpp"

#include <algorithm>

#include "algorithms/data/folds.hpp"

namespace troupe::algorithms {
Judge::Evaluators::Evaluators(const TrainingProblem& problem) : model{make_model(problem)} {
  const auto data = load_dataset(problem);
  const auto evaluator_of = [&](const Dataset& samples) {
    return model->evaluator(problem, model->prepared(samples));
  };
  if (!holds_out(problem.data)) {
    trained_on = evaluator_of(*data);
    return;
  }
  const Split split = split_of(problem.data, data->samples);
  trained_on = evaluator_of(subset(*data, split.training));
  held_out = evaluator_of(subset(*data, split.held_out));
}

const Judge::Evaluators& Judge::evaluators() {
  std::call_once(made_, [this] { evaluators_ = std::make_unique<Evaluators>(problem_); });
  return *evaluators_;
}

Evaluation Judge::evaluate(ConstSlice parameters) {
  const HostView here{parameters};
  const auto bytes = here.slice().bytes();
  {
    const std::lock_guard guard{mutex_};
    if (!judged_.empty() && std::ranges::equal(judged_, bytes)) return evaluation_;
  }
  // Threads evaluate side by side.
  const Evaluation evaluation = evaluate_anew(ViewIn{*problem_.memory, parameters});
  const std::lock_guard guard{mutex_};
  judged_.assign(bytes.begin(), bytes.end());
  evaluation_ = evaluation;
  return evaluation;
}

Evaluation Judge::evaluate_anew(ConstSlice parameters) {
  const Evaluators& by = evaluators();
  Evaluation evaluation = by.trained_on->evaluate(parameters);
  if (by.held_out) {
    const Evaluation other = by.held_out->evaluate(parameters);
    evaluation.held_out_loss = other.loss;
    evaluation.held_out_accuracy = other.accuracy;
  }
  return evaluation;
}

}  // namespace troupe::algorithms
