#include "algorithms/allreduce/allreduce.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{0};
}

/// Central allreduce: the baseline that all others are compared with ("one worker averages").
///
///   vectors by the contributions they hold (* = all), 4 ranks; one message a step
///     after step   start    0     1     2     3     4     5
///     rank 0         0     01   012     *     *     *     *
///     rank 1         1      1     1     1     *     *     *
///     rank 2         2      2     2     2     2     *     *
///     rank 3         3      3     3     3     3     3     *
///
///   root: n-1 messages, (n-1)M bytes · time (n-1)(α+Mβ+Mγ) + (n-1)(α+Mβ)
void central_allreduce(Communicator& comm, Slice vector, Op op) {
  if (comm.rank() != 0) {
    send(comm, 0, tag, vector);
    receive(comm, 0, tag, vector);
    return;
  }
  const Scratch incoming{vector, vector.size()};
  for (Rank worker = 1; worker < comm.size(); ++worker) {
    receive(comm, worker, tag, incoming.all());
    compute(comm, Reduce{op, vector, incoming.all()});
  }
  for (Rank worker = 1; worker < comm.size(); ++worker) send(comm, worker, tag, vector);
}

}  // namespace troupe::algorithms
