#pragma once
// Asynchronous decentralised SGD: after each gradient a rank averages with one random neighbour,
// and waits for nobody else.

#include <array>
#include <string>
#include <vector>

#include "algorithms/graph.hpp"
#include "algorithms/inbox.hpp"
#include "algorithms/starting_points.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What ad_psgd can be told. In the order of "arrival" a passive rank serves whoever comes first;
/// in "cyclic" order it serves at its k-th step those who chose it at theirs, by rank, which makes
/// a run the same on every machine, and no longer asynchronous.
struct AdPsgd {
  static constexpr std::array<AnySetting, 2> settings{&Inbox::order_setting,
                                                      &StartingPoints::spread};
};

/// Which ranks are active: two colours, so that each edge joins an active and a passive rank; rank
/// 0 is active. Empty where the graph has an odd cycle.
std::vector<bool> active_ranks(const Graph& graph);

/// Trains any model. A rank that has reached the problem's stop criteria trains no longer, but a
/// passive one serves until all are done. Staleness is how many averages changed the parameters
/// between the read of a gradient and its application.
void ad_psgd(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why ad_psgd cannot serve the problem on so many ranks, or empty.
std::string refusal_of_ad_psgd(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
