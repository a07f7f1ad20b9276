#include "core/communicator.hpp"

namespace troupe {

Completion Communicator::do_wait(Request& request) {
  WaitSet set;
  set.add(std::move(request));
  return *wait_any(set);
}
Completion Communicator::do_exchange(const Tag& tag, const ConstPayload& outgoing, Rank to,
                                     const Payload& room, Rank from) {
  Request incoming = irecv(from, tag, room);
  Request sent = isend(to, tag, outgoing);
  const Completion received = wait(*this, std::move(incoming));
  wait(*this, std::move(sent));
  return received;
}
void Communicator::do_compute(Kernel&& kernel) { wait(*this, start(std::move(kernel))); }

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

}  // namespace troupe
