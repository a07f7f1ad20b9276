#include "platforms/summary.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "platforms/device_profiles.hpp"
#include "platforms/json_reader.hpp"

namespace troupe::platforms {
namespace {

using nlohmann::json;

const DeviceProfile* profile_of(const HostFacts& host) {
  const auto profiles = device_profiles();
  const auto found = std::ranges::find(profiles, host.device, &DeviceProfile::name);
  return found == profiles.end() ? nullptr : &*found;
}

json json_of(const HostFacts& host) {
  json result{{"name", host.name}, {"speed_flops", host.speed.value}, {"cores", host.cores}};
  if (!host.device.empty()) result["device"] = host.device;
  if (host.memory_bandwidth) result["memory_bandwidth_Bps"] = host.memory_bandwidth->value;
  if (!host.processor.empty()) result["processor"] = host.processor;
  if (host.sharing != 1) result["sharing"] = host.sharing;
  return result;
}

HostFacts read_host(const JsonReader& value) {
  value.expect_keys(
      {"name", "speed_flops", "cores", "device", "memory_bandwidth_Bps", "processor", "sharing"});
  HostFacts host{.name = value["name"].text(),
                 .speed = {value["speed_flops"].number(0)},
                 .cores = value["cores"].integer(1)};
  if (value.has("device")) host.device = value["device"].text();
  if (value.has("memory_bandwidth_Bps"))
    host.memory_bandwidth = BytesPerSecond{value["memory_bandwidth_Bps"].number(0, true)};
  if (value.has("processor")) host.processor = value["processor"].text();
  if (value.has("sharing")) host.sharing = value["sharing"].number(1);
  return host;
}

json json_of(const LinkFacts& link) {
  return {{"name", link.name},
          {"bandwidth_Bps", link.bandwidth.value},
          {"latency_s", link.latency.count()},
          {"shared", link.shared},
          {"used", link.used}};
}

LinkFacts read_link(const JsonReader& value) {
  value.expect_keys({"name", "bandwidth_Bps", "latency_s", "shared", "used"});
  return {.name = value["name"].text(),
          .bandwidth = {value["bandwidth_Bps"].number(0)},
          .latency = Seconds{value["latency_s"].number(0)},
          .shared = value["shared"].truth(),
          .used = value["used"].truth()};
}

json json_of(const NetworkModel& network) {
  json value{{"model", network.name},
             {"latency_factor", network.latency_factor},
             {"bandwidth_factor", network.bandwidth_factor},
             {"tcp_window_B", network.tcp_window},
             {"cross_traffic", network.cross_traffic},
             {"factors_by_size", network.factors_by_size},
             {"chosen_by", network.chosen_by}};
  if (network.one_connection) value["one_connection"] = true;
  return value;
}

NetworkModel read_network(const JsonReader& value) {
  value.expect_keys({"model", "latency_factor", "bandwidth_factor", "tcp_window_B", "cross_traffic",
                     "factors_by_size", "chosen_by", "one_connection"});
  return {.name = value["model"].text(),
          .latency_factor = value["latency_factor"].number(0),
          .bandwidth_factor = value["bandwidth_factor"].number(0),
          .tcp_window = value["tcp_window_B"].number(0),
          .cross_traffic = value["cross_traffic"].truth(),
          .chosen_by = value["chosen_by"].text(),
          .factors_by_size = value["factors_by_size"].truth(),
          .one_connection = value.has("one_connection") && value["one_connection"].truth()};
}

json json_of(const PairCosts& costs) {
  return {{"alpha_median_s", costs.alpha_median.count()},
          {"alpha_max_s", costs.alpha_max.count()},
          {"beta_median_s_per_B", costs.beta_median},
          {"beta_max_s_per_B", costs.beta_max}};
}

PairCosts read_costs(const JsonReader& value) {
  value.expect_keys({"alpha_median_s", "alpha_max_s", "beta_median_s_per_B", "beta_max_s_per_B"});
  return {.alpha_median = Seconds{value["alpha_median_s"].number(0)},
          .alpha_max = Seconds{value["alpha_max_s"].number(0)},
          .beta_median = value["beta_median_s_per_B"].number(0),
          .beta_max = value["beta_max_s_per_B"].number(0)};
}

std::vector<RankFacts> read_ranks(const JsonReader& value, int hosts) {
  std::vector<RankFacts> ranks;
  for (const JsonReader& rank : value.elements(1)) {
    const auto fields = rank.elements(3);
    ranks.push_back({.host = fields[0].integer(0, hosts - 1),
                     .slot = fields[1].integer(0),
                     .node = fields[2].integer(0)});
  }
  return ranks;
}

}  // namespace

double reduction_seconds_per_byte(const HostFacts& host) {
  constexpr double flops_per_byte = 0.25, traffic_per_byte = 3;
  const DeviceProfile* profile = profile_of(host);
  double speed = host.speed.value;
  if (profile != nullptr)
    if (const auto rate = profile->rate(Dtype::float32, false)) speed = rate->value;
  double memory = host.memory_bandwidth ? host.memory_bandwidth->value : 0;
  if (memory <= 0 && profile != nullptr) memory = profile->memory_bandwidth.value;
  return std::max(flops_per_byte / speed, memory > 0 ? traffic_per_byte / memory : 0);
}

json to_json(const PlatformSummary& summary) {
  json result{{"name", summary.name},
              {"digest", summary.digest},
              {"network", json_of(summary.network)},
              {"hosts", json::array()},
              {"ranks_host_slot_node", json::array()},
              {"nodes", summary.nodes},
              {"grid", summary.grid},
              {"links", json::array()},
              {"raw", json_of(summary.raw)},
              {"effective", json_of(summary.effective)},
              {"pairs", summary.pairs},
              {"asymmetric_pairs", summary.asymmetric_pairs},
              {"gamma_s_per_B", summary.gamma},
              {"bisection_Bps", summary.bisection.value},
              {"notes", summary.notes}};
  for (const HostFacts& host : summary.hosts) result["hosts"].push_back(json_of(host));
  for (const LinkFacts& link : summary.links) result["links"].push_back(json_of(link));
  for (const RankFacts& rank : summary.ranks)
    result["ranks_host_slot_node"].push_back({rank.host, rank.slot, rank.node});
  return result;
}

PlatformSummary summary_from_json(const json& document, const std::string& file) {
  const JsonReader value{document, file};
  value.expect_keys({"name", "digest", "network", "hosts", "ranks_host_slot_node", "nodes", "grid",
                     "links", "raw", "effective", "pairs", "asymmetric_pairs", "gamma_s_per_B",
                     "bisection_Bps", "notes"});
  PlatformSummary summary;
  summary.name = value["name"].text();
  summary.digest = value["digest"].text();
  summary.network = read_network(value["network"]);
  for (const JsonReader& host : value["hosts"].elements(1))
    summary.hosts.push_back(read_host(host));
  summary.ranks = read_ranks(value["ranks_host_slot_node"], static_cast<int>(summary.hosts.size()));
  summary.nodes = value["nodes"].integer(1);
  summary.grid = value["grid"].integers(1, 0);
  for (const JsonReader& link : value["links"].elements()) summary.links.push_back(read_link(link));
  summary.raw = read_costs(value["raw"]);
  summary.effective = read_costs(value["effective"]);
  summary.pairs = value["pairs"].integer(0);
  summary.asymmetric_pairs = value["asymmetric_pairs"].integer(0);
  summary.gamma = value["gamma_s_per_B"].number(0);
  summary.bisection = {value["bisection_Bps"].number(0)};
  for (const JsonReader& note : value["notes"].elements()) summary.notes.push_back(note.text());
  return summary;
}

}  // namespace troupe::platforms
