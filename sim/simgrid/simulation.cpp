#include "sim/simgrid/simulation.hpp"

#include <xbt/log.h>
#include <simgrid/s4u.hpp>

#include "platforms/simgrid/compat.hpp"
#include "sim/overflow_watch.hpp"
#include "sim/simgrid/world.hpp"

namespace troupe::sim {

void configure_simgrid() {
  using simgrid::s4u::Engine;
  // SimGrid's own words on options, deadlocks and dropped communications; ours say more.
  xbt_log_control_set("xbt_cfg.thres:warning s4u_comm.thres:error s4u_activity.thres:error");
  xbt_log_control_set("ker_engine.app:file:/dev/null ker_engine.add:0");
  // By default events less than 1 ns apart are one: 0.1 % of a step on a network with 1 us of
  // latency.
  std::string precision{platforms::compat::timing_precision};
  Engine::set_config(precision += ":1e-12");
}

SimulationResult simulate(simgrid::s4u::Engine& engine, const Ranks& ranks,
                          const std::function<void(Communicator&)>& program, const Options& options,
                          SoFar* so_far) {
  EXPECTS(!ranks.hosts.empty() && ranks.hosts.size() == ranks.processors.size(),
          "a simulation has at least one rank, and a processor for each");
  simgrid_world::World world{ranks, options};
  if (so_far) {
    so_far->rank = [&all = world.accounting()](Rank rank, Seconds now) {
      return all.so_far(rank, now);
    };
    so_far->links = [&all = world.accounting()] {
      return all.links_so_far(simgrid_world::World::now());
    };
  }
  const OverflowWatch watch{[&world] { return world.running(); }};
  world.run(engine, program);
  return world.result();
}

}  // namespace troupe::sim
