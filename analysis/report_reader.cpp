// Reads reports that Troupe wrote (declared in report_json.hpp).

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "analysis/report_json.hpp"
#include "core/errors.hpp"
#include "core/file_kind.hpp"

namespace troupe::analysis {
namespace {

using Json = nlohmann::ordered_json;

/// Walks a parsed report and says where it stands when something is amiss.
class Walker {
 public:
  explicit Walker(std::string name) : name_{std::move(name)} {}

  template <class T>
  T get(const Json& object, const std::string& where, const char* key) const {
    const auto at = object.find(key);
    if (at == object.end()) throw BadInput{fmt::format("{}: {}/{} is missing", name_, where, key)};
    return convert<T>(*at, where + "/" + key);
  }
  template <class T>
  T convert(const Json& value, const std::string& where) const {
    bool fits = true;  // a whole number that T holds; anything, where T is something else
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
      fits = value.is_number_unsigned()
                 ? std::in_range<T>(value.get<std::uint64_t>())
                 : value.is_number_integer() && std::in_range<T>(value.get<std::int64_t>());
    try {
      if (fits) return value.get<T>();
    } catch (const Json::exception&) {
    }
    const auto found = value.dump(-1, ' ', true);
    throw BadInput{fmt::format("{}: {} has an unexpected value {}{}", name_, where,
                               found.substr(0, 60), found.size() > 60 ? "..." : "")};
  }
  void expect(bool fine, const std::string& where, const Json& value) const {
    if (!fine)
      throw BadInput{fmt::format("{}: {} has an unexpected value {}", name_, where, value.dump())};
  }
  std::optional<Seconds> seconds_or_nothing(const Json& object, const std::string& where,
                                            const char* key) const {
    if (!object.contains(key) || object[key].is_null()) return {};
    return Seconds{get<double>(object, where, key)};
  }
  std::optional<double> number_or_nothing(const Json& object, const std::string& where,
                                          const char* key) const {
    if (!object.contains(key) || object[key].is_null()) return {};
    return get<double>(object, where, key);
  }
  std::optional<std::uint64_t> whole_or_null(const Json& object, const std::string& where,
                                             const char* key) const {
    if (object.contains(key) && object[key].is_null()) return {};
    return get<std::uint64_t>(object, where, key);
  }
  Seconds seconds(const Json& object, const std::string& where, const char* key) const {
    return Seconds{get<double>(object, where, key)};
  }
  /// Calls use(item, pointer) for each item of an optional list.
  template <class Use>
  void each(const Json& object, const char* key, Use use) const {
    const auto at = object.find(key);
    if (at == object.end()) return;
    if (!at->is_array()) return;  // folded sections are summaries for people, not read back
    for (std::size_t i = 0; i < at->size(); ++i) {
      const auto where = fmt::format("/{}/{}", key, i);
      if (!(*at)[i].is_object())
        throw BadInput{fmt::format("{}: {} is not an object", name_, where)};
      use((*at)[i], where);
    }
  }

