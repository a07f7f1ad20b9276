// Tests that train in the LogGP world: the same bits as on threads where a strategy is synchronous,
// and one and the same order of events in every run where it is not.

#include "tests/families/worlds.hpp"
#include "tests/loggp/star.hpp"

namespace troupe::algorithms {

void run_ranks(int ranks, const std::function<void(Communicator&)>& program) {
  test::run_on({.ranks = ranks, .processor = {.speed = {1e9}}}, program);
}

}  // namespace troupe::algorithms
