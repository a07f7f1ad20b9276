// A calibrated cluster as a GPU-cluster file.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "analysis/calibrated_platform.hpp"

namespace troupe::analysis {
namespace {

using Json = nlohmann::ordered_json;

/// As short as it can be without losing what was measured.
double rounded(double value) { return std::stod(fmt::format("{:.7g}", value)); }

Json in_json(const ClusterCable& cable) {
  return {{"bandwidth", rounded(cable.bandwidth.value)},
          {"latency", rounded(cable.latency.count())}};
}

/// What there is of it: both ways, and factors where there is more than one line.
void add_more(Json& json, std::optional<BytesPerSecond> both_ways,
              const std::vector<SizeFactor>& factors) {
  if (both_ways) json["both_ways"] = rounded(both_ways->value);
  if (factors.size() < 2) return;
  for (const auto& factor : factors)
    if (factor.above.value > 0 || factor.bandwidth != 1)
      json["by_size"].push_back({{"above", factor.above.value},
                                 {"latency", rounded(factor.latency)},
                                 {"bandwidth", rounded(factor.bandwidth)}});
}

Json interconnect_of(const ClusterFit& fit) {
  using Kind = ClusterFit::Interconnect;
  Json json{{"kind", fit.interconnect == Kind::pcie     ? "pcie"
                     : fit.interconnect == Kind::nvlink ? "nvlink"
                                                        : "nvswitch"}};
  json.update(in_json(fit.inside));
  add_more(json, fit.inside_both_ways, fit.inside_by_size);
  if (fit.backbone) json["backbone"] = rounded(fit.backbone->value);
  if (fit.interconnect != Kind::pcie) return json;
  json["gpus_per_switch"] = fit.gpus_per_switch;
  json["root_bandwidth"] = rounded(fit.root.bandwidth.value);
  json["root_latency"] = rounded(fit.root.latency.count());
  return json;
}

Json node_of(const ClusterFit& fit, const Calibration& calibration) {
  constexpr double free = 1e15;  // where a product of matrices took no time
  Json node{{"gpus", fit.gpus / fit.hosts_per_gpu},
            {"speed", fit.speed.value > 0 ? rounded(fit.speed.value) : free}};
  if (fit.hosts_per_gpu > 1) node["hosts_per_gpu"] = fit.hosts_per_gpu;
  if (fit.sharing > 1.02) node["sharing"] = rounded(fit.sharing);
  if (fit.memory_bandwidth.value > 0)
    node["memory_bandwidth"] = rounded(fit.memory_bandwidth.value);
  if (!calibration.measured_device.empty()) node["measured_device"] = calibration.measured_device;
  if (fit.interconnect != ClusterFit::Interconnect::none)
    node["interconnect"] = interconnect_of(fit);
  if (fit.cards == 0) return node;
  if (fit.host_link)
    node["host_link"] = in_json(ClusterCable{.latency = {}, .bandwidth = *fit.host_link});
  node["nics"] = {{"count", fit.cards}};
  node["nics"].update(in_json(fit.card));
  add_more(node["nics"], fit.card_both_ways, fit.across_by_size);
  return node;
}

/// As many spines as nodes, so that all cards of a rail can leave it at once.
Json fabric_of(const ClusterFit& fit) {
  if (!fit.between_rails) return {{"kind", "crossbar"}};
  Json fabric{{"kind", "rail_optimised"}, {"nodes_per_rail", fit.nodes}, {"spines", fit.nodes}};
  fabric.update(in_json(*fit.between_rails));
  return fabric;
}

}  // namespace

std::string to_json(const ClusterFit& fit, const Calibration& calibration) {
  std::string comment =
      fmt::format("Measured by troupe calibrate (backend {})", calibration.backend);
  const bool alone = fit.nodes * fit.gpus == 1;
  comment += alone ? "; one rank sends nothing."
                   : fmt::format(", {:.2g} % off what was measured.", 100 * fit.residual);
  for (const auto& doubt : fit.doubts) comment += fmt::format(" Doubt: {}.", doubt);
  Json json{{"troupe_gpu_cluster", 1},
            {"name", fmt::format("{} node{} of {}, measured", fit.nodes, fit.nodes == 1 ? "" : "s",
                                 fit.gpus)},
            {"comment", comment},
            {"nodes", fit.nodes}};
  if (calibration.eager_limit.value > 0) json["eager_limit"] = calibration.eager_limit.value;
  json["node"] = node_of(fit, calibration);
  if (fit.cards > 0) json["fabric"] = fabric_of(fit);
  return json.dump(1) + "\n";
}

}  // namespace troupe::analysis
