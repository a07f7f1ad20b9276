#pragma once
// Stacks that overflow, told by their rank's name.

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "core/tag.hpp"
#include "sim/fiber.hpp"

namespace troupe::sim {

/// A rank's fiber.
struct RankFiber {
  Rank rank = any_rank;
  const Fiber* fiber = nullptr;  ///< null: none
};

/// Says whose stack has overflowed and ends the process with status 1: what lay behind it may be
/// spoilt.
[[noreturn]] void report_overflow(const RankFiber& culprit);

/// While it lives, a fiber that runs into the guard below its stack, or faults in a frame that
/// reaches beyond it, ends the process with a message. The one thing here that is global, as signal
/// handlers are.
class OverflowWatch {
 public:
  /// `running` says which fiber runs; asked when it happens.
  explicit OverflowWatch(std::function<RankFiber()> running);
  OverflowWatch(const OverflowWatch&) = delete;
  OverflowWatch& operator=(const OverflowWatch&) = delete;
  ~OverflowWatch();

 private:
  static void faulted(int, siginfo_t* information, void* context);

  static std::function<RankFiber()> running_;
  static std::byte stack_[64 * 1024];
  static std::intptr_t made_at_;  // on the thread's own stack
  stack_t old_stack_{};
  struct sigaction old_action_ {};
};

}  // namespace troupe::sim
