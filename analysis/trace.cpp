#include "analysis/trace.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "core/matching.hpp"

namespace troupe::analysis {
namespace {

using Event = RecordedEvent;
using Interval = std::pair<Seconds, Seconds>;

std::size_t at(int number) { return static_cast<std::size_t>(number); }

/// Those that ended, and whose end means what it says.
bool is_whole(const Event& event) {
  return event.state == Event::State::complete || event.state == Event::State::failed;
}

/// Collects spans of kernels.
class Kernels {
 public:
  explicit Kernels(Trace& trace) : trace_{trace} {}
  void add(Rank rank, const std::vector<Event>& events) {
    std::unordered_map<std::uint64_t, Seconds> free;  // by flow: when its lane is
    for (const auto& event : events) {
      if (event.kind != Event::Kind::kernel || !is_whole(event)) continue;
      Seconds& before = free[event.tag.context().path()];
      const Seconds begin = std::min(std::max(before, event.issued), event.completed);
      before = event.completed;
      trace_.spans.push_back({.lane = Span::Lane::compute,
                              .name = number_of(event.kernel),
                              .rank = rank,
                              .issued = event.issued,
                              .begin = begin,
                              .end = event.completed});
    }
  }

 private:
  std::uint16_t number_of(std::string_view kernel) {
    const auto [entry, is_new] =
        numbers_.try_emplace(std::string{kernel}, static_cast<std::uint16_t>(numbers_.size()));
    if (is_new) trace_.kernels.emplace_back(kernel);
    return entry->second;
  }
  Trace& trace_;
  std::map<std::string, std::uint16_t> numbers_;
};

/// Finds the receive of each send. Messages of one key arrive in the order of their sending.
class Messages {
 public:
  Messages(Trace& trace, const EagerLimit& eager_limit)
      : trace_{trace}, eager_limit_{eager_limit} {}

  void add_sends(Rank rank, const std::vector<Event>& events) {
    for (const auto& event : events)
      if (event.kind == Event::Kind::send)
        queues_[key(rank, event.peer, event.tag)].sends.push_back(&event);
  }
  /// After all sends.
  void add_receives(Rank rank, const std::vector<Event>& events) {
    for (const auto& event : events) {
      if (event.kind != Event::Kind::receive || !is_whole(event)) continue;
      Queue& queue = queues_[key(event.peer, rank, event.tag)];
      const bool known = event.peer >= 0 && queue.taken < queue.sends.size();
      const Event* send = known ? queue.sends[queue.taken++] : nullptr;
      if (send && event.state == Event::State::complete) meet(*send, event.peer, event, rank);
      else add(Span::Lane::receive, rank, event, event.issued, event.completed, 0);
    }
  }
  /// After all receives: sends without one.
  void add_lonely() {
    for (const auto& [key, queue] : queues_)
      for (std::size_t i = queue.taken; i < queue.sends.size(); ++i)
        if (const Event& send = *queue.sends[i]; is_whole(send))
          add(Span::Lane::send, key.from, send, send.issued, send.completed, 0);
  }

 private:
  struct Key {
    std::uint64_t context;
    Rank from, to;
    std::uint32_t name, step;
    bool open;
    bool operator==(const Key&) const = default;
    auto operator<=>(const Key&) const = default;
  };
  struct Queue {
    std::vector<const Event*> sends;
    std::size_t taken = 0;
  };
  /// Also of an open tag with its sender, which a receive knows once it is complete.
  static Key key(Rank from, Rank to, Tag tag) {
    return {tag.context().path(), from, to, tag.name(), tag.step(), tag.is_open()};
  }
  void meet(const Event& send, Rank sender, const Event& receive, Rank receiver) {
    const bool eager = is_eager(send.bytes, eager_limit_(sender, receiver));
    const Seconds begin =
        std::min(eager ? send.issued : std::max(send.issued, receive.issued), receive.completed);
    ++flow_;
    add(Span::Lane::send, sender, send, begin, std::max(receive.completed, begin), flow_);
    add(Span::Lane::receive, receiver, receive, begin, receive.completed, flow_);
  }
  void add(Span::Lane lane, Rank rank, const Event& event, Seconds begin, Seconds end,
           std::uint32_t flow) {
    trace_.spans.push_back({.lane = lane,
                            .rank = rank,
                            .peer = event.peer,
                            .flow = flow,
                            .bytes = event.bytes,
                            .issued = event.issued,
                            .begin = begin,
                            .end = end});
  }

