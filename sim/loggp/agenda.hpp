#pragma once
// What will happen when: events in order of time, those of one time in the order in which they were
// put down.

#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

namespace troupe::sim::loggp {

/// Something that will happen. Does not own, is not owned, and must not move or die while it is on
/// an agenda.
struct Event {
  enum class Kind : std::uint8_t { departure, arrival, received, kernel, timer };
  Event* next = nullptr;
  Kind kind = Kind::arrival;
};

/// In step, ranks do the same at the same time, so that many events have few times. Events of one
/// time are therefore a list, a moment; there is a heap of moments, and a small table that finds
/// the moment of a time among those that are new. Where it fails to, a time has two moments, and
/// the older one comes first.
class Agenda {
 public:
  void add(double time, Event& event) {
    event.next = nullptr;
    if (time == latest_time_) return append(moments_[latest_], event);
    add_to_another(time, event);
  }
  bool empty() const noexcept { return heap_.empty(); }
  /// When the next events happen. The agenda must not be empty.
  double next_time() const noexcept { return heap_.front().time; }
  /// Takes the events of the next moment off, as a list in order.
  Event* take() {
    const std::uint32_t index = heap_.front().moment;
    pop();
    Moment& moment = moments_[index];
    moment.time = std::numeric_limits<double>::quiet_NaN();  // equal to no time
    if (index == latest_) latest_time_ = moment.time;
    free_.push_back(index);
    return moment.first;
  }

 private:
  struct Moment {
    double time;
    std::uint64_t order;
    Event* first;
    Event* last;
  };
  struct Entry {
    double time;
    std::uint32_t moment;
  };
  /// To another moment than the latest, or a new one.
  [[gnu::noinline]] void add_to_another(double time, Event& event) {
    std::uint32_t& known = recent_[place_of(time)];
    latest_time_ = time;
    if (known < moments_.size() && moments_[known].time == time) {
      latest_ = known;
      return append(moments_[known], event);
    }
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(moments_.size()));
      moments_.emplace_back();
    }
    latest_ = known = free_.back();
    free_.pop_back();
    moments_[known] = {time, made_++, &event, &event};
    push({time, known});
  }
  static void append(Moment& moment, Event& event) noexcept {
    moment.last->next = &event;
    moment.last = &event;
  }
  bool before(const Entry& a, const Entry& b) const noexcept {
    if (a.time != b.time) return a.time < b.time;
    return moments_[a.moment].order < moments_[b.moment].order;
  }
  static std::size_t place_of(double time) noexcept {
    return std::bit_cast<std::uint64_t>(time) * 0x9E3779B97F4A7C15u >> (64 - recent_bits);
  }
  // A heap of four children a node: half as many levels as with two, and they lie side by side.
  void push(Entry entry) {
    std::size_t hole = heap_.size();
    heap_.push_back(entry);
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / 4;
      if (!before(entry, heap_[parent])) break;
      heap_[hole] = heap_[parent];
      hole = parent;
    }
    heap_[hole] = entry;
  }
  void pop() {
    const Entry last = heap_.back();
    heap_.pop_back();
    const std::size_t size = heap_.size();
    if (size == 0) return;
    std::size_t hole = 0;
    for (;;) {
      const std::size_t first = 4 * hole + 1, end = first + 4 < size ? first + 4 : size;
      if (first >= size) break;
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child)
        if (before(heap_[child], heap_[least])) least = child;
      if (!before(heap_[least], last)) break;
      heap_[hole] = heap_[least];
      hole = least;
    }
    heap_[hole] = last;
  }

  // The moment that was added to last: mostly the one of the next event, too.
  double latest_time_ = std::numeric_limits<double>::quiet_NaN();
  std::uint32_t latest_ = 0;
  static constexpr int recent_bits = 8;
  std::uint32_t recent_[1 << recent_bits] = {};
  std::vector<Moment> moments_;
  std::vector<std::uint32_t> free_;
  std::vector<Entry> heap_;
  std::uint64_t made_ = 0;
};

}  // namespace troupe::sim::loggp
