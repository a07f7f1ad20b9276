// How fast the LogGP world is: a ring allreduce of phantom values, message by message, with ports
// and charged kernels, through the whole port; beside it, in the same run, the same messages as a
// bare loop over fibers and the engine's agenda, without the port, matching or counters. Prints
// messages a second of both and the peak of memory.
//
//   loggp_benchmark [ranks] [repetitions]

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "algorithms/allreduce/allreduce.hpp"
#include "benchmarks/child.hpp"
#include "sim/loggp/agenda.hpp"
#include "sim/loggp/fiber.hpp"
#include "tests/loggp/star.hpp"

namespace {

using namespace troupe;
using sim::loggp::Agenda;
using sim::loggp::Event;
using sim::loggp::Fiber;

template <class Body>
double seconds(Body body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void ring(int ranks) {
  const test::LogGPStar star{.ranks = ranks,
                             .alpha = Seconds{1e-6},
                             .bandwidth = {12.5e9},
                             .processor = {.speed = {1e12}, .memory_bandwidth = {1e12}},
                             .options = {.stack = {64 * 1024}}};
  test::run_on(star, [](Communicator& comm) {
    algorithms::ring_allreduce(comm, Slice::phantom(16'000'000), Op::sum);
  });
}

/// Every fiber sleeps once for each message it would wait for.
class BareLoop {
 public:
  explicit BareLoop(int ranks)
      : ranks_{ranks}, stacks_{static_cast<std::size_t>(ranks), Bytes{64 * 1024}} {
    for (int i = 0; i < ranks; ++i) sleepers_.push_back(std::make_unique<Sleeper>(*this));
  }
  void run() {
    for (auto& sleeper : sleepers_) agenda_.add(0, sleeper->event);
    if (Sleeper* first = next()) Fiber::switch_to(own_, first->fiber);
  }

 private:
  struct Sleeper {
    explicit Sleeper(BareLoop& owner)
        : loop{owner}, fiber{owner.stacks_.take(), owner.stacks_.protection(), &sleep, this} {
      event.next = nullptr;
    }
    static void sleep(void* argument) {
      Sleeper& self = *static_cast<Sleeper*>(argument);
      for (int step = 0; step < 2 * (self.loop.ranks_ - 1); ++step) {
        self.loop.agenda_.add(self.loop.now_ + 2e-6, self.event);
        Sleeper* const to = self.loop.next();
        if (to != &self) Fiber::switch_to(self.fiber, to->fiber);
      }
      self.fiber.declare_ended();
      Sleeper* const to = self.loop.next();
      Fiber::switch_to(self.fiber, to ? to->fiber : self.loop.own_);
    }
    Event event;  // first: the address of the event is that of the sleeper
    BareLoop& loop;
    Fiber fiber;
  };
  Sleeper* next() {
    if (!moment_) {
      if (agenda_.empty()) return nullptr;
      now_ = agenda_.next_time();
      moment_ = agenda_.take();
    }
    Event* const event = std::exchange(moment_, moment_->next);
    return reinterpret_cast<Sleeper*>(event);
  }

  int ranks_;
  sim::loggp::StackPool stacks_;
  Agenda agenda_;
  double now_ = 0;
  Event* moment_ = nullptr;
  Fiber own_;
  std::vector<std::unique_ptr<Sleeper>> sleepers_;
};

}  // namespace

int main(int argc, char** argv) {
  const int ranks = argc > 1 ? std::atoi(argv[1]) : 1024;
  const int repetitions = argc > 2 ? std::atoi(argv[2]) : 3;
  const double messages = 2.0 * (ranks - 1) * ranks;
  for (int i = 0; i < repetitions; ++i) {
    const double bare = messages / seconds([&] { BareLoop{ranks}.run(); });
    double whole = 0;
    const auto use = bench::measure([&] { ring(ranks); });
    whole = messages / use.cpu_s;
    std::printf("%d ranks: %.2f M messages/s, bare loop %.2f M, ratio %.2f, peak %.0f MiB\n", ranks,
                whole * 1e-6, bare * 1e-6, whole / bare, use.peak_MiB);
    std::fflush(stdout);
  }
}
