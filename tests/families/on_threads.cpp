// Tests that train on threads.

#include "core/loopback.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {

void run_ranks(int ranks, const std::function<void(Communicator&)>& program) {
  run_loopback(ranks, program);
}

}  // namespace troupe::algorithms