  Trace& trace_;
  const EagerLimit& eager_limit_;
  std::map<Key, Queue> queues_;
  std::uint32_t flow_ = 0;
};

/// Intervals that do not touch, in order.
std::vector<Interval> merged(std::vector<Interval> intervals) {
  std::ranges::sort(intervals);
  std::vector<Interval> result;
  for (const auto& [begin, end] : intervals)
    if (!result.empty() && begin <= result.back().second)
      result.back().second = std::max(result.back().second, end);
    else result.emplace_back(begin, end);
  return result;
}
Seconds length(const std::vector<Interval>& intervals) {
  Seconds sum{};
  for (const auto& [begin, end] : intervals) sum += end - begin;
  return sum;
}

/// By rank: when it computed, and when it did that or had a transfer.
struct Busy {
  std::vector<std::vector<Interval>> computing, doing;
};
Busy busy(const Trace& trace) {
  Busy all{std::vector<std::vector<Interval>>(at(trace.ranks)),
           std::vector<std::vector<Interval>>(at(trace.ranks))};
  for (const auto& span : trace.spans) {
    if (span.lane == Span::Lane::waiting) continue;
    if (span.lane == Span::Lane::compute)
      all.computing[at(span.rank)].emplace_back(span.begin, span.end);
    all.doing[at(span.rank)].emplace_back(span.begin, span.end);
  }
  for (auto* lanes : {&all.computing, &all.doing})
    for (auto& lane : *lanes) lane = merged(std::move(lane));
  return all;
}

void sort(Trace& trace) {
  std::ranges::stable_sort(trace.spans, {}, [](const Span& span) {
    return std::tuple{span.rank, span.lane, span.begin, -span.end.count()};
  });
}

}  // namespace

Trace trace_of(const std::vector<std::vector<Event>>& events, const EagerLimit& eager_limit,
               std::uint64_t left_out, Seconds until) {
  Trace trace;
  trace.ranks = static_cast<int>(events.size());
  Kernels kernels{trace};
  Messages messages{trace, eager_limit};
  for (Rank rank = 0; rank < trace.ranks; ++rank) kernels.add(rank, events[at(rank)]);
  for (Rank rank = 0; rank < trace.ranks; ++rank) messages.add_sends(rank, events[at(rank)]);
  for (Rank rank = 0; rank < trace.ranks; ++rank) messages.add_receives(rank, events[at(rank)]);
  messages.add_lonely();
  trace.left_out = left_out;
  if (left_out > 0)
    trace.left_out +=
        std::erase_if(trace.spans, [until](const Span& span) { return span.begin >= until; });
  for (const auto& span : trace.spans) trace.end = std::max(trace.end, span.end);
  sort(trace);
  return trace;
}

void add_device_kernels(Trace& trace, const std::vector<std::vector<TimedKernel>>& of_rank,
                        Seconds until) {
  std::map<std::string_view, std::uint16_t> numbers;
  std::vector<std::string> names = trace.kernels;
  for (const auto& name : names) numbers.emplace(name, static_cast<std::uint16_t>(numbers.size()));
  for (std::size_t rank = 0; rank < of_rank.size(); ++rank)
    for (const TimedKernel& kernel : of_rank[rank]) {
      if (trace.left_out > 0 && kernel.begin >= until) {
        ++trace.left_out;
        continue;
      }
      const auto [entry, is_new] =
          numbers.try_emplace(kernel.name, static_cast<std::uint16_t>(numbers.size()));
      if (is_new) trace.kernels.emplace_back(kernel.name);
      trace.devices.push_back({static_cast<Rank>(rank), entry->second, kernel.begin, kernel.end});
      trace.end = std::max(trace.end, kernel.end);
    }
  std::ranges::stable_sort(trace.devices, {}, [](const DeviceSpan& span) {
    return std::tuple{span.rank, span.begin, -span.end.count()};
  });
}

void add_waiting(Trace& trace, const std::vector<Seconds>& ends) {
  const Busy all = busy(trace);
  for (Rank rank = 0; rank < trace.ranks; ++rank) {
    Seconds since{};
    const auto wait_until = [&](Seconds end) {
      if (end > since)
        trace.spans.push_back({.lane = Span::Lane::waiting,
                               .rank = rank,
                               .issued = since,
                               .begin = since,
                               .end = end});
    };
    for (const auto& [begin, end] : all.doing[at(rank)]) {
      wait_until(begin);
      since = end;
    }
    if (trace.left_out > 0) continue;  // what it did at the end is not known
    wait_until(ends[at(rank)]);
    trace.end = std::max(trace.end, ends[at(rank)]);
  }
  sort(trace);
}

void add_links(Trace& trace, const std::vector<NamedLink>& links, const RouteOf& route) {
  constexpr std::size_t parts = 500, most_links = 256;
  if (trace.end.count() <= 0) return;
  const Seconds part = trace.end / static_cast<double>(parts);
  std::map<std::string, std::vector<double>> bytes;
  std::map<std::pair<Rank, Rank>, std::vector<std::vector<double>*>> ways;
  for (const auto& span : trace.spans) {
    if (span.lane != Span::Lane::send || span.flow == 0 || span.bytes == 0) continue;
    const auto [way, is_new] = ways.try_emplace({span.rank, span.peer});
    if (is_new)
      for (const auto& name : route(span.rank, span.peer))
        way->second.push_back(&bytes.try_emplace(name, parts, 0.0).first->second);
    const Seconds takes = span.end - span.begin;
    const auto first = std::min(parts - 1, static_cast<std::size_t>(span.begin / part));
    const auto last = std::min(parts - 1, static_cast<std::size_t>(span.end / part));
    for (std::size_t i = first; i <= last; ++i) {
      const Seconds begin = std::max(span.begin, part * static_cast<double>(i));
      const Seconds end = std::min(span.end, part * static_cast<double>(i + 1));
      const double share = first == last || takes.count() <= 0 ? 1 : (end - begin) / takes;
      for (auto* link : way->second) (*link)[i] += share * static_cast<double>(span.bytes);
    }
  }
  std::vector<std::pair<double, LinkUse>> used;
  for (const auto& link : links) {
    const auto found = bytes.find(link.name);
    if (found == bytes.end() || link.bandwidth.value <= 0) continue;
    double sum = 0;
    LinkUse use{link.name, {}};
    for (const double carried : found->second) {
      sum += carried;
      use.shares.push_back(carried / (link.bandwidth.value * part.count()));
    }
    used.emplace_back(-sum, std::move(use));
  }
  std::ranges::stable_sort(used, {}, &std::pair<double, LinkUse>::first);
  for (auto& [sum, use] : used)
    if (trace.links.size() < most_links) trace.links.push_back(std::move(use));
    else ++trace.links_left_out;
  std::ranges::sort(trace.links, {}, &LinkUse::name);
}

std::vector<Shares> shares_of(const Trace& trace) {
  const Busy all = busy(trace);
  std::vector<Shares> shares(at(trace.ranks));
  for (std::size_t rank = 0; rank < shares.size(); ++rank) {
    shares[rank].compute = length(all.computing[rank]);
    shares[rank].communication = length(all.doing[rank]) - shares[rank].compute;
  }
  for (const auto& span : trace.spans)
    if (span.lane == Span::Lane::waiting) shares[at(span.rank)].waiting += span.end - span.begin;
  return shares;
}

}  // namespace troupe::analysis
