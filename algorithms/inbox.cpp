#include "algorithms/inbox.hpp"

#include <array>

#include "algorithms/choice.hpp"

namespace troupe::algorithms {

Inbox::Inbox(Communicator& comm, const std::string& order)
    : comm_{comm}, cyclic_{order == "cyclic"} {
  if (const std::string why = refusal(order); !why.empty()) throw BadInput(why);
}

void Inbox::listen(Rank client, Tag tag, Payload room) {
  posted_.put(static_cast<std::size_t>(client), comm_.irecv(client, tag, room));
}
Completion Inbox::next() {
  if (cyclic_) return wait(comm_, posted_.take(static_cast<std::size_t>(turn_)));
  return *comm_.wait_any(posted_);
}
void Inbox::pass_turn() { turn_ = turn_ % (comm_.size() - 1) + 1; }

std::string Inbox::refusal(const std::string& order) {
  static const std::array<std::string, 2> orders{"arrival", "cyclic"};
  return refusal_of_choice("order", order, orders);
}

}  // namespace troupe::algorithms
