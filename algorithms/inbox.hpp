#pragma once
// How a server hears its clients: one receive posted for each of them, served as they come or in
// turn.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/settings.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// The clients are ranks 1 … size−1. In the order of "arrival" whoever came first is next; in
/// "cyclic" order it is the turn of 1, 2, …, size−1, 1, … (round robin: Langford, Smola and
/// Zinkevich 2009), which makes a run the same on every machine.
class Inbox {
 public:
  static constexpr std::array<std::string_view, 2> orders{"arrival", "cyclic"};
  static constexpr Text order_setting{
      .name = "order",
      .fallback = "arrival",
      .choices = orders,
      .help = "who is served next: who came first, or workers in turn"};

  /// EXPECTS one of the orders.
  Inbox(Communicator& comm, const std::string& order);

  /// Posts the receive of the client's next message.
  void listen(Rank client, Tag tag, Payload room);
  /// Waits for the next message; of the client whose turn it is, in cyclic order.
  Completion next();
  /// Ends the turn; does nothing in order of arrival.
  void pass_turn();

 private:
  Communicator& comm_;
  WaitSet posted_;  // at the client's rank
  bool cyclic_;
  Rank turn_ = 1;
};

}  // namespace troupe::algorithms
