// Traces in Chrome's format (declared in trace_json.hpp).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_map>

#include "analysis/chrome_lanes.hpp"
#include "analysis/trace_json.hpp"

namespace troupe::analysis {
namespace {

using chrome::Row;

std::int64_t nanoseconds(Seconds time) { return std::llround(time.count() * 1e9); }

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

class Writer {
 public:
  explicit Writer(const Trace& trace) : trace_{trace} { number_hosts(); }

  std::string write() {
    put("{{\"displayTimeUnit\":\"ns\",\"otherData\":{},\n\"traceEvents\":[\n", other_data());
    for (const auto& phase : trace_.phases) add_phase(phase);
    for (const auto& span : trace_.spans) add_span(span);
    for (const auto& span : trace_.devices) add_device_span(span);
    add_counters();
    add_names();
    text_ += "\n]}\n";
    return std::move(text_);
  }

 private:
  template <class... Values>
  void put(fmt::format_string<Values...> pattern, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), pattern, std::forward<Values>(values)...);
  }
  template <class... Values>
  void event(fmt::format_string<Values...> pattern, Values&&... values) {
    if (!first_) text_ += ",\n";
    first_ = false;
    put(pattern, std::forward<Values>(values)...);
  }
  /// ns as µs.
  static std::string micro(std::int64_t ns) {
    return fmt::format("{}{}.{:03}", ns < 0 ? "-" : "", std::abs(ns) / 1000, std::abs(ns) % 1000);
  }

  std::string other_data() const {
    nlohmann::ordered_json data{{"troupe_trace", 1},
                                {"name", trace_.name},
                                {"scenario_digest", trace_.digest},
                                {"ranks", trace_.ranks},
                                {"hosts", trace_.host_of_rank},
                                {"clock", trace_.simulated ? "simulated" : "wall"},
                                {"end_s", trace_.end.count()},
                                {"spans_left_out", trace_.left_out},
                                {"links_left_out", trace_.links_left_out}};
    if (rows_ != chrome::usual_rows) data["lanes_of_a_rank"] = rows_;
    if (trace_.left_out > 0)
      data["note"] =
          fmt::format("the trace ends at {:.9g} s: there was no room for the {} events after it",
                      trace_.end.count(), trace_.left_out);
    return data.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  }
  void number_hosts() {
    std::unordered_map<std::string, int> numbers;
    for (Rank rank = 0; rank < trace_.ranks; ++rank) {
      const auto index = static_cast<std::size_t>(rank);
      const bool known = index < trace_.host_of_rank.size() && !trace_.host_of_rank[index].empty();
      const auto host = known ? trace_.host_of_rank[index] : fmt::format("rank {}", rank);
      const auto [entry, is_new] = numbers.try_emplace(host, static_cast<int>(hosts_.size()) + 1);
      if (is_new) hosts_.push_back({host, {}});
      hosts_[static_cast<std::size_t>(entry->second - 1)].ranks.push_back(rank);
      process_of_rank_.push_back(entry->second);
    }
  }
  /// The lane of a span: the first of its kind that is free at its begin.
  int lane(Rank rank, Row row, std::int64_t begin, std::int64_t end) {
    auto& ends = ends_[{rank, chrome::place_of(row), row}];
    // An instant takes no room, but two at one time are easier to tell apart side by side.
    const auto free = std::ranges::find_if(ends, [&](std::int64_t last) { return last <= begin; });
    const auto number = static_cast<std::size_t>(free - ends.begin());
    if (free == ends.end()) ends.push_back(end);
    else *free = end;
    return chrome::thread_of({rank, row, static_cast<int>(number)}, trace_.ranks, rows_);
  }
  int process(Rank rank) const { return process_of_rank_[static_cast<std::size_t>(rank)]; }

