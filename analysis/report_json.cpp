#include "analysis/report_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace troupe::analysis {
namespace {

using Json = nlohmann::ordered_json;

/// Above this many ranks the per-rank section holds quantiles and extremes.
constexpr std::size_t ranks_listed = 4096;

Json optional_seconds(const std::optional<Seconds>& time) {
  return time ? Json(time->count()) : Json(nullptr);
}

Json whole_or_null(const std::optional<std::uint64_t>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json to_json(const ShareOfTime& shares) {
  Json links = Json::array();
  for (const auto& link : shares.hottest_links)
    links.push_back({{"name", link.name}, {"busy_share", link.busy_share}});
  return {{"compute", shares.compute},
          {"communication", shares.communication},
          {"waiting", shares.waiting},
          {"hottest_links", std::move(links)}};
}

Json to_json(const CollectiveResult& r) {
  const auto part = [&](Seconds ModelParts::*of) {
    return r.model_parts ? Json(((*r.model_parts).*of).count()) : Json(nullptr);
  };
  Json json{{"op", r.op},
            {"algorithm", r.algorithm},
            {"dtype", r.dtype},
            {"redop", r.redop},
            {"ranks", r.ranks},
            {"bytes", r.bytes},
            {"count", r.count},
            {"in_place", r.in_place},
            {"iterations", r.iterations},
            {"time_s", r.time.count()},
            {"min_s", r.min.count()},
            {"p10_s", r.p10.count()},
            {"p90_s", r.p90.count()},
            {"algbw_Bps", r.algbw.value},
            {"busbw_Bps", r.busbw.value},
            {"model_s", optional_seconds(r.model)},
            {"model_latency_s", part(&ModelParts::latency)},
            {"model_bandwidth_s", part(&ModelParts::bandwidth)},
            {"model_reduction_s", part(&ModelParts::reduction)},
            {"bound_s", optional_seconds(r.bound)},
            {"messages", whole_or_null(r.messages)},
            {"sent_bytes", whole_or_null(r.sent_bytes)},
            {"messages_per_rank", whole_or_null(r.messages_per_rank)},
            {"sent_per_rank_bytes", whole_or_null(r.sent_bytes_per_rank)},
            {"shares", r.shares ? to_json(*r.shares) : Json(nullptr)},
            {"wrong", whole_or_null(r.wrong)}};
  if (r.on_device) json["device_s"] = r.on_device->count();
  return json;
}

Json to_json(const TrainingPoint& point) {
  Json json{{"step", point.step}, {"time_s", point.time.count()}};
  for (const auto& [name, value] : point.values) json[name] = value;
  if (point.evaluating.count() > 0) json["evaluating_s"] = point.evaluating.count();
  return json;
}

Json to_json(const TargetResult& result) {
  const auto& reached = result.reached;
  const auto or_null = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
  return {{"figure", result.target.figure},
          {"value", result.target.value},
          {"steps_to_target", reached ? Json(reached->step) : Json(nullptr)},
          {"time_to_target_s", reached ? Json(reached->time.count()) : Json(nullptr)},
          {"bytes_to_target", reached ? or_null(reached->sent_bytes) : Json(nullptr)},
          {"messages_to_target", reached ? or_null(reached->messages) : Json(nullptr)}};
}

Json to_json(const RankActivity& r) {
  Json json{{"rank", r.rank},
            {"host", r.host},
            {"messages", r.messages},
            {"bytes", r.bytes},
            {"received_messages", r.received_messages},
            {"received_bytes", r.received_bytes},
            {"kernels", r.kernels},
            {"flops", r.flops.value},
            {"compute_s", r.compute.count()},
            {"communication_s", r.communication.count()},
            {"waiting_s", r.waiting.count()}};
  if (r.on_device) json["device_s"] = r.on_device->count();
  return json;
}

/// {"min": …, "p10": …, "median": …, "p90": …, "max": …} of one figure over all ranks.
template <class Figure>
Json spread(const std::vector<RankActivity>& ranks, Figure figure) {
  std::vector<Seconds> values;
  values.reserve(ranks.size());
  for (const auto& rank : ranks) values.emplace_back(static_cast<double>(figure(rank)));
  return {{"min", quantile(values, 0).count()},
          {"p10", quantile(values, 0.1).count()},
          {"median", quantile(values, 0.5).count()},
          {"p90", quantile(values, 0.9).count()},
          {"max", quantile(values, 1).count()}};
}

Json ranks_section(const std::vector<RankActivity>& ranks) {
  if (ranks.size() <= ranks_listed) {
    Json list = Json::array();
    for (const auto& rank : ranks) list.push_back(to_json(rank));
    return list;
  }
  Json json{{"ranks", ranks.size()},
            {"messages", spread(ranks, [](auto& r) { return r.messages; })},
            {"bytes", spread(ranks, [](auto& r) { return r.bytes; })},
            {"kernels", spread(ranks, [](auto& r) { return r.kernels; })},
            {"flops", spread(ranks, [](auto& r) { return r.flops.value; })},
            {"compute_s", spread(ranks, [](auto& r) { return r.compute.count(); })},
            {"communication_s", spread(ranks, [](auto& r) { return r.communication.count(); })},
            {"waiting_s", spread(ranks, [](auto& r) { return r.waiting.count(); })}};
  if (time_on_devices(ranks))
    json["device_s"] = spread(ranks, [](auto& r) { return r.on_device->count(); });
  return json;
}

template <class Items, class Convert>
Json list_of(const Items& items, Convert convert) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(convert(item));
  return list;
}

Json to_json(const Topology& topology) {
  return {{"hosts", topology.hosts},
          {"vertices", topology.vertices},
          {"edges", list_of(topology.edges, [](auto& edge) {
             return Json{{"from", edge.from}, {"to", edge.to}, {"link", edge.link}};
           })}};
}

}  // namespace

