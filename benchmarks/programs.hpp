#pragma once
// What the simulator's speed is measured with. Phantom payloads: only the simulator works.

#include "core/communicator.hpp"

namespace troupe::bench {

/// An asynchronous parameter server: rank 0 answers whoever pushes first, the others push and pull.
inline void asynchronous_server(Communicator& comm, int pushes_per_worker, std::size_t count) {
  constexpr Tag push{1}, pull{2};
  const Slice parameters = Slice::phantom(count), gradient = Slice::phantom(count);
  if (comm.rank() > 0) {
    for (int i = 0; i < pushes_per_worker; ++i) {
      compute(comm, Scale{.a = 0.5, .x = gradient});
      send(comm, 0, push, gradient);
      receive(comm, 0, pull, parameters);
    }
    return;
  }
  const int workers = comm.size() - 1;
  WaitSet pushes;
  const auto listen = [&](std::size_t index) {
    pushes.put(index, comm.irecv(static_cast<Rank>(index) + 1, push, gradient));
  };
  for (int worker = 0; worker < workers; ++worker) listen(static_cast<std::size_t>(worker));
  for (int left = workers * pushes_per_worker; left > 0; --left) {
    const auto arrived = comm.wait_any(pushes);
    compute(comm, Axpy{.a = -0.1, .x = gradient, .y = parameters});
    send(comm, arrived->from, pull, parameters);
    if (left > workers) listen(arrived->index);
  }
}

}  // namespace troupe::bench
