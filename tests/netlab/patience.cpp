// Preloaded into the ranks of the lab, which are more than this machine has processors. A rank that
// waits looks again and again and yields in between; whoever is let pass then may keep the
// processor for milliseconds. Here a rank that yields sleeps for a moment and is woken on time.

#include <ctime>

extern "C" int sched_yield() noexcept {
  constexpr timespec moment{.tv_sec = 0, .tv_nsec = 30'000};
  ::nanosleep(&moment, nullptr);
  return 0;
}
