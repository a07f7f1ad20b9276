#include "algorithms/models/network_settings.hpp"

#include <algorithm>

namespace troupe::algorithms {

ActivationKind NetworkSettings::activation_of(const Choice& choice) {
  const auto found = std::ranges::find(activations, choice[activation]);
  EXPECTS(found != activations.end(), "the setting is one of its choices");
  return static_cast<ActivationKind>(found - activations.begin());
}

LossKind NetworkSettings::loss_of(const Choice& choice, const DataShape& shape) {
  const std::string name = choice[loss];
  const bool has_classes = name == "auto" ? shape.classes > 0 : name == "softmax_cross_entropy";
  return has_classes ? LossKind::softmax_cross_entropy : LossKind::squared_error;
}

std::string NetworkSettings::refusal(const TrainingProblem& problem, const DataShape& shape) {
  const bool wants_classes = loss_of(problem.model, shape) == LossKind::softmax_cross_entropy;
  if (wants_classes == (shape.classes > 0)) return {};
  return "loss \"" + problem.model[loss] + "\" needs " +
         (wants_classes ? "classes, data \"" : "targets, data \"") + problem.data.kind() +
         (wants_classes ? "\" has targets" : "\" has classes");
}

}  // namespace troupe::algorithms
