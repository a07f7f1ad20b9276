#pragma once
// A parameter server: rank 0 keeps the parameters, all others compute gradients.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/inbox.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What parameter_server can be told.
struct ParameterServer {
  static constexpr std::array<std::string_view, 3> modes{"bsp", "ssp", "asp"};
  static constexpr Text mode{.name = "mode",
                             .fallback = "asp",
                             .choices = modes,
                             .help = "synchronous, of bounded staleness, or asynchronous"};
  static constexpr Whole staleness{
      .name = "staleness", .fallback = 3, .help = "of ssp: how many clocks a worker may be ahead"};
  static constexpr const Text& order = Inbox::order_setting;
  static constexpr Flag staleness_aware{.name = "staleness_aware",
                                        .help = "divide the rate by the staleness of each update"};
  static constexpr std::array<AnySetting, 4> settings{&mode, &staleness, &order, &staleness_aware};
};

/// Trains with rank 0 as the server and the others as workers. The mode:
///   bsp: waits for all workers of a clock and applies the mean of their gradients once ·
///   ssp: applies each gradient at arrival; a worker may start clock c only when all have completed
///   clock c − staleness · asp: the same without that bound.
/// ssp and asp take each gradient with the full rate, so that one clock of ssp with bound 0 goes as
/// far as one of bsp with `workers` times the rate. The server hands out steps · workers gradients
/// in all, to whoever asks; it alone reports, with the staleness of every update, and ends with the
/// parameters. Deterministic in mode bsp and in cyclic order. Throws BadInput for what
/// refusal_of_parameter_server names.
void parameter_server(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why parameter_server cannot serve the problem on so many ranks, or empty.
std::string refusal_of_parameter_server(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
