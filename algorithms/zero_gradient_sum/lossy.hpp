#pragma once
// Zero-gradient-sum over edges that fail now and then.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "algorithms/zero_gradient_sum/quadratic_node.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What lossy_zero_gradient_sum can be told.
struct Lossy {
  static constexpr Number loss_probability{
      .name = "loss_probability",
      .fallback = 0.1,
      .most = 1,
      .help = "of a message, or of both of an edge, at each step"};
  static constexpr std::array<std::string_view, 2> whats{"pairs", "messages"};
  static constexpr Text lost{
      .name = "lost",
      .fallback = "pairs",
      .choices = whats,
      .help =
          "pairs: both ends of an edge do without, as after an exchange with acknowledgement; "
          "messages: one end alone, the control"};
  static constexpr std::array<AnySetting, 3> settings{&loss_probability, &lost,
                                                      &StatedStep::rate_is};
};

/// Trains as zero_gradient_sum, with its step. Which messages are lost is drawn from the seed, the
/// same on every backend; the bytes of a lost message are sent and counted.
void lossy_zero_gradient_sum(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why lossy_zero_gradient_sum cannot serve the problem on so many ranks, or empty.
std::string refusal_of_lossy(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