  void add_phase(const Phase& phase) {
    const auto begin = nanoseconds(phase.begin), end = nanoseconds(phase.end);
    const int thread = lane(phase.rank, Row::phases, begin, end);
    event(R"({{"ph":"X","cat":"phase","name":{},"pid":{},"tid":{},"ts":{},"dur":{})",
          json_text(phase.name), process(phase.rank), thread, micro(begin), micro(end - begin));
    if (!phase.detail.empty()) put(R"(,"args":{{"detail":{}}})", json_text(phase.detail));
    text_ += '}';
  }
  void add_span(const Span& span) {
    const auto begin = nanoseconds(span.begin), end = nanoseconds(span.end);
    const auto before = begin - nanoseconds(span.issued);
    switch (span.lane) {
      case Span::Lane::compute: {
        const int thread = lane(span.rank, Row::compute, begin, end);
        event(R"({{"ph":"X","cat":"compute","name":{},"pid":{},"tid":{},"ts":{},"dur":{})",
              json_text(trace_.kernels[span.name]), process(span.rank), thread, micro(begin),
              micro(end - begin));
        if (before > 0) put(R"(,"args":{{"QUEUE_us":{}}})", micro(before));
        text_ += '}';
        return;
      }
      case Span::Lane::waiting:
        event(R"({{"ph":"X","cat":"waiting","name":"{}","pid":{},"tid":{},"ts":{},"dur":{}}})",
              trace_.simulated ? "waiting" : "waiting or own code", process(span.rank),
              lane(span.rank, Row::waiting, begin, end), micro(begin), micro(end - begin));
        return;
      case Span::Lane::send:
      case Span::Lane::receive: break;
    }
    const bool sends = span.lane == Span::Lane::send;
    const int thread = lane(span.rank, sends ? Row::send : Row::receive, begin, end);
    event(R"({{"ph":"X","cat":"{}","name":"{} {}","pid":{},"tid":{},"ts":{},"dur":{})",
          sends ? "send" : "receive", sends ? "to" : "from", span.peer, process(span.rank), thread,
          micro(begin), micro(end - begin));
    put(R"(,"args":{{"bytes":{})", span.bytes);
    if (before > 0) put(R"(,"waited_us":{})", micro(before));
    if (span.flow > 0) put(R"(,"flow":{})", span.flow);
    text_ += "}}";
    if (span.flow == 0) return;
    // An arrow belongs to the slice around its time: the last moment inside is before the end.
    if (sends)
      event(R"({{"ph":"s","cat":"message","name":"message","id":{},"pid":{},"tid":{},"ts":{}}})",
            span.flow, process(span.rank), thread, micro(begin));
    else
      event(
          R"({{"ph":"f","bp":"e","cat":"message","name":"message","id":{},"pid":{},"tid":{},"ts":{}}})",
          span.flow, process(span.rank), thread, micro(std::max(begin, end - 1)));
  }
  void add_device_span(const DeviceSpan& span) {
    const auto begin = nanoseconds(span.begin), end = nanoseconds(span.end);
    event(R"({{"ph":"X","cat":"device","name":{},"pid":{},"tid":{},"ts":{},"dur":{}}})",
          json_text(trace_.kernels[span.name]), process(span.rank),
          lane(span.rank, Row::device, begin, end), micro(begin), micro(end - begin));
  }
  void add_counters() {
    for (const auto& link : trace_.links) {
      const Seconds part = trace_.end / static_cast<double>(link.shares.size());
      double before = -1;
      for (std::size_t i = 0; i <= link.shares.size(); ++i) {
        const double share = i < link.shares.size() ? link.shares[i] : 0;
        if (std::abs(share - before) < 5e-4 && i < link.shares.size()) continue;
        before = share;
        event(R"({{"ph":"C","cat":"link","name":{},"pid":0,"ts":{},"args":{{"use":{:.3f}}}}})",
              json_text(link.name), micro(nanoseconds(part * static_cast<double>(i))), share);
      }
    }
  }
  void add_names() {
    if (!trace_.links.empty())
      event(
          R"({{"ph":"M","name":"process_name","pid":0,"args":{{"name":"links: share of bandwidth"}}}})");
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      const auto& [host, ranks] = hosts_[i];
      event(R"({{"ph":"M","name":"process_name","pid":{},"args":{{"name":{}}}}})", i + 1,
            json_text(host));
      event(R"({{"ph":"M","name":"process_sort_index","pid":{},"args":{{"sort_index":{}}}}})",
            i + 1, i + 1);
    }
    for (const auto& [key, ends] : ends_)
      for (std::size_t number = 0; number < ends.size(); ++number) {
        const auto& [rank, place, row] = key;
        const int thread =
            chrome::thread_of({rank, row, static_cast<int>(number)}, trace_.ranks, rows_);
        const auto more = number > 0 ? fmt::format(" {}", number + 1) : "";
        event(
            R"({{"ph":"M","name":"thread_name","pid":{},"tid":{},"args":{{"name":"rank {} {}{}"}}}})",
            process(rank), thread, rank, chrome::name_of(row), more);
        event(
            R"({{"ph":"M","name":"thread_sort_index","pid":{},"tid":{},"args":{{"sort_index":{}}}}})",
            process(rank), thread, sort_index_++);
      }
  }

  struct Host {
    std::string name;
    std::vector<Rank> ranks;
  };
  const Trace& trace_;
  const int rows_ = trace_.devices.empty() ? chrome::usual_rows : chrome::most_rows;
  std::string text_;
  bool first_ = true;
  int sort_index_ = 1;
  std::vector<Host> hosts_;
  std::vector<int> process_of_rank_;
  std::map<std::tuple<Rank, int, Row>, std::vector<std::int64_t>> ends_;  // with its place
};

}  // namespace

std::string to_chrome_json(const Trace& trace) { return Writer{trace}.write(); }

}  // namespace troupe::analysis
