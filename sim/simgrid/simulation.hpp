#pragma once
// Running a program on every rank of a simulated platform.

#include <functional>
#include <optional>
#include <vector>

#include "core/communicator.hpp"
#include "platforms/facts.hpp"
#include "sim/options.hpp"
#include "sim/simulation_result.hpp"

namespace simgrid::s4u {
class Engine;
class Host;
}  // namespace simgrid::s4u

namespace troupe::sim {

/// Where the ranks of a simulation are and how fast: one entry a rank.
struct Ranks {
  std::vector<simgrid::s4u::Host*> hosts;
  std::vector<Processor> processors;
  /// Where given: each pair of ranks has one connection in each direction, on which messages follow
  /// each other, and queues serve in order (sim/simgrid/connections.hpp), with the latencies of
  /// this model. Else messages that meet share links, whosever they are, as SimGrid has it.
  std::optional<platforms::NetworkModel> connections{};
  /// Hosts have speeds that change during the run.
  bool speeds_change = false;
};

/// The precision of the clock (1e-12 s), and what SimGrid itself prints. Call it after the Engine
/// is made and before anything is loaded; a platform's own settings then win.
void configure_simgrid();

/// Runs `program` once per rank, on the hosts of the engine's platform, to the end. One simulation
/// a process: SimGrid's clock does not start again. Throws what the lowest failing rank threw;
/// Deadlock, naming every blocked rank, when nothing can go on; after an exception the engine must
/// not be used any more.
/// While it goes on, `so_far` can be asked.
SimulationResult simulate(simgrid::s4u::Engine& engine, const Ranks& ranks,
                          const std::function<void(Communicator&)>& program,
                          const Options& options = {}, SoFar* so_far = nullptr);

}  // namespace troupe::sim
