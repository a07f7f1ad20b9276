#pragma once
// Requests and sets of them: the halves of the port that every backend shares. Algorithms use
// Request, Completion and WaitSet; Operation is for those who write a communicator, RequestObserver
// for those who decorate one.

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <memory_resource>
#include <utility>
#include <vector>

#include "core/tag.hpp"
#include "core/units.hpp"

namespace troupe {

/// What a wait found.
struct Completion {
  std::size_t index = 0;  ///< which request of the WaitSet
  Rank from = any_rank;  ///< the peer: sender of what was received, receiver of what was sent; else
                         ///< this rank
  std::size_t bytes = 0;  ///< bytes that travelled; 0 for kernels and flows
};

class WaitSet;

/// Told when a request ends. Owned by the request; decorators attach theirs with Request::observe.
class RequestObserver {
 public:
  virtual ~RequestObserver() = default;
  /// The request was waited for and succeeded (`failed` false) or threw, or was dropped
  /// (`completion` null): after this call nobody uses its buffers. `completed_at` is the time of
  /// completion on now(), where known.
  virtual void ended(const Completion* completion, Seconds completed_at, bool failed) noexcept = 0;

 private:
  friend class Operation;
  friend class Request;
  std::unique_ptr<RequestObserver> next_;
};

/// A pending operation as its backend keeps it. The backend calls complete() or fail() once,
/// holding the lock where it has one; the operation is retired by whoever takes it out of its set
/// afterwards.
class Operation {
 public:
  Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  bool is_done() const noexcept { return done_; }
  Seconds completed_at() const noexcept { return completed_at_; }
  /// The set it is waited for in, if any; a backend wakes a flow only when the set it blocks on has
  /// something ready.
  WaitSet* wait_set() const noexcept { return set_; }

  void complete(Rank peer, std::size_t bytes, Seconds at);
  void fail(Rank peer, std::exception_ptr error, Seconds at);

  /// Mutual exclusion with complete() and fail(): a backend whose operations complete on other
  /// threads overrides both.
  virtual void lock() noexcept {}
  virtual void unlock() noexcept {}

 protected:
  virtual ~Operation() = default;
  /// Makes a recycled operation as new. `sequence` orders the operations of one flow by issue.
  void renew(std::uint64_t sequence) noexcept;
  /// The request was dropped before it was taken: forgets an unmatched receive, blocks until
  /// anything else is complete. Called without the lock; retire() follows.
  virtual void abandon() noexcept = 0;
  /// The operation ended and nobody refers to it any more; the backend may recycle it. Called with
  /// or without the lock.
  virtual void retire() noexcept = 0;

 private:
  friend class Request;
  friend class WaitSet;
  void finish(Seconds at);
  void tell_observers(const Completion* completion) noexcept;
  bool before(const Operation& other) const noexcept;

  WaitSet* set_ = nullptr;
  std::size_t index_ = 0;
  std::uint64_t sequence_ = 0;
  Seconds completed_at_{};
  std::size_t bytes_ = 0;
  std::exception_ptr error_;
  std::unique_ptr<RequestObserver> observers_;
  Rank peer_ = any_rank;
  bool done_ = false;
};

/// A started operation, owned by whoever will wait for it. Dropping it follows the rule stated at
/// Communicator.
class [[nodiscard]] Request {
 public:
  Request() = default;
  explicit Request(Operation& operation) noexcept : operation_{&operation} {}
  Request(Request&& other) noexcept : operation_{std::exchange(other.operation_, nullptr)} {}
  Request& operator=(Request&& other) noexcept {
    Request old{std::move(*this)};
    operation_ = std::exchange(other.operation_, nullptr);
    return *this;
  }
  ~Request();
  /// True while there is something to wait for.
  explicit operator bool() const noexcept { return operation_ != nullptr; }
  /// Attaches an observer; the last attached is told first.
  void observe(std::unique_ptr<RequestObserver> observer);

 private:
  friend class WaitSet;
  Operation* operation_ = nullptr;
};

/// Requests waited for together, at indices of the caller's choosing. Finding what completed first
/// costs O(log ready), not O(size). Used by one flow; it must not outlive the communicator of its
/// requests.
class WaitSet {
 public:
  WaitSet() = default;
  WaitSet(const WaitSet&) = delete;
  WaitSet& operator=(const WaitSet&) = delete;
  /// Drops what is left.
  ~WaitSet();

  /// Puts a request at the next free end index; returns that index.
  std::size_t add(Request request);
  /// Puts a request at `index`. EXPECTS none active there.
  void put(std::size_t index, Request request);
  /// Takes a request out again, complete or not (an empty one if none is active there).
  Request take(std::size_t index);
  bool active(std::size_t index) const noexcept;
  /// How many are active.
  std::size_t size() const noexcept { return active_; }
  bool empty() const noexcept { return active_ == 0; }

  // For backends, holding the lock.
  /// The only active operation. EXPECTS size() == 1.
  Operation* only() const;
  bool has_ready() const noexcept { return !ready_.empty(); }
  /// Takes out the operation that completed first. Returns its completion or throws what it failed
  /// with.
  Completion take_ready();

 private:
  friend class Operation;
  void became_ready(Operation& operation);
  static bool later(const Operation* a, const Operation* b) noexcept { return b->before(*a); }
  // Waiting for a few requests allocates nothing.
  // The two lists share no memory: who completes an operation may be another thread.
  std::array<Operation*, 4> first_slots_, first_ready_;
  std::pmr::monotonic_buffer_resource slots_memory_{first_slots_.data(), sizeof first_slots_};
  std::pmr::monotonic_buffer_resource ready_memory_{first_ready_.data(), sizeof first_ready_};
  std::pmr::vector<Operation*> slots_{&slots_memory_};
  std::pmr::vector<Operation*> ready_{&ready_memory_};  // a heap, the first completed on top
  std::size_t active_ = 0;
};

}  // namespace troupe
