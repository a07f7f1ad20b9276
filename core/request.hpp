#pragma once
// Requests and sets of them: the halves of the port that every backend shares. Algorithms use
// Request, Completion and WaitSet; Operation is for those who write a communicator, RequestObserver
// for those who decorate one.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

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
  /// `mutex`: mutual exclusion of whoever waits with complete() and fail(), for a backend whose
  /// operations complete on other threads. It outlives the operation.
  explicit Operation(std::mutex* mutex = nullptr) noexcept : mutex_{mutex} {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  bool is_done() const noexcept { return done_; }
  Seconds completed_at() const noexcept { return completed_at_; }
  /// The set it is waited for in, if any; a backend wakes a flow only when the set it blocks on has
  /// something ready.
  WaitSet* wait_set() const noexcept { return set_; }

  void complete(Rank peer, std::size_t bytes, Seconds at);
  void fail(Rank peer, std::exception_ptr error, Seconds at);

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
  friend class std::lock_guard<Operation>;
  void finish(Seconds at);
  Completion end(std::size_t index);
  void lock() noexcept {
    if (mutex_) mutex_->lock();
  }
  void unlock() noexcept {
    if (mutex_) mutex_->unlock();
  }
  void tell_observers(const Completion* completion) noexcept;
  bool before(const Operation& other) const noexcept;

  WaitSet* set_ = nullptr;
  std::size_t index_ = 0;
  Seconds completed_at_{};
  std::size_t bytes_ = 0;
  Rank peer_ = any_rank;
  bool done_ = false;
  std::exception_ptr error_;
  std::unique_ptr<RequestObserver> observers_;
  std::uint64_t sequence_ = 0;
  std::mutex* mutex_;
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
  ~Request() {
    if (operation_) drop();
  }
  /// True while there is something to wait for.
  explicit operator bool() const noexcept { return operation_ != nullptr; }
  /// Attaches an observer; the last attached is told first.
  void observe(std::unique_ptr<RequestObserver> observer);

  // For backends without threads.
  /// What there is to wait for; nullptr if nothing.
  Operation* operation() const noexcept { return operation_; }
  /// Ends it. EXPECTS it to be complete. Returns its completion, at index 0, or throws what it
  /// failed with.
  Completion take();

 private:
  friend class WaitSet;
  void drop() noexcept;
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
  ~WaitSet() {
    if (active_ > 0) drop_all();
  }

  /// Puts a request at the next free end index; returns that index.
  std::size_t add(Request request) {
    const std::size_t index = slots_.size();
    put(index, std::move(request));
    return index;
  }
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
  /// Pointers in a row, the first two of them in place: waiting for one or two requests allocates
  /// nothing.
  class List {
   public:
    List() = default;
    List(const List&) = delete;
    List& operator=(const List&) = delete;
    ~List() {
      if (data_ != own_) delete[] data_;
    }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    Operation*& operator[](std::size_t index) noexcept { return data_[index]; }
    Operation* operator[](std::size_t index) const noexcept { return data_[index]; }
    Operation** begin() noexcept { return data_; }
    Operation** end() noexcept { return data_ + size_; }
    Operation* const* begin() const noexcept { return data_; }
    Operation* const* end() const noexcept { return data_ + size_; }
    void push_back(Operation* operation) {
      if (size_ == capacity_) grow(size_ + 1);
      data_[size_++] = operation;
    }
    void pop_back() noexcept { --size_; }
    /// Makes it longer, with null pointers.
    void lengthen(std::size_t size) {
      if (size > capacity_) grow(size);
      while (size_ < size) data_[size_++] = nullptr;
    }

   private:
    void grow(std::size_t least);
    Operation* own_[2];
    Operation** data_ = own_;
    std::size_t size_ = 0, capacity_ = 2;
  };

  void became_ready(Operation& operation) {
    ready_.push_back(&operation);
    if (ready_.size() > 1) raise_last();
  }
  static bool later(const Operation* a, const Operation* b) noexcept { return b->before(*a); }
  void raise_last() noexcept;
  void sink_first() noexcept;
  void drop_all();
  // The two lists share no memory: who completes an operation may be another thread.
  List slots_;
  List ready_;  // a heap, the first completed on top
  std::size_t active_ = 0;
};

// ---- what every wait does, in line

inline void Operation::finish(Seconds at) {
  EXPECTS(!done_, "an operation completes once");
  done_ = true;
  completed_at_ = at;
  if (set_) set_->became_ready(*this);
}
inline void Operation::complete(Rank peer, std::size_t bytes, Seconds at) {
  peer_ = peer;
  bytes_ = bytes;
  finish(at);
}
inline void Operation::renew(std::uint64_t sequence) noexcept {
  set_ = nullptr;
  sequence_ = sequence;
  bytes_ = 0;
  error_ = nullptr;
  peer_ = any_rank;
  done_ = false;
}
inline Completion Operation::end(std::size_t index) {
  const Completion completion{index, peer_, bytes_};
  if (observers_) tell_observers(&completion);
  if (!error_) [[likely]] {
    retire();
    return completion;
  }
  const std::exception_ptr error = error_;
  retire();
  std::rethrow_exception(error);
}
inline Completion Request::take() {
  EXPECTS(operation_ && operation_->done_, "only what is complete can be taken");
  return std::exchange(operation_, nullptr)->end(0);
}
inline void WaitSet::put(std::size_t index, Request request) {
  EXPECTS(request, "only an active request can be waited for");
  slots_.lengthen(index + 1);
  EXPECTS(!slots_[index], "an index of a WaitSet holds one active request at a time");
  Operation& operation = *std::exchange(request.operation_, nullptr);
  const std::lock_guard guard{operation};
  operation.set_ = this;
  operation.index_ = index;
  slots_[index] = &operation;
  ++active_;
  if (operation.done_) became_ready(operation);
}
inline Completion WaitSet::take_ready() {
  EXPECTS(has_ready(), "something must be ready to be taken");
  if (ready_.size() > 1) sink_first();
  Operation& operation = *ready_[ready_.size() - 1];
  ready_.pop_back();
  slots_[operation.index_] = nullptr;
  --active_;
  return operation.end(operation.index_);
}

}  // namespace troupe
