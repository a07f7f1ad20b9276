#pragma once
// A second stack for a spawned flow, and the switching between it and the stack it was resumed
// from.

#include <boost/context/fiber.hpp>
#include <boost/context/stack_context.hpp>
#include <cstddef>
#include <functional>
#include <vector>

namespace troupe::mpi {

/// Stacks of one size with a guard page each, kept for the next fiber. Outlives its fibers.
class StackPool {
 public:
  explicit StackPool(std::size_t bytes);
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  ~StackPool();
  boost::context::stack_context allocate();
  void release(boost::context::stack_context& stack) noexcept;

 private:
  std::size_t bytes_;
  std::size_t page_;
  std::vector<boost::context::stack_context> free_;
};

/// Runs a function on a stack of its own. Resumed from one stack only.
class Fiber {
 public:
  /// `body` must not throw.
  Fiber(StackPool& stacks, std::function<void()> body);
  /// Goes on with the body until it suspends itself or returns.
  void resume();
  /// Called from the body: goes back to where resume() was called.
  void suspend();
  bool finished() const noexcept { return finished_; }

 private:
  /// What the C++ runtime keeps per thread and a stack switch must keep per fiber: the exceptions
  /// being handled, and the number of those in flight.
  struct Exceptions {
    void* handled = nullptr;
    unsigned in_flight = 0;
    void exchange_with_thread() noexcept;
  };

  /// Tells the sanitizers of a switch: before it, to which stack; after it, from which.
  void leave_outside() noexcept;
  void arrive_outside() noexcept;
  void leave_inside(bool for_ever) noexcept;
  void arrive_inside() noexcept;

  std::function<void()> body_;
  boost::context::stack_context stack_;
  Exceptions exceptions_;
  bool finished_ = false;
  // Of the sanitizers.
  void *inside_shadow_ = nullptr, *outside_shadow_ = nullptr;
  const void* outside_bottom_ = nullptr;
  std::size_t outside_size_ = 0;
  boost::context::fiber inside_, outside_;
};

}  // namespace troupe::mpi
