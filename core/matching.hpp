#pragma once
// Which send belongs to which receive: first come, first served for each (context, from, to, tag).
// For backends that match messages themselves. No locking.

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "core/tag.hpp"

namespace troupe {

/// Everything a message is matched by. `from` is any_rank when the tag is open: one queue per
/// receiver.
struct MessageKey {
  std::uint64_t context = 1;
  Rank from = any_rank, to = any_rank;
  std::uint32_t name = 0, step = 0;
  bool open = false;
  bool operator==(const MessageKey&) const = default;
};

/// The key under which `from` sends to `to` with `tag`, on a communicator of context `own`.
inline MessageKey message_key(Rank from, Rank to, const Tag& tag, Context own) {
  return {.context = (tag.is_placed() ? tag.context() : own).path(),
          .from = tag.is_open() ? any_rank : from,
          .to = to,
          .name = tag.name(),
          .step = tag.step(),
          .open = tag.is_open()};
}

struct MessageKeyHash {
  std::size_t operator()(const MessageKey& key) const noexcept {
    std::uint64_t h = key.context * 0x9E3779B97F4A7C15u;
    h = (h ^ (static_cast<std::uint64_t>(static_cast<std::uint32_t>(key.from)) << 32 |
              static_cast<std::uint32_t>(key.to))) *
        0xBF58476D1CE4E5B9u;
    h = (h ^ h >> 29 ^ (static_cast<std::uint64_t>(key.step) << 8 | key.name << 1 | key.open)) *
        0x94D049BB133111EBu;
    return h ^ h >> 32;
  }
};

/// Pairs operations up. An operation waits in one queue at most, through its member `Operation*
/// next_waiting`.
template <class Operation>
class Matching {
 public:
  /// The receive that `send` belongs to, or null: then `send` waits for one.
  Operation* send(const MessageKey& key, Operation& send) { return match(key, send, true); }
  /// The send that `receive` belongs to, or null: then `receive` waits for one.
  Operation* receive(const MessageKey& key, Operation& receive) {
    return match(key, receive, false);
  }

  /// Takes a waiting operation out again. False if it does not wait (any more).
  bool forget(const MessageKey& key, Operation& operation) {
    const auto found = queues_.find(key);
    if (found == queues_.end()) return false;
    Queue& queue = found->second;
    Operation* previous = nullptr;
    for (Operation* waiting = queue.first; waiting; waiting = waiting->next_waiting) {
      if (waiting == &operation) {
        (previous ? previous->next_waiting : queue.first) = waiting->next_waiting;
        if (queue.last == waiting) queue.last = previous;
        if (!queue.first) queues_.erase(found);
        return true;
      }
      previous = waiting;
    }
    return false;
  }

  /// Calls visit(key, operation, is_send) for all that wait, in no particular order of keys.
  template <class Visit>
  void for_each_waiting(Visit visit) const {
    for (const auto& [key, queue] : queues_)
      for (Operation* waiting = queue.first; waiting; waiting = waiting->next_waiting)
        visit(key, *waiting, queue.of_sends);
  }

 private:
  struct Queue {
    Operation* first = nullptr;
    Operation* last = nullptr;
    bool of_sends = false;
  };

  Operation* match(const MessageKey& key, Operation& operation, bool is_send) {
    const auto [found, fresh] = queues_.try_emplace(key);
    Queue& queue = found->second;
    if (!fresh && queue.of_sends != is_send) {
      Operation* partner = queue.first;
      queue.first = partner->next_waiting;
      if (!queue.first) queues_.erase(found);
      return partner;
    }
    queue.of_sends = is_send;
    operation.next_waiting = nullptr;
    (queue.first ? queue.last->next_waiting : queue.first) = &operation;
    queue.last = &operation;
    return nullptr;
  }

  std::unordered_map<MessageKey, Queue, MessageKeyHash> queues_;
};

}  // namespace troupe
