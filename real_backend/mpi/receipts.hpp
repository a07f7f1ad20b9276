#pragma once
// Who still waits to hear that its message has been received, and which message a receipt is for.
// A receipt names a message by its number among those of one sender, one receiver and one
// communicator that want one: they arrive in the order of their sending, so both sides count alike.

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/tag.hpp"

namespace troupe::mpi {

class MessageOperation;

class Receipts {
 public:
  /// `comm` carries receipts and nothing else.
  Receipts(MPI_Comm comm, int ranks);

  /// A message to `to` has been sent; its receipt will name this operation.
  void expect(Rank to, bool open, MessageOperation& operation);
  /// True while a receipt is still to come.
  bool expected() const noexcept { return !waiting_.empty(); }
  /// Takes one receipt that has come: the operation it is for, or null if there is none.
  MessageOperation* take();

  /// The number of the message of `from` that has just arrived.
  std::uint64_t number_arrived(Rank from, bool open);
  /// Of the receipt of a message, which is its number.
  static constexpr int tag(bool open) { return open ? 1 : 0; }

 private:
  static std::size_t place(Rank rank, bool open) {
    return 2 * static_cast<std::size_t>(rank) + (open ? 1 : 0);
  }
  struct Key {
    std::size_t place;
    std::uint64_t number;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept { return key.number << 16 ^ key.place; }
  };

  MPI_Comm comm_;
  std::vector<std::uint64_t> sent_, arrived_;  // by place
  std::unordered_map<Key, MessageOperation*, Hash> waiting_;
};

}  // namespace troupe::mpi
