#include "core/request.hpp"

#include <algorithm>
#include <mutex>

namespace troupe {

// ---- Operation

void Operation::complete(Rank peer, std::size_t bytes, Seconds at) {
  peer_ = peer;
  bytes_ = bytes;
  finish(at);
}
void Operation::fail(Rank peer, std::exception_ptr error, Seconds at) {
  peer_ = peer;
  error_ = std::move(error);
  finish(at);
}
void Operation::finish(Seconds at) {
  EXPECTS(!done_, "an operation completes once");
  done_ = true;
  completed_at_ = at;
  if (set_) set_->became_ready(*this);
}
void Operation::renew(std::uint64_t sequence) noexcept {
  set_ = nullptr;
  sequence_ = sequence;
  bytes_ = 0;
  error_ = nullptr;
  peer_ = any_rank;
  done_ = false;
}
bool Operation::before(const Operation& other) const noexcept {
  if (completed_at_ != other.completed_at_) return completed_at_ < other.completed_at_;
  if (peer_ != other.peer_) return peer_ < other.peer_;
  return sequence_ < other.sequence_;
}
void Operation::tell_observers(const Completion* completion) noexcept {
  while (observers_) {
    const std::unique_ptr<RequestObserver> observer =
        std::exchange(observers_, std::move(observers_->next_));
    observer->ended(completion, completed_at_, error_ != nullptr);
  }
}

// ---- Request

Request::~Request() {
  if (!operation_) return;
  operation_->abandon();
  operation_->tell_observers(nullptr);
  operation_->retire();
}
void Request::observe(std::unique_ptr<RequestObserver> observer) {
  EXPECTS(operation_, "only an active request can be observed");
  observer->next_ = std::move(operation_->observers_);
  operation_->observers_ = std::move(observer);
}

// ---- WaitSet

WaitSet::~WaitSet() {
  for (std::size_t i = 0; active_ > 0; ++i) const Request dropped = take(i);
}
std::size_t WaitSet::add(Request request) {
  slots_.push_back(nullptr);
  put(slots_.size() - 1, std::move(request));
  return slots_.size() - 1;
}
void WaitSet::put(std::size_t index, Request request) {
  EXPECTS(request, "only an active request can be waited for");
  if (index >= slots_.size()) slots_.resize(index + 1, nullptr);
  EXPECTS(!slots_[index], "an index of a WaitSet holds one active request at a time");
  Operation& operation = *std::exchange(request.operation_, nullptr);
  const std::lock_guard guard{operation};
  operation.set_ = this;
  operation.index_ = index;
  slots_[index] = &operation;
  ++active_;
  if (operation.done_) became_ready(operation);
}
Request WaitSet::take(std::size_t index) {
  if (!active(index)) return {};
  Operation& operation = *slots_[index];
  const std::lock_guard guard{operation};
  if (operation.done_) {
    std::erase(ready_, &operation);
    std::make_heap(ready_.begin(), ready_.end(), later);
  }
  operation.set_ = nullptr;
  slots_[index] = nullptr;
  --active_;
  return Request{operation};
}
bool WaitSet::active(std::size_t index) const noexcept {
  return index < slots_.size() && slots_[index];
}

Operation* WaitSet::only() const {
  EXPECTS(active_ == 1, "only one request is active");
  return *std::ranges::find_if(slots_, [](const Operation* operation) { return operation; });
}

void WaitSet::became_ready(Operation& operation) {
  ready_.push_back(&operation);
  std::push_heap(ready_.begin(), ready_.end(), later);
}
Completion WaitSet::take_ready() {
  EXPECTS(has_ready(), "something must be ready to be taken");
  std::pop_heap(ready_.begin(), ready_.end(), later);
  Operation& operation = *ready_.back();
  ready_.pop_back();
  slots_[operation.index_] = nullptr;
  --active_;
  const Completion completion{operation.index_, operation.peer_, operation.bytes_};
  const std::exception_ptr error = operation.error_;
  operation.tell_observers(&completion);
  operation.retire();
  if (error) std::rethrow_exception(error);
  return completion;
}

}  // namespace troupe