 private:
  std::string name_;
};

ShareOfTime shares_from(const Walker& walk, const Json& json, const std::string& at) {
  walk.expect(json.is_object(), at, json);
  ShareOfTime shares{.compute = walk.get<double>(json, at, "compute"),
                     .communication = walk.get<double>(json, at, "communication"),
                     .waiting = walk.get<double>(json, at, "waiting"),
                     .hottest_links = {}};
  walk.each(json, "hottest_links", [&](const Json& link, const std::string& where) {
    shares.hottest_links.push_back({walk.get<std::string>(link, at + where, "name"),
                                    walk.get<double>(link, at + where, "busy_share")});
  });
  return shares;
}

CollectiveResult result_from(const Walker& walk, const Json& json, const std::string& at) {
  CollectiveResult r;
  r.op = walk.get<std::string>(json, at, "op");
  r.algorithm = walk.get<std::string>(json, at, "algorithm");
  r.dtype = walk.get<std::string>(json, at, "dtype");
  r.redop = walk.get<std::string>(json, at, "redop");
  r.ranks = walk.get<int>(json, at, "ranks");
  r.bytes = walk.get<std::uint64_t>(json, at, "bytes");
  r.count = walk.get<std::uint64_t>(json, at, "count");
  r.in_place = walk.get<bool>(json, at, "in_place");
  r.iterations = walk.get<int>(json, at, "iterations");
  r.time = walk.seconds(json, at, "time_s");
  r.min = walk.seconds(json, at, "min_s");
  r.p10 = walk.seconds(json, at, "p10_s");
  r.p90 = walk.seconds(json, at, "p90_s");
  r.algbw.value = walk.get<double>(json, at, "algbw_Bps");
  r.busbw.value = walk.get<double>(json, at, "busbw_Bps");
  r.model = walk.seconds_or_nothing(json, at, "model_s");
  if (const auto latency = walk.seconds_or_nothing(json, at, "model_latency_s"))
    r.model_parts = ModelParts{.latency = *latency,
                               .bandwidth = walk.seconds(json, at, "model_bandwidth_s"),
                               .reduction = walk.seconds(json, at, "model_reduction_s")};
  r.bound = walk.seconds_or_nothing(json, at, "bound_s");
  r.messages = walk.whole_or_null(json, at, "messages");
  r.sent_bytes = walk.whole_or_null(json, at, "sent_bytes");
  r.messages_per_rank = walk.whole_or_null(json, at, "messages_per_rank");
  r.sent_bytes_per_rank = walk.whole_or_null(json, at, "sent_per_rank_bytes");
  if (json.contains("shares") && !json["shares"].is_null())
    r.shares = shares_from(walk, json["shares"], at + "/shares");
  r.on_device = walk.seconds_or_nothing(json, at, "device_s");
  if (json.contains("wrong") && !json["wrong"].is_null())
    r.wrong = walk.get<std::uint64_t>(json, at, "wrong");
  return r;
}

TrainingPoint point_from(const Walker& walk, const Json& json, const std::string& at) {
  TrainingPoint point;
  point.step = walk.get<std::int64_t>(json, at, "step");
  point.time = walk.seconds(json, at, "time_s");
  if (json.contains("evaluating_s")) point.evaluating = walk.seconds(json, at, "evaluating_s");
  for (const auto& [key, value] : json.items())
    if (key != "step" && key != "time_s" && key != "evaluating_s")
      point.values.emplace_back(key, value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                                     : walk.convert<double>(value, at + "/" + key));
  return point;
}

TargetResult target_from(const Walker& walk, const Json& json, const std::string& at) {
  TargetResult result{.target = {.figure = walk.get<std::string>(json, at, "figure"),
                                 .value = walk.get<double>(json, at, "value")},
                      .reached = {}};
  if (const auto time = walk.seconds_or_nothing(json, at, "time_to_target_s"))
    result.reached = Reached{.step = walk.get<std::int64_t>(json, at, "steps_to_target"),
                             .time = *time,
                             .sent_bytes = walk.number_or_nothing(json, at, "bytes_to_target"),
                             .messages = walk.number_or_nothing(json, at, "messages_to_target")};
  return result;
}

RankActivity rank_from(const Walker& walk, const Json& json, const std::string& at) {
  RankActivity r;
  r.rank = walk.get<int>(json, at, "rank");
  r.host = walk.get<std::string>(json, at, "host");
  r.messages = walk.get<std::uint64_t>(json, at, "messages");
  r.bytes = walk.get<std::uint64_t>(json, at, "bytes");
  r.received_messages = walk.get<std::uint64_t>(json, at, "received_messages");
  r.received_bytes = walk.get<std::uint64_t>(json, at, "received_bytes");
  r.kernels = walk.get<std::uint64_t>(json, at, "kernels");
  r.flops.value = walk.get<double>(json, at, "flops");
  r.compute = walk.seconds(json, at, "compute_s");
  r.communication = walk.seconds(json, at, "communication_s");
  r.waiting = walk.seconds(json, at, "waiting_s");
  r.on_device = walk.seconds_or_nothing(json, at, "device_s");
  return r;
}

Topology topology_from(const Walker& walk, const Json& json) {
  Topology topology{.hosts = walk.get<int>(json, "/topology", "hosts"),
                    .vertices = walk.get<std::vector<std::string>>(json, "/topology", "vertices"),
                    .edges = {}};
  const auto vertices = static_cast<int>(topology.vertices.size());
  walk.each(json, "edges", [&](const Json& item, const std::string& at) {
    const auto where = "/topology" + at;
    topology.edges.push_back({.from = walk.get<int>(item, where, "from"),
                              .to = walk.get<int>(item, where, "to"),
                              .link = walk.get<std::string>(item, where, "link")});
    for (const char* end : {"from", "to"})
      walk.expect(0 <= item[end] && item[end] < vertices, where + "/" + end, item[end]);
  });
  walk.expect(0 <= topology.hosts && topology.hosts <= vertices, "/topology/hosts", json["hosts"]);
  return topology;
}

}  // namespace

Report report_from_json(const std::string& text, const std::string& name) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw BadInput{fmt::format("{}: not a report: no valid JSON at byte {}", name, error.byte)};
  }
  if (!json.is_object() || !json.contains("troupe_report")) {
    const auto kind = kind_of_file([&](const char* key) { return json.contains(key); }, name);
    throw BadInput{fmt::format("{}: {}not a report of Troupe (no key \"troupe_report\")", name,
                               kind.empty() ? kind : fmt::format("this is {}, ", kind))};
  }
  if (json["troupe_report"] != 1)
    throw BadInput{
        fmt::format("{}: /troupe_report is {}, this program reads version 1: make it "
                    "again with this program",
                    name, json["troupe_report"].dump())};
  const Walker walk{name};
  Report report;
  if (json.contains("scenario")) report.scenario = json["scenario"].dump();
  report.digest = walk.get<std::string>(json, "", "digest");
  if (json.contains("parameters_digest"))
    report.parameters_digest = walk.get<std::string>(json, "", "parameters_digest");
  report.timing = timing_named(walk.get<std::string>(json, "", "timing"));
  if (json.contains("environment") && json["environment"].is_object())
    for (const auto& [key, value] : json["environment"].items())
      report.environment.emplace_back(key, walk.convert<std::string>(value, "/environment/" + key));
  walk.each(json, "results", [&](const Json& item, const std::string& at) {
    report.results.push_back(result_from(walk, item, at));
  });
  walk.each(json, "refused", [&](const Json& item, const std::string& at) {
    report.refused.push_back({.op = walk.get<std::string>(item, at, "op"),
                              .algorithm = walk.get<std::string>(item, at, "algorithm"),
                              .reason = walk.get<std::string>(item, at, "reason"),
                              .bytes = walk.get<std::uint64_t>(item, at, "bytes")});
  });
  walk.each(json, "training", [&](const Json& item, const std::string& at) {
    report.training.push_back(point_from(walk, item, at));
  });
  walk.each(json, "targets", [&](const Json& item, const std::string& at) {
    report.targets.push_back(target_from(walk, item, at));
  });
  walk.each(json, "ranks", [&](const Json& item, const std::string& at) {
    report.ranks.push_back(rank_from(walk, item, at));
  });
  walk.each(json, "links", [&](const Json& item, const std::string& at) {
    report.links.push_back({.name = walk.get<std::string>(item, at, "name"),
                            .bandwidth = {walk.get<double>(item, at, "bandwidth_Bps")},
                            .messages = walk.get<std::uint64_t>(item, at, "messages"),
                            .bytes = walk.get<std::uint64_t>(item, at, "bytes"),
                            .busy_share = walk.get<double>(item, at, "busy_share"),
                            .most_flows = walk.get<std::uint64_t>(item, at, "most_flows")});
  });
  if (json.contains("topology")) report.topology = topology_from(walk, json["topology"]);
  walk.each(json, "traffic", [&](const Json& item, const std::string& at) {
    report.traffic.push_back({.from = walk.get<int>(item, at, "from"),
                              .to = walk.get<int>(item, at, "to"),
                              .messages = walk.get<std::uint64_t>(item, at, "messages"),
                              .bytes = walk.get<std::uint64_t>(item, at, "bytes")});
  });
  for (auto [key, into] :
       {std::pair{"totals", &report.totals}, std::pair{"wall_clock", &report.wall_clock}})
    if (json.contains(key) && json[key].is_object())
      for (const auto& [entry, value] : json[key].items())
        into->emplace_back(entry, walk.convert<double>(value, fmt::format("/{}/{}", key, entry)));
  if (json.contains("traffic_group"))
    report.traffic_group = walk.get<int>(json, "", "traffic_group");
  return report;
}

}  // namespace troupe::analysis
