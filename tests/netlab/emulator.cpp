#include "emulator.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <memory>
#include <queue>

namespace troupe::netlab {
namespace {

/// Nanoseconds of the monotonic clock.
using Moment = std::int64_t;

Moment now() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds{1};
}
Moment nanoseconds(double seconds) { return std::llround(seconds * 1e9); }

struct Frame {
  std::vector<std::uint8_t> bytes;
  const std::vector<int>* route;
  std::size_t hop = 0;
  std::size_t to;
};

/// A frame reaches its next link, or its end.
struct Event {
  Moment at;
  std::uint64_t order;
  std::unique_ptr<Frame> frame;
};
bool later(const Event& a, const Event& b) {
  return a.at != b.at ? a.at > b.at : a.order > b.order;
}

class Emulator {
 public:
  Emulator(std::vector<EmulatedLink> links, std::vector<EmulatedPort> ports, double queue_bytes)
      : links_{std::move(links)},
        ports_{std::move(ports)},
        free_at_(links_.size()),
        queue_bytes_{queue_bytes} {
    for (const auto& port : ports_)
      polled_.push_back({.fd = port.tap, .events = POLLIN, .revents = 0});
  }

  Carried carry(const volatile bool& stop) {
    while (!stop) {
      deliver_what_is_due();
      if (wait() <= 0) continue;
      for (std::size_t port = 0; port < ports_.size(); ++port)
        if (polled_[port].revents != 0) read_from(port);
    }
    if (carried_.frames > 0) carried_.mean_lateness /= static_cast<double>(carried_.frames);
    return carried_;
  }

 private:
  int wait() {
    timespec time{.tv_sec = 1, .tv_nsec = 0};
    if (!events_.empty()) {
      const Moment left = std::clamp<Moment>(events_.front().at - now(), 0, 999'999'999);
      time = {.tv_sec = 0, .tv_nsec = static_cast<long>(left)};
    }
    return ::ppoll(polled_.data(), polled_.size(), &time, nullptr);
  }

  void deliver_what_is_due() {
    while (!events_.empty() && events_.front().at <= now()) {
      std::ranges::pop_heap(events_, later);
      Event event = std::move(events_.back());
      events_.pop_back();
      if (event.frame->hop < event.frame->route->size()) enter(std::move(event.frame), event.at);
      else hand_over(*event.frame, event.at);
    }
  }

  /// The frame is at the beginning of its next link.
  void enter(std::unique_ptr<Frame> frame, Moment at) {
    const auto number = static_cast<std::size_t>((*frame->route)[frame->hop]);
    const EmulatedLink& link = links_[number];
    const auto size = static_cast<double>(frame->bytes.size());
    Moment start = at;
    if (link.shared) {
      start = std::max(at, free_at_[number]);
      const double waiting = 1e-9 * static_cast<double>(start - at) * link.bytes_per_second;
      if (waiting + size > queue_bytes_) {
        ++carried_.dropped;
        return;
      }
    }
    const Moment sent = start + nanoseconds(size / link.bytes_per_second);
    free_at_[number] = sent;
    ++frame->hop;
    events_.push_back({sent + nanoseconds(link.latency), order_++, std::move(frame)});
    std::ranges::push_heap(events_, later);
  }

  void hand_over(const Frame& frame, Moment at) {
    const auto written = ::write(ports_[frame.to].tap, frame.bytes.data(), frame.bytes.size());
    if (written < 0) ++carried_.dropped;
    const double lateness = 1e-9 * static_cast<double>(now() - at);
    ++carried_.frames;
    carried_.mean_lateness += lateness;
    carried_.worst_lateness = std::max(carried_.worst_lateness, lateness);
    if (lateness > 1e-3) ++carried_.late_by_a_ms;
  }

  void read_from(std::size_t from) {
    constexpr int at_once = 32;
    const Moment at = now();
    for (int i = 0; i < at_once; ++i) {
      const auto size = ::read(ports_[from].tap, buffer_.data(), buffer_.size());
      if (size < static_cast<ssize_t>(sizeof(MacAddress))) return;
      for (std::size_t to = 0; to < ports_.size(); ++to) {
        const auto& route = ports_[from].routes[to];
        if (route.empty() ||
            std::memcmp(buffer_.data(), ports_[to].address.data(), ports_[to].address.size()) != 0)
          continue;
        enter(std::make_unique<Frame>(
                  Frame{{buffer_.begin(), buffer_.begin() + size}, &route, 0, to}),
              at);
        break;
      }
    }
  }

  std::vector<EmulatedLink> links_;
  std::vector<EmulatedPort> ports_;
  std::vector<Moment> free_at_;  // when a link has sent all that has entered it
  double queue_bytes_;
  std::vector<pollfd> polled_;
  std::vector<Event> events_;  // a heap, the next one on top
  std::uint64_t order_ = 0;
  std::array<std::uint8_t, 65536> buffer_{};
  Carried carried_;
};

}  // namespace

Carried carry(std::vector<EmulatedLink> links, std::vector<EmulatedPort> ports, double queue_bytes,
              const volatile bool& stop) {
  return std::make_unique<Emulator>(std::move(links), std::move(ports), queue_bytes)->carry(stop);
}

}  // namespace troupe::netlab
