#include "core/request.hpp"

#include <algorithm>

namespace troupe {

// ---- Operation

void Operation::fail(Rank peer, std::exception_ptr error, Seconds at) {
  peer_ = peer;
  error_ = std::move(error);
  finish(at);
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

void Request::drop() noexcept {
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

void WaitSet::List::grow(std::size_t least) {
  capacity_ = std::max(least, 2 * capacity_);
  Operation** const larger = new Operation*[capacity_];
  std::copy(begin(), end(), larger);
  if (data_ != own_) delete[] data_;
  data_ = larger;
}

void WaitSet::raise_last() noexcept { std::push_heap(ready_.begin(), ready_.end(), later); }
void WaitSet::sink_first() noexcept { std::pop_heap(ready_.begin(), ready_.end(), later); }
void WaitSet::drop_all() {
  for (std::size_t i = 0; active_ > 0; ++i) const Request dropped = take(i);
}
Request WaitSet::take(std::size_t index) {
  if (!active(index)) return {};
  Operation& operation = *slots_[index];
  const std::lock_guard guard{operation};
  if (operation.done_) {
    *std::ranges::find(ready_, &operation) = ready_[ready_.size() - 1];
    ready_.pop_back();
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

}  // namespace troupe
