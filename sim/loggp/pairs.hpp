#pragma once
// What is known of the pairs of ranks that have talked: how their messages travel, and how many
// did.

#include <cstdint>
#include <utility>
#include <vector>

#include "core/tag.hpp"

namespace troupe::sim::loggp {

/// One sender's way to one receiver.
struct Pair {
  Rank to = any_rank;
  std::int32_t out = -1, in = -1;  ///< ports
  bool own_ports = false;          ///< of the two
  std::uint8_t kind = 0;
  double latency = 0, per_byte = 0;
  std::uint64_t messages = 0, bytes = 0;

  void count(std::uint64_t size) noexcept {
    ++messages;
    bytes += size;
  }
};

/// The pairs of one sender: a table that finds them by the receiver.
class Pairs {
 public:
  /// The pair, or nullptr.
  Pair* find(Rank to) noexcept {
    if (last_ && last_->to == to) return last_;
    if (table_.empty()) return nullptr;
    for (std::size_t place = home(to); table_[place].to != any_rank; place = after(place))
      if (table_[place].to == to) return last_ = &table_[place];
    return nullptr;
  }
  /// Adds a pair that is not there yet.
  Pair& add(const Pair& pair) {
    if (4 * (size_ + 1) > 3 * table_.size()) grow();
    ++size_;
    return insert(pair);
  }
  std::size_t size() const noexcept { return size_; }
  void clear() noexcept {
    table_.clear();
    size_ = 0;
    last_ = nullptr;
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Pair& pair : table_)
      if (pair.to != any_rank) visit(pair);
  }

 private:
  std::size_t home(Rank to) const noexcept {
    return (static_cast<std::uint32_t>(to) * 0x9E3779B1u >> 8) & (table_.size() - 1);
  }
  std::size_t after(std::size_t place) const noexcept { return (place + 1) & (table_.size() - 1); }
  Pair& insert(const Pair& pair) {
    std::size_t place = home(pair.to);
    while (table_[place].to != any_rank) place = after(place);
    table_[place] = pair;
    return *(last_ = &table_[place]);
  }
  void grow() {
    const std::vector<Pair> old =
        std::exchange(table_, std::vector<Pair>(table_.empty() ? 4 : 2 * table_.size()));
    for (const Pair& pair : old)
      if (pair.to != any_rank) insert(pair);
  }

  Pair* last_ = nullptr;  ///< that was asked for
  std::vector<Pair> table_;
  std::size_t size_ = 0;
};

}  // namespace troupe::sim::loggp
