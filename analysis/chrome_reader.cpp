// Reads traces in Chrome's format that Troupe wrote (declared in trace_json.hpp). Event by event:
// the whole as a tree of JSON values would take ten times the memory.

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "analysis/chrome_lanes.hpp"
#include "analysis/trace_json.hpp"
#include "core/errors.hpp"

namespace troupe::analysis {
namespace {

using Json = nlohmann::json;
using chrome::Row;

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw BadInput{fmt::format("{}: {}", name, what)};
}

/// Makes a trace of events.
class Builder {
 public:
  explicit Builder(std::string name) : name_{std::move(name)} {}

  void head(const Json& data) {
    if (!data.is_object() || !data.contains("troupe_trace"))
      refuse(name_, "not a trace of Troupe (no key \"otherData\" with \"troupe_trace\")");
    if (data["troupe_trace"] != 1)
      refuse(name_, fmt::format("/otherData/troupe_trace is {}, this program reads version 1",
                                data["troupe_trace"].dump()));
    trace_.name = data.value("name", "");
    trace_.digest = data.value("scenario_digest", "");
    trace_.ranks = data.value("ranks", 0);
    trace_.host_of_rank = data.value("hosts", std::vector<std::string>{});
    trace_.simulated = data.value("clock", "") == "simulated";
    trace_.end = Seconds{data.value("end_s", 0.0)};
    trace_.left_out = data.value("spans_left_out", std::uint64_t{0});
    trace_.links_left_out = data.value("links_left_out", std::size_t{0});
    if (trace_.ranks < 1) refuse(name_, "/otherData/ranks is missing or below 1");
    rows_ = data.value("lanes_of_a_rank", chrome::usual_rows);
    if (rows_ < chrome::usual_rows || rows_ > chrome::most_rows)
      refuse(name_, fmt::format("/otherData/lanes_of_a_rank is {}, this program reads {} or {}",
                                rows_, chrome::usual_rows, chrome::most_rows));
    has_head_ = true;
  }
  void event(const Json& event) {
    if (!has_head_) refuse(name_, "not a trace of Troupe (\"otherData\" does not come first)");
    const auto kind = event.value("ph", "");
    if (kind == "X") add_span(event);
    else if (kind == "C") add_counter(event);
  }
  Trace finish() {
    if (!has_head_) refuse(name_, "not a trace of Troupe (no key \"otherData\")");
    for (auto& [name, points] : counters_) trace_.links.push_back({name, shares(points)});
    return std::move(trace_);
  }

 private:
  static constexpr std::size_t parts = 500;
  using Point = std::pair<double, double>;

  static Seconds time(const Json& event, const char* key) {
    return Seconds{event.at(key).get<double>() * 1e-6};
  }
  void add_span(const Json& event) {
    const auto lane = chrome::lane_of(event.at("tid").get<int>(), trace_.ranks, rows_);
    const Seconds begin = time(event, "ts"), end = begin + time(event, "dur");
    const auto name = event.at("name").get<std::string>();
    static const Json nothing = Json::object();
    const Json& more = event.contains("args") ? event["args"] : nothing;
    if (lane.row == Row::phases) {
      trace_.phases.push_back({lane.rank, name, more.value("detail", ""), begin, end});
      return;
    }
    if (lane.row == Row::device) {
      trace_.devices.push_back({lane.rank, kernel(name), begin, end});
      return;
    }
    Span span{.lane = static_cast<Span::Lane>(static_cast<int>(lane.row) - 1),
              .rank = lane.rank,
              .issued = begin,
              .begin = begin,
              .end = end};
    if (lane.row == Row::compute) {
      span.name = kernel(name);
      span.issued -= Seconds{more.value("QUEUE_us", 0.0) * 1e-6};
    } else if (lane.row != Row::waiting) {
      span.peer = std::stoi(name.substr(name.find(' ') + 1));
      span.bytes = more.value("bytes", std::uint64_t{0});
      span.flow = more.value("flow", std::uint32_t{0});
      span.issued -= Seconds{more.value("waited_us", 0.0) * 1e-6};
    }
    trace_.spans.push_back(span);
  }
  std::uint16_t kernel(const std::string& name) {
    const auto [entry, is_new] =
        kernels_.try_emplace(name, static_cast<std::uint16_t>(kernels_.size()));
    if (is_new) trace_.kernels.push_back(name);
    return entry->second;
  }
  void add_counter(const Json& event) {
    counters_[event.at("name").get<std::string>()].emplace_back(
        event.at("ts").get<double>() * 1e-6, event.at("args").at("use").get<double>());
  }
  std::vector<double> shares(const std::vector<Point>& points) const {
    std::vector<double> result(parts, 0.0);
    std::size_t next = 0;
    double share = 0;
    for (std::size_t i = 0; i < parts; ++i) {
      const double middle = trace_.end.count() * (static_cast<double>(i) + 0.5) / parts;
      while (next < points.size() && points[next].first <= middle) share = points[next++].second;
      result[i] = share;
    }
    return result;
  }

  std::string name_;
  Trace trace_;
  bool has_head_ = false;
  int rows_ = chrome::usual_rows;
  std::map<std::string, std::uint16_t> kernels_;
  std::map<std::string, std::vector<Point>> counters_;
};

/// Told by the parser of every value that is complete; takes away events as they come.
class Events {
 public:
  Events(Builder& builder, const std::string& name) : builder_{builder}, name_{name} {}
  bool operator()(int depth, Json::parse_event_t what, Json& parsed) {
    using Parsed = Json::parse_event_t;
    if (what == Parsed::key && depth == 1) key_ = parsed.get<std::string>();
    if (what == Parsed::object_end && depth == 1 && key_ == "otherData") builder_.head(parsed);
    if (what == Parsed::object_end && depth == 2 && key_ == "traceEvents") {
      try {
        builder_.event(parsed);
      } catch (const Json::exception& error) {
        refuse(name_, fmt::format("/traceEvents/{}: {}", number_, error.what()));
      } catch (const std::logic_error&) {  // of stoi
        refuse(name_, fmt::format("/traceEvents/{}/name names no rank", number_));
      }
      ++number_;
      return false;
    }
    return true;
  }

 private:
  Builder& builder_;
  const std::string& name_;
  std::string key_;
  std::size_t number_ = 0;
};

}  // namespace

Trace trace_from_json(std::string content, const std::string& name) {
  content = gunzipped(std::move(content), name);
  Builder builder{name};
  Events events{builder, name};
  try {
    const Json rest = Json::parse(content, [&](int depth, Json::parse_event_t what, Json& parsed) {
      return events(depth, what, parsed);
    });
    if (!rest.is_object()) refuse(name, "not a trace of Troupe");
  } catch (const Json::parse_error& error) {
    refuse(name, fmt::format("not a trace: no valid JSON at byte {}", error.byte));
  }
  return builder.finish();
}

}  // namespace troupe::analysis
