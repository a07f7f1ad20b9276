#pragma once
// What both simulated worlds do with the flows of their ranks, whichever keeps the clock: who goes
// on next, what is done on the thread's own stack, and how a run that has failed ends.

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "core/errors.hpp"
#include "core/tag.hpp"
#include "sim/fiber.hpp"

namespace troupe::sim {

/// Flows that can go on, in the order in which they could; linked through a member of theirs, so
/// that none of it allocates.
template <class Flow, Flow* Flow::*next>
class ReadyFlows {
 public:
  Flow* first() const noexcept { return first_; }
  void push(Flow& flow) noexcept {
    flow.*next = nullptr;
    (first_ ? last_->*next : first_) = &flow;
    last_ = &flow;
  }
  /// Takes the first out. There must be one.
  Flow& pop() noexcept { return *std::exchange(first_, first_->*next); }

 private:
  Flow *first_ = nullptr, *last_ = nullptr;
};

/// Work of fibers that has to be done on a larger stack, the thread's own.
class WorkOutside {
 public:
  /// Switches from `fiber`, which runs, to the thread's `own` flow, which does the job and comes
  /// back.
  template <class Job>
  void run(Fiber& fiber, Fiber& own, Job job) {
    argument_ = &job;
    job_ = [](void* argument) { (*static_cast<Job*>(argument))(); };
    Fiber::switch_to(fiber, own);
  }
  /// On the thread's own stack, after every switch to it: does what a fiber has asked for. True if
  /// one has, which waits to go on.
  bool is_done() {
    if (!job_) return false;
    std::exchange(job_, nullptr)(argument_);
    return true;
  }

 private:
  void (*job_)(void*) = nullptr;
  void* argument_ = nullptr;
};

/// What programs of ranks have thrown.
class Failures {
 public:
  void add(Rank rank, std::exception_ptr error) { all_.emplace_back(rank, std::move(error)); }
  /// Throws what the lowest rank threw; else a deadlock, where there is a text of one.
  void rethrow(const std::string& deadlock) const {
    if (!all_.empty())
      std::rethrow_exception(
          std::ranges::min_element(all_, {}, &std::pair<Rank, std::exception_ptr>::first)->second);
    if (!deadlock.empty()) throw Deadlock{deadlock};
  }

 private:
  std::vector<std::pair<Rank, std::exception_ptr>> all_;
};

}  // namespace troupe::sim
