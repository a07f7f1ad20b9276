#pragma once
// Which message meets which receive. A channel is what the two agree on: context, sender (unless
// the tag is open), receiver, name and step. It exists while something is queued in it, and costs
// an entry of one table; no call allocates once the table is as large as the program needs.

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/loggp/operation.hpp"

namespace troupe::sim::loggp {

class Channels {
 public:
  /// The oldest operation of the other side that waits for this one, no longer queued; nullptr if
  /// there is none, and now this one is queued.
  LogGPOperation* post(LogGPOperation& operation) {
    const std::uint64_t hash = hash_of(operation);
    std::size_t place = find(hash, operation);
    Channel& channel = table_[place];
    LogGPOperation* const first = channel.first;
    if (first && first->what != operation.what) {
      take_out(place, *first);
      return first;
    }
    operation.is.queued = true;
    if (first) {  // a ring: left of the first is the last
      operation.left = first->left;
      operation.right = first;
      first->left->right = &operation;
      first->left = &operation;
      return nullptr;
    }
    operation.left = operation.right = &operation;
    channel = {hash, &operation};
    if (++size_ * 2 > table_.size()) grow();
    return nullptr;
  }
  /// Forgets a queued operation.
  void remove(LogGPOperation& operation) {
    take_out(find(hash_of(operation), operation), operation);
  }

  /// Calls visit(operation) for everything queued; oldest first within a channel, channels in no
  /// order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Channel& channel : table_) {
      if (!channel.first) continue;
      const LogGPOperation* operation = channel.first;
      do visit(*operation);
      while ((operation = operation->right) != channel.first);
    }
  }

 private:
  struct Channel {
    std::uint64_t hash = 0;
    LogGPOperation* first = nullptr;  // null: an empty entry
  };
  static std::uint64_t hash_of(const LogGPOperation& operation) noexcept {
    const auto& [context, ends, name] = operation.key;
    std::uint64_t hash = (context * 0x9E3779B97F4A7C15u ^ ends) * 0xD6E8FEB86659FD93u;
    hash = ((hash ^ hash >> 32) ^ name) * 0xD6E8FEB86659FD93u;
    return hash ^ hash >> 32;
  }
  std::size_t home(std::uint64_t hash) const noexcept { return hash & (table_.size() - 1); }
  std::size_t after(std::size_t place) const noexcept { return (place + 1) & (table_.size() - 1); }

  /// The place of an operation's channel, or the empty one where it belongs.
  std::size_t find(std::uint64_t hash, const LogGPOperation& operation) const noexcept {
    std::size_t place = home(hash);
    while (table_[place].first &&
           !(table_[place].hash == hash && table_[place].first->key == operation.key))
      place = after(place);
    return place;
  }
  void take_out(std::size_t place, LogGPOperation& operation) noexcept {
    operation.is.queued = false;
    if (operation.right == &operation) return reclaim(place);
    operation.left->right = operation.right;
    operation.right->left = operation.left;
    if (table_[place].first == &operation) table_[place].first = operation.right;
  }
  /// Empties an entry, and moves up those behind it that are not at home.
  void reclaim(std::size_t hole) noexcept {
    --size_;
    for (std::size_t next = after(hole); table_[next].first; next = after(next)) {
      const std::size_t mask = table_.size() - 1;
      if (((next - home(table_[next].hash)) & mask) < ((next - hole) & mask)) continue;
      table_[hole] = table_[next];
      hole = next;
    }
    table_[hole] = {};
  }
  void grow() {
    const std::vector<Channel> old = std::exchange(table_, std::vector<Channel>(2 * table_.size()));
    for (const Channel& channel : old) {
      if (!channel.first) continue;
      std::size_t place = home(channel.hash);
      while (table_[place].first) place = after(place);
      table_[place] = channel;
    }
  }

  std::vector<Channel> table_ = std::vector<Channel>(64);
  std::size_t size_ = 0;
};

}  // namespace troupe::sim::loggp
