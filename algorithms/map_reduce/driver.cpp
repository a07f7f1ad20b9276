#include "algorithms/map_reduce/driver.hpp"

#include <array>

#include "algorithms/broadcast/broadcast.hpp"
#include "algorithms/reduce/reduce.hpp"

namespace troupe::algorithms {

void tree_reduce(Communicator& comm, Slice sum) {
  binomial_reduce_in_place(comm, sum, Op::sum, driver);
}

BroadcastVariable::BroadcastVariable(Communicator& comm, Slice storage) : storage_{storage} {
  binomial_broadcast(comm, storage, driver);
}

double Accumulator::collect(Communicator& comm) const {
  std::array<double, 1> sum{mine_};
  tree_reduce(comm, std::span{sum});
  return comm.rank() == driver ? sum[0] : 0;
}

}  // namespace troupe::algorithms
