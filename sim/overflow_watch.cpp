#include "sim/overflow_watch.hpp"

#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace troupe::sim {

std::function<RankFiber()> OverflowWatch::running_;
std::byte OverflowWatch::stack_[64 * 1024];
std::intptr_t OverflowWatch::made_at_ = 0;

namespace {

/// Beyond these a stack pointer is of another stack.
constexpr std::intptr_t longest_frame = 64 << 20, own_stack = 8 << 20;

/// Of the code that faulted; 0 where nobody knows.
std::intptr_t stack_pointer([[maybe_unused]] const void* context) {
#ifdef __x86_64__
  return static_cast<std::intptr_t>(
      static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
#else
  return 0;
#endif
}

}  // namespace

void report_overflow(const RankFiber& culprit) {
  static std::array<char, 256> text;
  const int length =
      std::snprintf(text.data(), text.size(),
                    "troupe: rank %d has overflowed its stack of %zu KiB: large arrays belong on "
                    "the heap, or into a Scratch\n",
                    culprit.rank, (culprit.fiber->stack().bytes + 1023) / 1024);
  static_cast<void>(!::write(STDERR_FILENO, text.data(), static_cast<std::size_t>(length)));
  ::_exit(1);
}

OverflowWatch::OverflowWatch(std::function<RankFiber()> running) {
  running_ = std::move(running);
  made_at_ = reinterpret_cast<std::intptr_t>(&old_stack_);
  const stack_t own{.ss_sp = stack_, .ss_flags = 0, .ss_size = sizeof stack_};
  ::sigaltstack(&own, &old_stack_);
  struct sigaction action {};
  action.sa_sigaction = &faulted;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigaction(SIGSEGV, &action, &old_action_);
}
OverflowWatch::~OverflowWatch() {
  ::sigaction(SIGSEGV, &old_action_, nullptr);
  ::sigaltstack(&old_stack_, nullptr);
  running_ = nullptr;
}

void OverflowWatch::faulted(int, siginfo_t* information, void* context) {
  if (const RankFiber suspect = running_(); suspect.fiber) {
    const auto bottom = reinterpret_cast<std::intptr_t>(suspect.fiber->stack().bottom);
    const auto fault = bottom - reinterpret_cast<std::intptr_t>(information->si_addr);
    const bool in_guard = 0 < fault && fault <= static_cast<std::intptr_t>(StackPool::guard_bytes);
    const auto pointer = stack_pointer(context);
    const bool below = 0 < bottom - pointer && bottom - pointer <= longest_frame;
    const bool outside = std::abs(made_at_ - pointer) <= own_stack;  // a kernel's, on that stack
    if (in_guard || (below && !outside)) report_overflow(suspect);
  }
  ::signal(SIGSEGV, SIG_DFL);  // something else: it happens again when we return
}

}  // namespace troupe::sim
