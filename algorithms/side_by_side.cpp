#include "algorithms/side_by_side.hpp"

#include <utility>

#include "core/errors.hpp"

namespace troupe::algorithms {

void side_by_side(Communicator& comm, std::vector<Task> parts) {
  EXPECTS(!parts.empty(), "there is a part to be run");
  const Task mine = std::move(parts.back());
  parts.pop_back();
  WaitSet others;
  for (Task& part : parts) others.add(comm.spawn(std::move(part)));
  mine(comm);
  wait_all(comm, others);
}

}  // namespace troupe::algorithms
