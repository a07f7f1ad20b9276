#pragma once
// Which message meets which receive: queues of what is not yet matched, for those who write a
// backend. One queue per key, first come first served; every call is O(1), and a key that holds
// nothing costs nothing. There is no lock in here.

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/tag.hpp"

namespace troupe {

/// What a message and the receive that takes it agree on.
struct MatchKey {
  Context context;
  Rank from = any_rank;  ///< any_rank for open tags: one queue per (receiver, tag)
  Rank to = 0;
  std::uint32_t name = 0, step = 0;
  bool open = false;

  /// The key of a message or receive between two ranks of the world. EXPECTS the tag to be placed.
  MatchKey(Rank sender, Rank receiver, Tag tag)
      : context{tag.context()},
        from{tag.is_open() ? any_rank : sender},
        to{receiver},
        name{tag.name()},
        step{tag.step()},
        open{tag.is_open()} {
    EXPECTS(tag.is_placed(), "only a tag within a context can be matched");
  }
  bool operator==(const MatchKey&) const = default;

  struct Hash {
    std::size_t operator()(const MatchKey& key) const noexcept {
      const auto word = [](auto value) { return static_cast<std::uint64_t>(value); };
      std::uint64_t hash = key.context.path();
      for (const std::uint64_t more :
           {word(key.from) << 32 | word(static_cast<std::uint32_t>(key.to)),
            word(key.step) << 8 | word(key.name) << 1 | word(key.open)}) {
        hash = (hash ^ more) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 32;
      }
      return static_cast<std::size_t>(hash);
    }
  };
};

/// Base of what is queued. Does not own, is not owned, and must not move or die while queued.
class MatchNode {
 public:
  MatchNode() = default;
  MatchNode(const MatchNode&) = delete;
  MatchNode& operator=(const MatchNode&) = delete;
  bool is_queued() const noexcept { return queue_ != nullptr; }

 private:
  template <class, class>
  friend class MatchQueues;
  MatchNode* previous_ = nullptr;
  MatchNode* next_ = nullptr;
  void* queue_ = nullptr;
};

/// Unmatched messages and receives; both types derive from MatchNode (and may be one type).
template <class Message, class Receive>
class MatchQueues {
 public:
  /// The oldest receive that waits for this message, no longer queued; if there is none, nullptr,
  /// and now the message is queued.
  Receive* post_message(const MatchKey& key, Message& message) {
    return static_cast<Receive*>(post(key, message, Side::messages));
  }
  /// The oldest message that waits for this receive, no longer queued; if there is none, nullptr,
  /// and now the receive is queued.
  Message* post_receive(const MatchKey& key, Receive& receive) {
    return static_cast<Message*>(post(key, receive, Side::receives));
  }
  /// Forgets a queued message or receive.
  void remove(MatchNode& node) {
    EXPECTS(node.is_queued(), "only what is queued can be removed");
    unlink(*static_cast<Queue*>(node.queue_), node);
  }

  std::size_t messages() const noexcept { return queued_[index(Side::messages)]; }
  std::size_t receives() const noexcept { return queued_[index(Side::receives)]; }

  /// Calls visit(key, message) for every queued message; oldest first within a key, keys in no
  /// order.
  template <class Visit>
  void for_each_message(Visit&& visit) const {
    for_each<Message>(Side::messages, visit);
  }
  /// Calls visit(key, receive) for every queued receive, likewise.
  template <class Visit>
  void for_each_receive(Visit&& visit) const {
    for_each<Receive>(Side::receives, visit);
  }

 private:
  enum class Side : std::uint8_t { messages, receives };
  struct Queue {
    MatchNode* first = nullptr;
    MatchNode* last = nullptr;
    Side side = Side::messages;
    typename std::unordered_map<MatchKey, Queue, MatchKey::Hash>::iterator self{};
  };
  using Map = std::unordered_map<MatchKey, Queue, MatchKey::Hash>;
  static constexpr std::size_t index(Side side) { return static_cast<std::size_t>(side); }

  MatchNode* post(const MatchKey& key, MatchNode& node, Side side) {
    Queue& queue = queue_of(key);
    if (queue.first && queue.side != side) {
      MatchNode& oldest = *queue.first;
      unlink(queue, oldest);
      return &oldest;
    }
    queue.side = side;
    node.queue_ = &queue;
    node.previous_ = queue.last;
    node.next_ = nullptr;
    (queue.last ? queue.last->next_ : queue.first) = &node;
    queue.last = &node;
    ++queued_[index(side)];
    return nullptr;
  }
  void unlink(Queue& queue, MatchNode& node) {
    (node.previous_ ? node.previous_->next_ : queue.first) = node.next_;
    (node.next_ ? node.next_->previous_ : queue.last) = node.previous_;
    node.queue_ = nullptr;
    --queued_[index(queue.side)];
    if (!queue.first) reclaim(queue);
  }

  // Nodes of the map are used again, so that a steady exchange of messages allocates nothing.
  Queue& queue_of(const MatchKey& key) {
    if (const auto found = queues_.find(key); found != queues_.end()) return found->second;
    auto place = queues_.end();
    if (spare_.empty()) {
      place = queues_.try_emplace(key).first;
    } else {
      spare_.back().key() = key;
      place = queues_.insert(std::move(spare_.back())).position;
      spare_.pop_back();
    }
    place->second.self = place;
    return place->second;
  }
  void reclaim(Queue& queue) {
    auto node = queues_.extract(queue.self);
    if (spare_.size() < most_spare) spare_.push_back(std::move(node));
  }

  template <class Node, class Visit>
  void for_each(Side side, Visit& visit) const {
    for (const auto& [key, queue] : queues_) {
      if (queue.side != side) continue;
      for (MatchNode* node = queue.first; node;) {
        MatchNode* const next = node->next_;
        visit(key, static_cast<Node&>(*node));
        node = next;
      }
    }
  }

  static constexpr std::size_t most_spare = 1024;
  Map queues_;
  std::vector<typename Map::node_type> spare_;
  std::size_t queued_[2] = {0, 0};
};

}  // namespace troupe
