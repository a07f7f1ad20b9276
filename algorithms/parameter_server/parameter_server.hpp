#pragma once
// A parameter server: some ranks keep the parameters, the others compute gradients.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/footprint.hpp"
#include "algorithms/inbox.hpp"
#include "algorithms/parameter_server/stale_gradients.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What parameter_server can be told.
struct ParameterServer {
  static constexpr std::array<std::string_view, 3> modes{"bsp", "ssp", "asp"};
  /// The names of MXNet's KVStore; a store on one machine (local, device) is synchronous.
  static constexpr std::array<Alias, 5> stores{{{"dist_sync", "bsp"},
                                                {"dist_device_sync", "bsp"},
                                                {"dist_async", "asp"},
                                                {"local", "bsp"},
                                                {"device", "bsp"}}};
  static constexpr Text mode{.name = "mode",
                             .fallback = "asp",
                             .choices = modes,
                             .aliases = stores,
                             .help = "synchronous, of bounded staleness, or asynchronous"};
  static constexpr Whole staleness{.name = "staleness",
                                   .fallback = 3,
                                   .only = "mode is ssp",
                                   .help = "how many clocks a worker may be ahead"};
  static constexpr Text order = Inbox::order_setting.where("mode is not bsp");
  static constexpr Whole servers{.name = "servers",
                                 .fallback = 1,
                                 .least = 1,
                                 .most = 1'000'000,
                                 .help = "each with a part of the parameters"};
  static constexpr std::array<std::string_view, 2> dealings{"range", "hash"};
  static constexpr Text keys{.name = "keys",
                             .fallback = "range",
                             .choices = dealings,
                             .only = "servers is not 1",
                             .help = "a server has parameters side by side, or those of a hash"};
  static constexpr Flag colocated{.name = "colocated",
                                  .help = "workers on the servers' ranks too, as flows beside"};
  static constexpr Flag staleness_aware = Staleness::aware.where("mode is not bsp");
  static constexpr Text compensation = Staleness::compensation.where("mode is not bsp");
  static constexpr std::array<AnySetting, 11> settings{&mode,
                                                       &staleness,
                                                       &order,
                                                       &servers,
                                                       &keys,
                                                       &colocated,
                                                       &staleness_aware,
                                                       &compensation,
                                                       &Staleness::lambda,
                                                       &Staleness::adaptive_lambda,
                                                       &Staleness::mean_square};
};

/// Trains with ranks 0 … servers−1 as servers and the others (or all, colocated) as workers. The
/// mode:
///   bsp: waits for all workers of a clock and applies the mean of their gradients once ·
///   ssp: applies each gradient at arrival; a worker may start clock c only when all have completed
///   clock c − staleness · asp: the same without that bound.
/// ssp and asp take each gradient with the full rate, so that one clock of ssp with bound 0 goes as
/// far as one of bsp with `workers` times the rate. Server 0 hands out steps · workers gradients
/// in all, to whoever asks; it alone reports, with the staleness of every update, and ends with the
/// parameters. Deterministic in mode bsp and in cyclic order. Throws BadInput for what
/// refusal_of_parameter_server names.
void parameter_server(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why parameter_server cannot serve the problem on so many ranks, or empty.
std::string refusal_of_parameter_server(const TrainingProblem& problem, int ranks);

/// A server, one of its workers (the larger), or both where they are colocated.
Footprint footprint_of_parameter_server(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
