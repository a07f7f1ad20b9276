#pragma once
// What is known of the pairs of ranks that have talked: how their messages travel, and how many
// did.

#include <cstdint>
#include <memory>
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

/// The pairs of all senders, numbered in the order in which they began to talk. None is ever moved:
/// of a hundred thousand senders with twenty receivers each, nothing is left between them.
class PairPool {
 public:
  using Number = std::uint32_t;

  Pair& operator[](Number number) noexcept {
    return slabs_[number / slab_size][number % slab_size];
  }
  const Pair& operator[](Number number) const noexcept {
    return slabs_[number / slab_size][number % slab_size];
  }
  Number make(const Pair& pair) {
    const Number number = free_.empty() ? made_++ : free_.back();
    if (!free_.empty()) free_.pop_back();
    if (number == slabs_.size() * slab_size) slabs_.push_back(std::make_unique<Pair[]>(slab_size));
    (*this)[number] = pair;
    return number;
  }
  void take_back(Number number) { free_.push_back(number); }

 private:
  static constexpr Number slab_size = 256;
  std::vector<std::unique_ptr<Pair[]>> slabs_;
  std::vector<Number> free_;
  Number made_ = 0;
};

/// The pairs of one sender: a table that finds them by the receiver.
class Pairs {
 public:
  /// The pair, or nullptr.
  Pair* find(Rank to, PairPool& pool) noexcept {
    if (last_ && last_->to == to) return last_;
    if (table_.empty()) return nullptr;
    for (std::size_t place = home(to); table_[place].to != any_rank; place = after(place))
      if (table_[place].to == to) return last_ = &pool[table_[place].number];
    return nullptr;
  }
  /// Adds a pair that is not there yet.
  Pair& add(const Pair& pair, PairPool& pool) {
    if (4 * (size_ + 1) > 3 * table_.size()) grow();
    ++size_;
    const PairPool::Number number = pool.make(pair);
    insert({pair.to, number});
    return *(last_ = &pool[number]);
  }
  std::size_t size() const noexcept { return size_; }
  /// Gives them all back.
  void clear(PairPool& pool) {
    for (Entry& entry : table_)
      if (std::exchange(entry.to, any_rank) != any_rank) pool.take_back(entry.number);
    size_ = 0;
    last_ = nullptr;
  }
  template <class Visit>
  void for_each(const PairPool& pool, Visit&& visit) const {
    for (const Entry& entry : table_)
      if (entry.to != any_rank) visit(pool[entry.number]);
  }

 private:
  struct Entry {
    Rank to = any_rank;
    PairPool::Number number = 0;
  };
  std::size_t home(Rank to) const noexcept {
    return (static_cast<std::uint32_t>(to) * 0x9E3779B1u >> 8) & (table_.size() - 1);
  }
  std::size_t after(std::size_t place) const noexcept { return (place + 1) & (table_.size() - 1); }
  void insert(const Entry& entry) noexcept {
    std::size_t place = home(entry.to);
    while (table_[place].to != any_rank) place = after(place);
    table_[place] = entry;
  }
  void grow() {
    const std::vector<Entry> old =
        std::exchange(table_, std::vector<Entry>(table_.empty() ? 4 : 2 * table_.size()));
    for (const Entry& entry : old)
      if (entry.to != any_rank) insert(entry);
  }

  Pair* last_ = nullptr;  ///< that was asked for
  std::vector<Entry> table_;
  std::size_t size_ = 0;
};

}  // namespace troupe::sim::loggp
