#include "sim/loggp/simulation.hpp"

#include "core/errors.hpp"
#include "sim/loggp/world.hpp"
#include "sim/overflow_watch.hpp"

namespace troupe::sim::loggp {

SimulationResult simulate(const Network& network, const std::vector<Seat>& seats,
                          const std::function<void(Communicator&)>& program, const Options& options,
                          const std::vector<Overheads>& overheads, SoFar* so_far) {
  EXPECTS(!seats.empty(), "a simulation has at least one rank");
  World world{network, seats, options, overheads};
  const OverflowWatch watch{[&world] {
    const Flow* const flow = world.running();
    return flow ? flow->fiber() : RankFiber{};
  }};
  if (so_far) *so_far = world.so_far();
  world.run(program);
  return world.result();
}

}  // namespace troupe::sim::loggp