std::string to_json(const Report& report, bool reproducible) {
  Json json;
  json["troupe_report"] = 1;
  json["scenario"] = Json::parse(report.scenario);
  json["environment"] = Json::object();
  for (const auto& [key, value] : report.environment) json["environment"][key] = value;
  json["timing"] = name_of(report.timing);
  json["results"] = list_of(report.results, [](auto& r) { return to_json(r); });
  json["refused"] = list_of(report.refused, [](auto& r) {
    return Json{{"op", r.op}, {"algorithm", r.algorithm}, {"bytes", r.bytes}, {"reason", r.reason}};
  });
  json["training"] = list_of(report.training, [](auto& p) { return to_json(p); });
  json["totals"] = Json::object();
  for (const auto& [key, value] : report.totals) json["totals"][key] = value;
  json["targets"] = list_of(report.targets, [](auto& t) { return to_json(t); });
  json["ranks"] = ranks_section(report.ranks);
  json["links"] = list_of(report.links, [](auto& l) {
    return Json{
        {"name", l.name},   {"bandwidth_Bps", l.bandwidth.value}, {"messages", l.messages},
        {"bytes", l.bytes}, {"busy_share", l.busy_share},         {"most_flows", l.most_flows}};
  });
  if (!report.topology.vertices.empty()) json["topology"] = to_json(report.topology);
  json["traffic_group"] = report.traffic_group;
  json["traffic"] = list_of(report.traffic, [](auto& c) {
    return Json{{"from", c.from}, {"to", c.to}, {"messages", c.messages}, {"bytes", c.bytes}};
  });
  json["digest"] = report.digest;
  if (!report.parameters_digest.empty()) json["parameters_digest"] = report.parameters_digest;
  if (!reproducible) {
    json["wall_clock"] = Json::object();
    for (const auto& [key, value] : report.wall_clock) json["wall_clock"][key] = value;
  }
  return json.dump(1) + "\n";
}

}  // namespace troupe::analysis
