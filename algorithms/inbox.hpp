#pragma once
// How a server hears its clients: one receive posted for each of them, served as they come or in
// turn.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/settings.hpp"
#include "core/communicator.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {

/// In the order of "arrival" whoever came first is next; in "cyclic" order it is the turn of the
/// first client, the second, …, the last, the first, … (round robin: Langford, Smola and Zinkevich
/// 2009), in "random" order that of any client at work, each as likely: so equal workers arrive
/// whose times are exponential, since those remember nothing. Both make a run the same on every
/// machine.
class Inbox {
 public:
  static constexpr std::array<std::string_view, 3> orders{"arrival", "cyclic", "random"};
  static constexpr Text order_setting{
      .name = "order",
      .fallback = "arrival",
      .choices = orders,
      .help = "who is served next: who came first, workers in turn, or one drawn"};

  /// The clients are ranks first … first + clients − 1; a random order is a function of the seed.
  /// EXPECTS one of the orders.
  Inbox(Communicator& comm, const std::string& order, Rank first, int clients, std::uint64_t seed);

  /// Posts the receive of the client's next message.
  void listen(Rank client, Tag tag, Payload room);
  /// Waits for the next message; of the client whose turn it is, but in order of arrival.
  Completion next();
  /// Ends the turn; does nothing in order of arrival.
  void pass_turn();

 private:
  Communicator& comm_;
  std::size_t turn() const { return static_cast<std::size_t>(first_ + turn_); }

  WaitSet posted_;  // at the client's rank
  bool by_arrival_, random_;
  Rank first_;
  int clients_, turn_ = 0;
  SplitMix64 draws_;
};

}  // namespace troupe::algorithms
