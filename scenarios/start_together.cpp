#include "scenarios/start_together.hpp"

#include <utility>

namespace troupe::scenarios {
namespace {

const Tag barrier_tag{61}, moment_tag{62}, never_tag{63}, clock_tag{60};

/// Binomial broadcast of one number from rank 0.
double broadcast(Communicator& comm, double number) {
  const int n = comm.size();
  const Rank me = comm.rank();
  int stride = 1;
  while (stride < n) stride *= 2;
  for (stride /= 2; stride > 0; stride /= 2) {
    if (me % (2 * stride) == 0 && me + stride < n)
      send(comm, me + stride, moment_tag, value(number));
    else if (me % (2 * stride) == stride) receive(comm, me - stride, moment_tag, value(number));
  }
  return number;
}

/// Its messages are as long as those of broadcast().
void timed_barrier(Communicator& comm) {
  const int n = comm.size();
  double mine = 0, theirs = 0;
  for (int stride = 1; stride < n; stride *= 2)
    exchange(comm, barrier_tag, value(mine), (comm.rank() + stride) % n, value(theirs),
             (comm.rank() + n - stride) % n);
}

}  // namespace

void control_barrier(Communicator& comm) {
  const int n = comm.size();
  for (int stride = 1; stride < n; stride *= 2)
    exchange(comm, barrier_tag, {}, (comm.rank() + stride) % n, {}, (comm.rank() + n - stride) % n);
}

void sleep_until(Communicator& comm, Seconds until) {
  if (comm.now() >= until) return;
  Request never = comm.irecv(comm.rank(), never_tag, {});
  wait_until(comm, never, until);
}

Seconds clock_ahead(Communicator& comm) {
  constexpr int questions = 5;
  if (comm.rank() != 0) {
    for (int i = 0; i < questions; ++i) {
      receive(comm, 0, clock_tag, {});
      Seconds here = comm.now();
      send(comm, 0, clock_tag, value(here));
    }
    Seconds ahead{};
    receive(comm, 0, clock_tag, value(ahead));
    return ahead;
  }
  for (Rank rank = 1; rank < comm.size(); ++rank) {
    Seconds fastest = forever, ahead{};
    for (int i = 0; i < questions; ++i) {
      Seconds there{};
      const Seconds before = comm.now();
      Request answer = comm.irecv(rank, clock_tag, value(there));
      wait_all(comm, comm.isend(rank, clock_tag, {}), std::move(answer));
      const Seconds took = comm.now() - before;
      if (took >= fastest) continue;
      fastest = took;
      ahead = there - (before + took / 2);
    }
    send(comm, rank, clock_tag, value(ahead));
  }
  return {};
}

Seconds start_together(Communicator& comm, Seconds ahead) {
  if (comm.size() == 1) return comm.now();
  control_barrier(comm);  // all ranks are here: the next ones take only the network's time
  const Seconds before = comm.now();
  timed_barrier(comm);  // which takes none where a rank that came last has left for it already ...
  timed_barrier(comm);  // ... but of this one nobody leaves who has not heard of `before`
  const Seconds after = comm.now();
  const Seconds moment{broadcast(comm, (after + 4 * (after - before)).count())};
  sleep_until(comm, moment + ahead);
  return comm.now();
}

}  // namespace troupe::scenarios
