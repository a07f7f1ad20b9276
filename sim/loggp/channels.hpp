#pragma once
// Which message meets which receive. A channel is what the two agree on: context, sender (unless
// the tag is open), receiver, name and step. It exists while something is queued in it, and costs
// an entry of one table; no call allocates once the table is as large as the program needs.

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/loggp/pending.hpp"

namespace troupe::sim::loggp {

class Channels {
 public:
  /// The oldest one of the other side that waits for this one, no longer queued; nullptr if there
  /// is none, and now this one is queued.
  [[gnu::always_inline]] Pending* post(Pending& fresh) {
    const std::uint64_t hash = hash_of(fresh);
    const std::size_t place = find(hash, fresh);
    Channel& channel = table_[place];
    Pending* const last = channel.last;
    if (!last) {
      fresh.is.queued = true;
      fresh.other = &fresh;
      channel = {hash, &fresh};
      if (++size_ * 4 > mask_) grow();
      return nullptr;
    }
    Pending* const first = last->other;
    if (first->what != fresh.what) return take_first(place);
    fresh.is.queued = true;
    fresh.other = first;
    channel.last = last->other = &fresh;
    return nullptr;
  }
  /// The same, but that this one is not queued.
  Pending* find_other_side(const Pending& fresh) {
    const std::size_t place = find(hash_of(fresh), fresh);
    Pending* const last = table_[place].last;
    if (!last || last->what == fresh.what) return nullptr;
    return take_first(place);
  }
  /// Forgets a queued one.
  void remove(Pending& queued) noexcept {
    const std::size_t place = find(hash_of(queued), queued);
    Pending* before = table_[place].last;
    queued.is.queued = false;
    if (before->other == before) return reclaim(place);
    while (before->other != &queued) before = before->other;
    before->other = queued.other;
    if (table_[place].last == &queued) table_[place].last = before;
  }

  /// Calls visit(pending) for everything queued; oldest first within a channel, channels in no
  /// order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Channel& channel : table_) {
      if (!channel.last) continue;
      const Pending* queued = channel.last;
      do visit(*(queued = queued->other));
      while (queued != channel.last);
    }
  }

 private:
  [[gnu::always_inline]] Pending* take_first(std::size_t place) noexcept {
    Pending *const last = table_[place].last, *const first = last->other;
    first->is.queued = false;
    if (first != last) last->other = first->other;
    else if (!table_[after(place)].last) empty(place);
    else reclaim(place);
    return first;
  }
  /// A queue as a ring: after the last comes the first.
  struct Channel {
    std::uint64_t hash = 0;
    Pending* last = nullptr;  // null: an empty entry
  };
  static std::uint64_t hash_of(const Pending& pending) noexcept {
    const Tag& tag = pending.tag;
    const Rank from = tag.is_open() ? any_rank : pending.from;
    const std::uint64_t ends = static_cast<std::uint64_t>(static_cast<std::uint32_t>(from)) << 32 |
                               static_cast<std::uint32_t>(pending.to);
    const std::uint64_t name = static_cast<std::uint64_t>(tag.step()) << 32 | tag.name();
    // Three products side by side; their upper bits depend on all of what they are made of.
    return tag.context().path() * 0x9E3779B97F4A7C15u ^ ends * 0xD6E8FEB86659FD93u ^
           name * 0xA0761D6478BD642Fu;
  }
  std::size_t home(std::uint64_t hash) const noexcept { return hash >> shift_; }
  std::size_t after(std::size_t place) const noexcept { return (place + 1) & mask_; }

  /// The place of the channel it belongs to, or the empty one where that would be.
  std::size_t find(std::uint64_t hash, const Pending& pending) const noexcept {
    std::size_t place = home(hash);
    while (table_[place].last &&
           !(table_[place].hash == hash && table_[place].last->is_alike(pending)))
      place = after(place);
    return place;
  }
  void empty(std::size_t place) noexcept {
    --size_;
    table_[place].last = nullptr;
  }
  /// Empties an entry, and moves up those behind it that are not at home.
  void reclaim(std::size_t hole) noexcept {
    for (std::size_t next = after(hole); table_[next].last; next = after(next)) {
      if (((next - home(table_[next].hash)) & mask_) < ((next - hole) & mask_)) continue;
      table_[hole] = table_[next];
      hole = next;
    }
    empty(hole);
  }
  void grow() {
    const std::vector<Channel> old = std::exchange(table_, std::vector<Channel>(2 * table_.size()));
    mask_ = table_.size() - 1;
    --shift_;
    for (const Channel& channel : old) {
      if (!channel.last) continue;
      std::size_t place = home(channel.hash);
      while (table_[place].last) place = after(place);
      table_[place] = channel;
    }
  }

  static constexpr int first_bits = 6;
  std::vector<Channel> table_ = std::vector<Channel>(1 << first_bits);
  std::size_t mask_ = (1 << first_bits) - 1;
  int shift_ = 64 - first_bits;  ///< the upper bits of a hash say where a channel belongs
  std::size_t size_ = 0;
};

}  // namespace troupe::sim::loggp
