#pragma once
// Federated averaging: a server sends its model out, clients train it on what they alone have, and
// the server moves by the mean of how far they went.

#include <array>
#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What fedavg can be told.
struct FedAvg {
  static constexpr Number fraction{
      .name = "fraction",
      .fallback = 1,
      .most = 1,
      .help = "C: share of the clients that a round asks, one at least"};
  static constexpr Whole epochs{
      .name = "epochs", .fallback = 1, .least = 1, .help = "E: passes over its shard by a client"};
  static constexpr Number clip{
      .name = "clip", .fallback = 0, .help = "largest norm of a client's update; 0: any"};
  static constexpr Number server_rate{
      .name = "server_rate", .fallback = 1, .help = "of the step along the mean of the updates"};
  static constexpr Number proximal{.name = "proximal",
                                   .fallback = 0,
                                   .help = "mu: a client's loss gains mu/2 |x - x_t|^2 (FedProx)"};
  static constexpr std::array<AnySetting, 5> settings{&fraction, &epochs, &clip, &server_rate,
                                                      &proximal};
};

/// Trains with rank 0 as the server and the others as clients, problem.stop.steps rounds. The
/// server alone reports, one step a round, and ends with the parameters. Which clients a round asks
/// is drawn from the problem's seed. Deterministic on every backend.
void fedavg(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why fedavg cannot serve the problem on so many ranks, or empty.
std::string refusal_of_fedavg(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
