#pragma once
// The staleness of workers that cost the same, as a statement about any machine: a world is
// anything that runs a program on so many ranks. On a simulated one where all workers and links are
// equal it holds in order of arrival; on any other, in cyclic order.

#include <functional>

#include "algorithms/strategies.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

using Program = std::function<void(Communicator&)>;
/// Runs the program on so many ranks of one process and returns when all are done.
using World = std::function<void(int ranks, const Program& program)>;

/// Trains the standard problem with one server and `workers` equal workers, by "parameter_server"
/// or "downpour", served in the given order. Phantom where told, since staleness has no values.
void train_equal_workers(const World& world, const std::string& strategy, int workers,
                         const std::string& order, bool phantom, TrainingHistory& history);

/// EXPECTs each update to have the staleness of equal service: exactly W−1, but for the first of
/// each worker, which found the updates of those before it (0, 1, …, W−1); and every worker to have
/// been served as often as any other.
void expect_staleness_of_equal_workers(const TrainingHistory& history, int workers);

}  // namespace troupe::algorithms
