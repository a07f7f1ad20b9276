#pragma once
// Dynamic sharing of parameters (the article's DPSH): a rule looks at the state of training and
// says when parameters are averaged, with whom, and with which weights.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/butterfly/partners.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What dynamic_sharing can be told.
struct DynamicSharing {
  static constexpr std::array<std::string_view, 4> rules{"divergence", "adaptive_period",
                                                         "loss_weighted", "none"};
  static constexpr Text rule{
      .name = "rule",
      .fallback = "divergence",
      .choices = rules,
      .help =
          "share when somebody has gone far enough, ever more often as the loss falls, "
          "periodically with weights by loss, or never"};
  static constexpr std::array<std::string_view, 2> scopes{"all", "partners"};
  static constexpr Text scope{.name = "scope",
                              .fallback = "all",
                              .choices = scopes,
                              .only = "rule is not none",
                              .help =
                                  "who averages: all ranks, or the partners of the round, a "
                                  "pair or, with digits, a group"};
  static constexpr Text partners = Partners::setting.where("scope is partners");
  static constexpr const Wholes& digits = Partners::digits;
  static constexpr Whole period{.name = "period",
                                .fallback = 5,
                                .least = 1,
                                .only = "rule is not none",
                                .help =
                                    "steps between two checks; the first period of "
                                    "adaptive_period"};
  static constexpr Number divergence{
      .name = "divergence",
      .fallback = 0,
      .unbounded = true,
      .only = "rule is divergence",
      .help =
          "the squared distance from what was last shared that is let pass; null: any, so that "
          "nobody votes or shares"};
  static constexpr Number sharpness{
      .name = "sharpness",
      .fallback = 1,
      .only = "rule is loss_weighted",
      .help = "the weight is exp(-sharpness * loss); 0: the plain mean"};
  static constexpr std::array<AnySetting, 7> settings{&rule,   &scope,      &partners, &digits,
                                                      &period, &divergence, &sharpness};
};

/// Trains. When parameters are shared depends on their values; a run on sizes alone shares at each
/// check, and its losses never fall. Deterministic on every backend. Throws BadInput for what
/// refusal_of_dynamic_sharing names.
void dynamic_sharing(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why dynamic_sharing cannot serve the problem on so many ranks, or empty.
std::string refusal_of_dynamic_sharing(const TrainingProblem& problem, int ranks);

/// ⌈√(loss / first_loss) · first⌉, at least 1 (Wang and Joshi 2019, equation 18).
std::int64_t adapted_period(double loss, double first_loss, std::int64_t first);

}  // namespace troupe::algorithms
