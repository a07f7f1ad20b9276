#pragma once
// Downpour SGD: replicas that train by themselves, fetch parameters now and then, and push what
// gradients they have accrued.

#include <array>
#include <string>

#include "algorithms/footprint.hpp"
#include "algorithms/inbox.hpp"
#include "algorithms/parameter_server/stale_gradients.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What downpour can be told.
struct Downpour {
  static constexpr Whole fetch_every{
      .name = "fetch_every", .fallback = 1, .least = 1, .help = "gradients between two fetches"};
  static constexpr Whole push_every{
      .name = "push_every", .fallback = 1, .least = 1, .help = "gradients between two pushes"};
  static constexpr const Text& order = Inbox::order_setting;
  static constexpr const Flag& staleness_aware = Staleness::aware;
  static constexpr std::array<AnySetting, 8> settings{&fetch_every,
                                                      &push_every,
                                                      &order,
                                                      &staleness_aware,
                                                      &Staleness::compensation,
                                                      &Staleness::lambda,
                                                      &Staleness::adaptive_lambda,
                                                      &Staleness::mean_square};
};

/// Trains with rank 0 as the server and the others as replicas, each of which fetches before every
/// fetch_every-th gradient and pushes after every push_every-th. The server hands
/// out steps · replicas gradients in all, fetch_every at each fetch (the last may exceed the sum);
/// what a replica has accrued after its last push is lost. The server alone reports, with the
/// staleness of every update, and ends with the parameters. Deterministic in cyclic order, in which
/// W replicas that fetch and push at each step have staleness W−1 after their first; in order of
/// arrival others' pushes may be served between a replica's push and its fetch, and equal replicas
/// have W−1 at most. Throws
/// BadInput for what refusal_of_downpour names.
void downpour(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why downpour cannot serve the problem on so many ranks, or empty.
std::string refusal_of_downpour(const TrainingProblem& problem, int ranks);

/// The server, or one of the replicas, if that is larger.
Footprint footprint_of_downpour(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
