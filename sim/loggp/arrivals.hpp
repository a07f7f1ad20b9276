#pragma once
// Messages on their way to a port, by the time at which their first bytes are there: a pairing heap
// (Fredman, Sedgewick, Sleator and Tarjan 1986) linked through the operations themselves, so that a
// port with nothing or one message costs nothing to speak of.

#include <utility>

#include "sim/loggp/operation.hpp"

namespace troupe::sim::loggp {

class Arrivals {
 public:
  void push(LogGPOperation& message) noexcept {
    message.child = message.sibling = nullptr;
    first_ = first_ ? merge(*first_, message) : &message;
  }
  /// The message whose first byte is there first; nullptr if there is none.
  const LogGPOperation* first() const noexcept { return first_; }
  /// Takes the first message out. There must be one.
  LogGPOperation& pop() noexcept {
    LogGPOperation& first = *first_;
    first_ = first.child ? merge_pairs(first.child) : nullptr;
    return first;
  }

 private:
  static LogGPOperation* merge(LogGPOperation& a, LogGPOperation& b) noexcept {
    const bool in_order = a.head != b.head ? a.head < b.head : a.order < b.order;
    LogGPOperation &above = in_order ? a : b, &below = in_order ? b : a;
    below.sibling = above.child;
    above.child = &below;
    return &above;
  }
  static LogGPOperation* merge_pairs(LogGPOperation* siblings) noexcept {
    LogGPOperation* pairs = nullptr;  // a stack of merged pairs
    while (siblings) {
      LogGPOperation* one = siblings;
      siblings = std::exchange(one->sibling, nullptr);
      if (siblings) {
        LogGPOperation* other = siblings;
        siblings = std::exchange(other->sibling, nullptr);
        one = merge(*one, *other);
      }
      one->sibling = pairs;
      pairs = one;
    }
    LogGPOperation* all = std::exchange(pairs, pairs->sibling);
    all->sibling = nullptr;
    while (pairs) {
      LogGPOperation* const next = std::exchange(pairs, pairs->sibling);
      next->sibling = nullptr;
      all = merge(*all, *next);
    }
    return all;
  }

  LogGPOperation* first_ = nullptr;
};

}  // namespace troupe::sim::loggp
