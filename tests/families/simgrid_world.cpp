// SimGrid's world, in which one strategy of each family is trained, and those with flows and open
// tags.

#include "tests/families/simulated_world.hpp"
#include "tests/simgrid/star.hpp"

namespace troupe::algorithms {

sim::SimulationResult run_simulated(int ranks, const std::function<void(Communicator&)>& program) {
  return test::run_on({.ranks = ranks, .processor = {.speed = {1e10}}}, program);
}

std::vector<std::string> strategies_to_simulate() {
  return {"data_parallel", "horovod",          "parameter_server",  "downpour", "local_sgd",
          "d_psgd",        "butterfly_mixing", "zero_gradient_sum", "pipeline", "work_stealing"};
}

}  // namespace troupe::algorithms
