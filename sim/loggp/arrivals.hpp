#pragma once
// Messages on their way to a port, by the time at which their first bytes are there: a pairing heap
// (Fredman, Sedgewick, Sleator and Tarjan 1986) linked through the messages themselves, so that a
// port with nothing or one message costs nothing to speak of.

#include <utility>

#include "sim/loggp/pending.hpp"

namespace troupe::sim::loggp {

class Arrivals {
 public:
  void push(Pending& message) noexcept {
    message.child = nullptr;
    first_ = first_ ? merge(*first_, message) : &message;
  }
  /// The message whose first byte is there first; nullptr if there is none.
  const Pending* first() const noexcept { return first_; }
  /// Takes `message` out if there is no other one; false, and nothing done, if there is.
  bool take_only(const Pending& message) noexcept {
    if (first_ != &message || message.child) return false;
    first_ = nullptr;
    return true;
  }
  /// Takes the first message out. There must be one.
  Pending& pop() noexcept {
    Pending& first = *first_;
    first_ = first.child ? merge_pairs(first.child) : nullptr;
    return first;
  }

 private:
  static Pending* merge(Pending& a, Pending& b) noexcept {
    const bool in_order = a.head != b.head ? a.head < b.head : a.order < b.order;
    Pending &above = in_order ? a : b, &below = in_order ? b : a;
    below.sibling = above.child;
    above.child = &below;
    return &above;
  }
  static Pending* merge_pairs(Pending* siblings) noexcept {
    Pending* pairs = nullptr;  // a stack of merged pairs
    while (siblings) {
      Pending* one = siblings;
      siblings = one->sibling;
      if (siblings) {
        Pending* other = siblings;
        siblings = other->sibling;
        one = merge(*one, *other);
      }
      one->sibling = pairs;
      pairs = one;
    }
    Pending* all = pairs;
    for (Pending* next = all->sibling; next;) {
      Pending* const following = next->sibling;
      all = merge(*all, *next);
      next = following;
    }
    return all;
  }

  Pending* first_ = nullptr;
};

}  // namespace troupe::sim::loggp
