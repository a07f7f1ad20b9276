// Data, fit and residuals of a calibrated network, for other programs.

#include <nlohmann/json.hpp>

#include "analysis/calibrated_platform.hpp"

namespace troupe::analysis {
namespace {

using Json = nlohmann::ordered_json;

Json in_json(const std::vector<RoundTime>& points) {
  Json list = Json::array();
  for (const auto& point : points)
    list.push_back({{"bytes", point.bytes.value},
                    {"time_s", point.time.count()},
                    {"spread_s", point.spread.count()},
                    {"rounds", point.rounds}});
  return list;
}

Json in_json(const std::vector<Flow>& flows) {
  Json list = Json::array();
  for (const auto& [from, to] : flows) list.push_back({from, to});
  return list;
}

Json in_json(const Access& access) {
  return {{"latency_s", access.latency.count()},
          {"bandwidth_Bps", access.bandwidth.value},
          {"bandwidth_is_least", access.at_least}};
}

Json data_of(const MeasuredLinks& links) {
  Json pairs = Json::array(), meetings = Json::array();
  for (const auto& pair : links.pairs)
    pairs.push_back({{"a", pair.a}, {"b", pair.b}, {"one_way", in_json(pair.points)}});
  for (const auto& meeting : links.meetings)
    meetings.push_back({{"kind", name_of(meeting.kind)},
                        {"flows", in_json(meeting.flows)},
                        {"points", in_json(meeting.points)}});
  return {{"pairs", pairs}, {"together", meetings}};
}

Json fit_of(const LinkFit& fit) {
  Json json;
  for (const auto& factor : fit.factors)
    json["factors"].push_back({{"above_bytes", factor.above.value},
                               {"latency", factor.latency},
                               {"bandwidth", factor.bandwidth}});
  for (std::size_t rank = 0; rank < fit.ranks.size(); ++rank) {
    Json entry = in_json(fit.ranks[rank]);
    entry["flops_per_s"] = fit.speeds[rank].flops.value;
    entry["reduced_Bps"] = fit.speeds[rank].reduced_bytes.value;
    if (!fit.groups.empty()) entry["group"] = fit.group_of_rank[rank];
    json["ranks"].push_back(entry);
  }
  for (const auto& group : fit.groups) json["groups"].push_back(in_json(group));
  json["cross_traffic"] = fit.cross_traffic;
  json["one_connection"] = fit.one_connection;
  if (fit.asks_above) {
    json["rendezvous_above_bytes"] = fit.asks_above->value;
    json["rendezvous_s"] = fit.asking.count();
  }
  return json;
}

Json residuals_of(const LinkFit& fit) {
  Json pairs = Json::array(), meetings = Json::array();
  for (const auto& pair : fit.pairs)
    pairs.push_back({{"a", pair.a},
                     {"b", pair.b},
                     {"alpha_s", pair.alpha.count()},
                     {"bandwidth_Bps", pair.bandwidth.value},
                     {"worst_relative_error", pair.worst_error},
                     {"worst_bytes", pair.worst_size.value},
                     {"outlier", pair.is_outlier}});
  for (const auto& meeting : fit.meetings)
    meetings.push_back({{"kind", name_of(meeting.kind)},
                        {"flows", in_json(meeting.flows)},
                        {"slowdown", meeting.slowdown}});
  return {{"rms_relative_error", fit.residual}, {"pairs", pairs}, {"together", meetings}};
}

}  // namespace

std::string to_json(const LinkFit& fit, const MeasuredLinks& links,
                    const Calibration& calibration) {
  Json environment = Json::object();
  for (const auto& [key, text] : calibration.environment) environment[key] = text;
  const Json json{{"troupe_links", 1},
                  {"backend", calibration.backend},
                  {"eager_limit_bytes", calibration.eager_limit.value},
                  {"environment", environment},
                  {"hosts", fit.hosts},
                  {"fit", fit_of(fit)},
                  {"residuals", residuals_of(fit)},
                  {"doubts", fit.doubts},
                  {"data", data_of(links)}};
  return json.dump(1) + "\n";
}

}  // namespace troupe::analysis
