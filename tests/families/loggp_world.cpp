// The LogGP world, in which every strategy is trained.

#include "algorithms/strategies.hpp"
#include "tests/families/simulated_world.hpp"
#include "tests/loggp/star.hpp"

namespace troupe::algorithms {

sim::SimulationResult run_simulated(int ranks, const std::function<void(Communicator&)>& program) {
  return test::run_on({.ranks = ranks, .processor = {.speed = {1e10}}}, program);
}

std::vector<std::string> strategies_to_simulate() {
  std::vector<std::string> names;
  for (const Strategy& strategy : strategies()) names.emplace_back(strategy.kind.name);
  return names;
}

}  // namespace troupe::algorithms
