#include "algorithms/inbox.hpp"

#include <algorithm>

namespace troupe::algorithms {

Inbox::Inbox(Communicator& comm, const std::string& order)
    : comm_{comm}, cyclic_{order == "cyclic"} {
  EXPECTS(std::ranges::find(orders, order) != orders.end(), "an order of serving");
}

void Inbox::listen(Rank client, Tag tag, Payload room) {
  posted_.put(static_cast<std::size_t>(client), comm_.irecv(client, tag, room));
}
Completion Inbox::next() {
  if (cyclic_) return wait(comm_, posted_.take(static_cast<std::size_t>(turn_)));
  return *comm_.wait_any(posted_);
}
void Inbox::pass_turn() { turn_ = turn_ % (comm_.size() - 1) + 1; }

}  // namespace troupe::algorithms
