#include "algorithms/inbox.hpp"

#include <algorithm>

namespace troupe::algorithms {

Inbox::Inbox(Communicator& comm, const std::string& order, Rank first, int clients,
             std::uint64_t seed)
    : comm_{comm},
      by_arrival_{order == "arrival"},
      random_{order == "random"},
      first_{first},
      clients_{clients},
      draws_{seed} {
  EXPECTS(std::ranges::find(orders, order) != orders.end(), "an order of serving");
  if (random_) pass_turn();  // the first is drawn as well
}

void Inbox::listen(Rank client, Tag tag, Payload room) {
  posted_.put(static_cast<std::size_t>(client), comm_.irecv(client, tag, room));
}
Completion Inbox::next() {
  if (by_arrival_) return *comm_.wait_any(posted_);
  while (random_ && !posted_.active(turn())) pass_turn();
  return wait(comm_, posted_.take(turn()));
}
void Inbox::pass_turn() {
  const auto clients = static_cast<std::uint64_t>(clients_);
  turn_ = random_ ? static_cast<int>(draws_.below(clients)) : (turn_ + 1) % clients_;
}

}  // namespace troupe::algorithms
