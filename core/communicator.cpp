#include "core/communicator.hpp"

namespace troupe {

Completion wait(Communicator& comm, Request request) {
  WaitSet set;
  set.add(std::move(request));
  return *comm.wait_any(set);
}
std::optional<Completion> wait_until(Communicator& comm, Request& request, Seconds until) {
  WaitSet set;
  set.add(std::move(request));
  auto completion = comm.wait_any(set, until);
  if (!completion) request = set.take(0);
  return completion;
}
void wait_all(Communicator& comm, WaitSet& set) {
  while (!set.empty()) comm.wait_any(set);
}

void send(Communicator& comm, Rank to, Tag tag, ConstPayload payload) {
  wait(comm, comm.isend(to, tag, payload));
}
Completion receive(Communicator& comm, Rank from, Tag tag, Payload room) {
  return wait(comm, comm.irecv(from, tag, room));
}
Completion exchange(Communicator& comm, Tag tag, ConstPayload outgoing, Rank to, Payload room,
                    Rank from) {
  Request incoming = comm.irecv(from, tag, room);
  Request sent = comm.isend(to, tag, outgoing);
  const Completion received = wait(comm, std::move(incoming));
  wait(comm, std::move(sent));
  return received;
}
void compute(Communicator& comm, Kernel kernel) { wait(comm, comm.start(std::move(kernel))); }

}  // namespace troupe
