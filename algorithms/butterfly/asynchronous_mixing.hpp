#pragma once
// Butterfly mixing without waiting: a rank averages with the last value its partner has sent it.

#include <array>
#include <string>

#include "algorithms/butterfly/partners.hpp"
#include "algorithms/inbox.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What asynchronous_mixing can be told.
struct AsynchronousMixing {
  static constexpr const Text& partners = Partners::setting;
  static constexpr const Wholes& digits = Partners::digits;
  static constexpr std::array<std::string_view, 2> orders{"arrival", "cyclic"};
  static constexpr Text order{.name = "order",
                              .fallback = "arrival",
                              .choices = orders,
                              .help =
                                  "arrival: the last value a partner sent, if it is young "
                                  "enough; cyclic: the value it sent when the two last met"};
  static constexpr Whole staleness{
      .name = "staleness",
      .fallback = 8,
      .only = "order is arrival",
      .help = "steps of its own after which a rank ignores what it received"};
  static constexpr Number patience{
      .name = "patience",
      .fallback = 0,
      .only = "order is arrival",
      .help = "seconds to wait for a value young enough before going on alone"};
  static constexpr Flag together{
      .name = "together",
      .only = "order is arrival",
      .help = "a rank ends as soon as all its partners have, done or not"};
  static constexpr std::array<AnySetting, 6> settings{&partners,  &digits,   &order,
                                                      &staleness, &patience, &together};
};

/// Trains, each rank for itself until its steps are done (or, together, its partners' are). A
/// partner from which nothing young enough has come (because it is slow, or lost) is left out: the
/// rank keeps its own value and goes on. Reports the age of what was averaged as staleness.
/// Deterministic in cyclic order. A rank that has reached the stop criteria ends alone. Throws
/// BadInput for what refusal_of_asynchronous_mixing names.
void asynchronous_mixing(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why asynchronous_mixing cannot serve the problem on so many ranks, or empty.
std::string refusal_of_asynchronous_mixing(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
