#include "sim/overflow_watch.hpp"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace troupe::sim {

std::function<RankFiber()> OverflowWatch::running_;
std::byte OverflowWatch::stack_[64 * 1024];

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

void OverflowWatch::faulted(int, siginfo_t* information, void*) {
  if (const RankFiber suspect = running_(); suspect.fiber) {
    const auto distance = reinterpret_cast<std::intptr_t>(suspect.fiber->stack().bottom) -
                          reinterpret_cast<std::intptr_t>(information->si_addr);
    if (0 < distance && distance <= static_cast<std::intptr_t>(StackPool::guard_bytes))
      report_overflow(suspect);
  }
  ::signal(SIGSEGV, SIG_DFL);  // something else: it happens again when we return
}

}  // namespace troupe::sim
