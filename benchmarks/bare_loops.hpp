#pragma once
// What the LogGP world's speed is held against: the ring's messages on the same fibers with nothing
// around them.

#include <array>
#include <memory>
#include <queue>
#include <utility>
#include <vector>

#include "sim/loggp/agenda.hpp"
#include "sim/fiber.hpp"

namespace troupe::bench {

/// Fibers that sleep once for each message they would wait for: a switch and an entry of the agenda
/// a message, nothing else. What no simulation of messages can be faster than.
class BareSwitches {
 public:
  explicit BareSwitches(int ranks)
      : ranks_{ranks}, stacks_{static_cast<std::size_t>(ranks), Bytes{64 * 1024}} {
    for (int i = 0; i < ranks; ++i) sleepers_.push_back(std::make_unique<Sleeper>(*this));
  }
  void run() {
    for (auto& sleeper : sleepers_) agenda_.add(0, *sleeper);
    if (Sleeper* first = next()) Fiber::switch_to(own_, first->fiber);
  }

 private:
  using Fiber = sim::Fiber;
  struct Sleeper : sim::loggp::Event {
    explicit Sleeper(BareSwitches& owner)
        : loop{owner}, fiber{owner.stacks_.take(), owner.stacks_.protection(), &sleep, this} {}
    static void sleep(void* argument) {
      Sleeper& self = *static_cast<Sleeper*>(argument);
      for (int step = 0; step < 2 * (self.loop.ranks_ - 1); ++step) {
        self.loop.agenda_.add(self.loop.now_ + 2e-6, self);
        Sleeper* const to = self.loop.next();
        if (to != &self) Fiber::switch_to(self.fiber, to->fiber);
      }
      self.fiber.declare_ended();
      Sleeper* const to = self.loop.next();
      Fiber::switch_to(self.fiber, to ? to->fiber : self.loop.own_);
    }
    BareSwitches& loop;
    Fiber fiber;
  };
  Sleeper* next() {
    if (!moment_) {
      if (agenda_.empty()) return nullptr;
      now_ = agenda_.next_time();
      moment_ = agenda_.take();
    }
    return static_cast<Sleeper*>(std::exchange(moment_, moment_->next));
  }

  int ranks_;
  sim::StackPool stacks_;
  sim::loggp::Agenda agenda_;
  double now_ = 0;
  sim::loggp::Event* moment_ = nullptr;
  Fiber own_;
  std::vector<std::unique_ptr<Sleeper>> sleepers_;
};

/// The same ring as the least code that simulates it: a clock for each rank, of which the smallest
/// runs, ports taken when a message leaves, and a slot for the messages from the left. No port, no
/// tags, no rendezvous, no kernels, no counters.
class BareRing {
 public:
  BareRing(int ranks, double latency, double transfer)
      : ranks_{ranks},
        latency_{latency},
        transfer_{transfer},
        stacks_{static_cast<std::size_t>(ranks), Bytes{64 * 1024}} {
    for (int i = 0; i < ranks; ++i) all_.push_back(std::make_unique<Rank>(*this, i));
  }
  /// Returns the time at which the last rank ends.
  double run() {
    for (auto& rank : all_) ready_.push({0, rank.get()});
    Fiber::switch_to(own_, next()->fiber);
    return end_;
  }

 private:
  using Fiber = sim::Fiber;
  struct Rank {
    Rank(BareRing& owner, int number)
        : ring{owner},
          right{(number + 1) % owner.ranks_},
          fiber{owner.stacks_.take(), owner.stacks_.protection(), &pass_on, this} {}
    static void pass_on(void* argument) {
      Rank& self = *static_cast<Rank*>(argument);
      for (int step = 0; step < 2 * (self.ring.ranks_ - 1); ++step) {
        self.send();
        self.receive();
      }
      self.ring.end_ = std::max(self.ring.end_, self.clock);
      self.fiber.declare_ended();
      Rank* const to = self.ring.next();
      Fiber::switch_to(self.fiber, to ? to->fiber : self.ring.own_);
    }
    void send() {
      while (!ring.ready_.empty() && ring.ready_.top().first < clock) {
        ring.ready_.push({clock, this});
        give_way();
      }
      out_free = std::max(clock, out_free) + ring.transfer_;
      Rank& to = *ring.all_[static_cast<std::size_t>(right)];
      to.in_free = std::max(out_free + ring.latency_, to.in_free + ring.transfer_);
      to.arrivals[to.sent++ % to.arrivals.size()] = to.in_free;
      if (std::exchange(to.waits, false)) ring.ready_.push({std::max(to.clock, to.in_free), &to});
    }
    void receive() {
      if (received == sent) {
        waits = true;
        give_way();
      }
      clock = std::max(clock, arrivals[received++ % arrivals.size()]);
    }
    void give_way() {
      if (Rank* const to = ring.next(); to != this) Fiber::switch_to(fiber, to->fiber);
    }
    BareRing& ring;
    int right;
    double clock = 0, out_free = 0, in_free = 0;
    std::array<double, 4> arrivals{};  // a rank is at most one step ahead of another
    unsigned sent = 0, received = 0;
    bool waits = false;
    Fiber fiber;
  };
  Rank* next() {
    if (ready_.empty()) return nullptr;
    Rank* const rank = ready_.top().second;
    ready_.pop();
    return rank;
  }

  int ranks_;
  double latency_, transfer_, end_ = 0;
  sim::StackPool stacks_;
  Fiber own_;
  std::vector<std::unique_ptr<Rank>> all_;
  using Entry = std::pair<double, Rank*>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready_;
};

}  // namespace troupe::bench
