#include "sim/simgrid/simulation.hpp"

#include <memory>

#include <xbt/log.h>
#include <simgrid/s4u.hpp>

#include "core/text.hpp"
#include "platforms/simgrid/compat.hpp"
#include "sim/simgrid/world.hpp"

namespace troupe::sim {

void configure_simgrid(const Options& options, int ranks) {
  using simgrid::s4u::Engine;
  // SimGrid's own words on options, deadlocks and dropped communications; ours say more.
  xbt_log_control_set("xbt_cfg.thres:warning s4u_comm.thres:error s4u_activity.thres:error");
  xbt_log_control_set("ker_engine.app:file:/dev/null ker_engine.add:0");
  // By default events less than 1 ns apart are one: 0.1 % of a step on a network with 1 us of
  // latency.
  Engine::set_config(std::string{platforms::compat::timing_precision} + ":1e-12");
  Engine::set_config("contexts/stack-size:" + std::to_string(options.stack.value / 1024));
  // A guard page costs every stack two of the 65,530 mappings that Linux gives a process by
  // default.
  if (ranks > 30'000) Engine::set_config("contexts/guard-size:0");
}

SimulationResult simulate(simgrid::s4u::Engine& engine, const Ranks& ranks,
                          const std::function<void(Communicator&)>& program, const Options& options,
                          SoFar* so_far) {
  EXPECTS(!ranks.hosts.empty() && ranks.hosts.size() == ranks.processors.size(),
          "a simulation has at least one rank, and a processor for each");
  // Kept for ever after a failure: SimGrid may run remnants of the actors at the end of the
  // process.
  auto world = std::make_unique<simgrid_world::World>(ranks.hosts, ranks.processors, options);
  auto deadlock = std::make_shared<std::string>();
  simgrid::s4u::Engine::on_deadlock_cb([&world = *world, deadlock] {
    *deadlock = to_text(world.standstill()) + "\n(at " + to_text(simgrid_world::World::now()) +
                " of simulated time)";
    world.give_up();
  });
  if (so_far) {
    const auto now = [] { return simgrid_world::World::now(); };
    so_far->rank = [&all = world->accounting(), now](Rank rank) { return all.so_far(rank, now()); };
    so_far->links = [&all = world->accounting(), now] { return all.links_so_far(now()); };
  }
  world->start(program);
  engine.run();
  if (!deadlock->empty()) {
    (void)world.release();
    throw Deadlock{*deadlock};
  }
  if (world->is_over()) world.release()->rethrow_error();
  return world->result();
}

}  // namespace troupe::sim
