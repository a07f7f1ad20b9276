#pragma once
// Control messages of any length, on their way without anybody waiting for them. Their order is
// that of the port; what is in them is none of its business.

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "core/communicator.hpp"

namespace troupe::algorithms::horovod {

/// Letters leave in pieces of this size; the first shorter piece, empty if need be, ends a letter.
inline constexpr std::size_t piece_size = 64 * 1024;

/// Keeps what was sent until it has arrived.
class Outbox {
 public:
  explicit Outbox(Communicator& comm) : comm_{comm} {}
  void send(Rank to, Tag tag, std::span<const std::byte> letter);
  void wait_for_all();

 private:
  void send_piece(Rank to, Tag tag, std::vector<std::byte> piece);
  void forget_arrived();

  Communicator& comm_;
  std::map<std::size_t, std::vector<std::byte>> pieces_;  // by index in the set
  WaitSet sent_;
};

/// Puts the pieces of letters on one tag together again; an open tag serves every sender.
class Letterbox {
 public:
  Letterbox(Communicator& comm, Rank from, Tag tag)
      : comm_{comm}, from_{from}, tag_{tag}, room_(piece_size) {}
  /// Posts the receive of the next piece.
  Request listen() { return comm_.irecv(from_, tag_, std::span{room_}); }
  /// Takes the piece that arrived; the letter, if it ended.
  std::optional<std::vector<std::byte>> take(const Completion& arrived);

 private:
  Communicator& comm_;
  Rank from_;
  Tag tag_;
  std::vector<std::byte> room_;
  std::map<Rank, std::vector<std::byte>> begun_;
};

}  // namespace troupe::algorithms::horovod
