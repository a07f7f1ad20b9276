#include "platforms/simgrid/simgrid_platform.hpp"

#include <fmt/format.h>

#include <xbt/log.h>
#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unordered_map>

#include "core/errors.hpp"
#include "core/text.hpp"
#include "platforms/digest.hpp"
#include "platforms/json_reader.hpp"
#include "platforms/placed.hpp"
#include "platforms/simgrid/compat.hpp"
#include "platforms/simgrid/computed_zone.hpp"
#include "platforms/simgrid/loadable_file.hpp"
#include "platforms/simgrid/rehearsal.hpp"
#include "platforms/simgrid/settings.hpp"
#include "platforms/simgrid/way.hpp"
#include "platforms/xml_scan.hpp"

namespace troupe::platforms {
namespace {

namespace s4u = simgrid::s4u;

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  std::ostringstream content;
  if (!std::filesystem::is_regular_file(file) || !stream)
    throw BadPlatform(
        fmt::format("{}: cannot read this platform file{}", file.string(),
                    file.has_extension()
                        ? ""
                        : fmt::format(" (one that comes with Troupe is given by --platform {}, "
                                      "or in a scenario by its path)",
                                      file.filename().string())));
  content << stream.rdbuf();
  return content.str();
}

/// Where the file itself sets `name`: ":12", or nothing.
std::string line_of_setting(std::span<const XmlTag> tags, std::string_view name) {
  for (const XmlTag& tag : tags)
    if (tag.name == "prop" && tag["id"] == name) return fmt::format(":{}", tag.line);
  return {};
}

/// "Parse error at FILE:LINE: Invalid XML (XML input line 5, state 142): …\n…" → "FILE:LINE: …".
std::string in_one_line(std::string complaint) {
  complaint = complaint.substr(0, complaint.find('\n'));
  const auto cut = [&complaint](std::string_view from, std::string_view to) {
    const auto begin = complaint.find(from);
    const auto end = begin == complaint.npos ? begin : complaint.find(to, begin);
    if (end != complaint.npos) complaint.erase(begin, end + to.size() - begin);
  };
  cut("Parse error at ", " at ");
  cut(" (XML input line", ")");
  cut(" Existing netpoints:", ":");
  return complaint;
}

/// The order in which hosts are made. Their points in the network tell it: SimGrid 4 announces the
/// hosts themselves when a zone is sealed, in order of name. SimGrid offers no way to take a
/// callback back, hence the flag.
struct Recording {
  bool open = true;
  std::vector<std::string> hosts;
};

void load_file(const s4u::Engine& engine, const std::filesystem::path& file,
               std::span<const XmlTag> tags) {
  xbt_log_control_set("xbt_cfg.thres:warning");  // or it tells of each setting of the file
  const LoadableFile loadable{file, tags};
  try {
    engine.load_platform(loadable.path().string());
  } catch (const std::out_of_range& error) {  // a setting in <config>
    const std::string what = in_one_line(error.what());
    const std::string name = what.substr(what.rfind(' ') + 1);
    throw BadPlatform(fmt::format("{}{}: {}{}", file.string(), line_of_setting(tags, name), what,
                                  did_you_mean(name, listed_settings(error.what()))));
  } catch (const std::exception& error) {
    std::string message = in_one_line(error.what());
    if (!message.starts_with(file.string())) message = file.string() + ": " + message;
    throw BadPlatform(message);
  }
}

HostFacts facts_about(const s4u::Host& host) {
  HostFacts facts{.name = host.get_name(),
                  .speed = {host.get_speed()},
                  .cores = host.get_core_count(),
                  .device = {},
                  .memory_bandwidth = {},
                  .processor = {}};
  if (const char* processor = host.get_property("processor")) facts.processor = processor;
  if (const char* device = host.get_property("device")) facts.device = device;
  if (const char* bandwidth = host.get_property("memory_bandwidth")) try {
      facts.memory_bandwidth = parse_bandwidth(bandwidth);
    } catch (const BadInput& error) {
      throw BadPlatform(
          fmt::format("host \"{}\", property memory_bandwidth: {}", host.get_name(), error.what()));
    }
  return facts;
}

/// Values with which SimGrid ends the process later, or reckons on.
void refuse_impossible_links(const s4u::Engine& engine, const std::string& platform) {
  const auto refuse = [&](const s4u::Link& link, const std::string& what) {
    throw BadPlatform(fmt::format("{}: link \"{}\": {}", platform, link.get_name(), what));
  };
  for (const s4u::Link* link : engine.get_all_links()) {
    if (!(link->get_bandwidth() > 0))
      refuse(*link,
             fmt::format("a bandwidth of {} B/s; expected more than 0", link->get_bandwidth()));
    if (!(link->get_latency() >= 0))
      refuse(*link, fmt::format("a latency of {} s; expected 0 or more", link->get_latency()));
  }
}

/// Hosts of equal property `node` are one node; where no host has it, those under one leaf switch.
std::vector<int> nodes_of(std::span<s4u::Host* const> hosts) {
  const auto named = [](const s4u::Host* host) { return host->get_property("node") != nullptr; };
  if (std::ranges::none_of(hosts, named))
    return leaf_switch_groups(static_cast<int>(hosts.size()), [&](int from, int to) {
      std::vector<s4u::Link*> links;
      double latency = 0;
      hosts[static_cast<std::size_t>(from)]->route_to(hosts[static_cast<std::size_t>(to)], links,
                                                      &latency);
      return links.size();
    });
  std::map<std::string, int> numbers;
  std::vector<int> nodes;
  for (const s4u::Host* host : hosts) {
    const std::string name = named(host) ? std::string{"node "} + host->get_property("node")
                                         : "host " + std::string{host->get_name()};
    nodes.push_back(numbers.emplace(name, static_cast<int>(numbers.size())).first->second);
  }
  return nodes;
}

bool seats_follow_the_grid(std::span<const RankPlace> ranks, std::size_t hosts) {
  if (ranks.size() != hosts) return false;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank)
    if (ranks[rank].host_index != static_cast<int>(rank)) return false;
  return true;
}

std::string unchosen_model_notice(const std::string& name, const NetworkModel& network) {
  return fmt::format(
      "{}: names no network model, so it runs under SimGrid's default LV08 (latency ×{:g}, "
      "bandwidth ×{:g}); --cfg=network/model:CM02 takes both as they stand",
      name, network.latency_factor, network.bandwidth_factor);
}

}  // namespace

/// What is to be loaded: a file that SimGrid reads, or a topology of ours.
struct SimGridPlatform::Source {
  std::string content;
  std::optional<Topology> topology;
  std::vector<XmlTag> tags;
  std::vector<Profile> profiles;
  std::vector<int> grid;
  bool one_connection = false;
  CostsByClass message_costs{};

  explicit Source(const PlatformSpec& spec) {
    if (auto own = own_topology(spec)) {
      content = std::move(own->content);
      topology = std::move(own->topology);
    } else {
      content = content_of(spec.file);
      if (spec.file.extension() != ".so") read_xml(spec.file.string());
    }
    if (topology) {
      grid = topology->grid;
      message_costs = topology->message_costs;
    }
  }

 private:
  void read_xml(const std::string& file) {
    tags = start_tags(content);
    profiles = platforms::profiles(tags);
    grid = torus_dimensions(tags);
    if (const auto mistake = first_mistake(tags))
      throw BadPlatform(fmt::format("{}:{}: {}", file, mistake->line, mistake->what));
    try {
      one_connection = platforms::one_connection(tags);
      message_costs = read_message_costs(tags);
    } catch (const BadPlatform& error) {
      throw BadPlatform(fmt::format("{}: {}", file, error.what()));
    }
  }
};

SimGridPlatform::SimGridPlatform(s4u::Engine& engine, const PlatformSpec& spec,
                                 std::span<const std::string> command_line_cfg)
    : spec_{spec} {
  EXPECTS(engine.get_host_count() == 0, "an engine loads one platform");
  Settings settings{spec_, command_line_cfg};
  const Source source{spec_};
  const bool ours = source.topology.has_value();
  if (ours && source.topology->by_size) settings.keep_factors();
  changes_with_time_ = !source.profiles.empty();
  speeds_change_ =
      std::ranges::find(source.profiles, Profile::Of::speed, &Profile::of) != source.profiles.end();
  if (const auto chosen = settings.outlive(source.profiles, source.tags); !chosen.empty())
    notices_.push_back(fmt::format(
        "{}: links change with time, so it runs with {}, without which SimGrid forgets messages "
        "whose latency has not passed then",
        spec_.name(), fmt::join(chosen, " and ")));
  const auto build = [&] {
    settings.apply(ours);
    load(engine, source);
    place();
  };
  if (!ours || !settings.empty()) rehearse(spec_.name(), build);
  try {
    build();
  } catch (const std::invalid_argument& error) {  // SimGrid's, e.g. for hosts without a route
    throw BadPlatform(fmt::format("{}: {}", spec_.name(), in_one_line(error.what())));
  }
  if (seats_follow_the_grid(ranks_, hosts_.size())) grid_ = source.grid;
  try {
    network_ = settings.network();
  } catch (const BadPlatform& error) {
    throw BadPlatform(fmt::format("{}: {}", spec_.name(), error.what()));
  }
  network_.one_connection = source.one_connection;
  if (network_.one_connection && network_.tcp_window > 0)
    throw BadPlatform(
        fmt::format("{}: connections \"one_per_pair\" have no window: set network/TCP-gamma to 0",
                    spec_.name()));
  message_costs_ = source.message_costs;
  if (ours && source.topology->by_size) {
    if (network_.factors_by_size)
      throw BadPlatform(
          fmt::format("{}: says by_size what messages pay, and so does network model {}: expected "
                      "network/model:CM02",
                      spec_.name(), network_.name));
    network_.scale_by_size(*source.topology->by_size);
    charge_by_size(engine);
  }
  if (ours && network_.chosen_by == "platform") network_.chosen_by = "as all generated platforms";
  if (network_.chosen_by == "SimGrid's default")
    notices_.push_back(unchosen_model_notice(spec_.name(), network_));
  digest_ = digest_of(fmt::format("{}\n{} {} {} {} {}", source.content, network_.name,
                                  network_.latency_factor, network_.bandwidth_factor,
                                  network_.tcp_window, network_.cross_traffic));
}

void SimGridPlatform::load(s4u::Engine& engine, const Source& source) {
  if (source.topology) {
    auto built = build_zone(*source.topology);
    hosts_ = std::move(built.hosts);
    own_ways_ = {.links = std::move(built.links), .route = source.topology->route};
  } else {
    const auto recording = std::make_shared<Recording>();
    using Point = simgrid::kernel::routing::NetPoint;
    Point::on_creation.connect([recording](const Point& point) {
      if (recording->open && point.is_host()) recording->hosts.push_back(point.get_name());
    });
    load_file(engine, spec_.file, source.tags);
    recording->open = false;
    hosts_.clear();
    for (const std::string& name : recording->hosts) hosts_.push_back(engine.host_by_name(name));
  }
  if (hosts_.empty()) throw BadPlatform(fmt::format("{}: declares no host", spec_.name()));
  engine.seal_platform();
  if (!source.topology) refuse_impossible_links(engine, spec_.name());
  facts_.clear();
  for (const s4u::Host* host : hosts_) facts_.push_back(facts_about(*host));
  for (std::size_t i = 0; source.topology && i < facts_.size(); ++i)
    facts_[i].sharing = source.topology->hosts[i].sharing;
}

/// SimGrid's own factors by size are the same for all pairs.
void SimGridPlatform::charge_by_size(const s4u::Engine& engine) const {
  const auto node_of = std::make_shared<std::unordered_map<const s4u::Host*, int>>();
  const std::vector<int> nodes = nodes_of(hosts_);
  for (std::size_t host = 0; host < hosts_.size(); ++host)
    node_of->emplace(hosts_[host], nodes[host]);
  const auto factor = [network = network_, node_of](auto of) {
    return [=](double bytes, const s4u::Host* from, const s4u::Host* to) {
      const bool near = node_of->at(from) == node_of->at(to);
      return (network.*of)(from == to ? PairClass::same_host
                           : near     ? PairClass::same_node
                                      : PairClass::across,
                           bytes);
    };
  };
  compat::set_factors(engine, factor(&NetworkModel::latency_factor_of),
                      factor(&NetworkModel::bandwidth_factor_of));
}

void SimGridPlatform::place() {
  std::vector<std::string> names;
  for (const HostFacts& facts : facts_) names.push_back(facts.name);
  std::vector<Seat> seats;
  try {
    seats = place_ranks(names, spec_.placement);
  } catch (const BadPlatform& error) {
    throw BadPlatform(fmt::format("{}: {}", spec_.name(), error.what()));
  }
  const std::vector<int> node_of_host = nodes_of(hosts_);
  std::map<int, int> numbers;  // nodes that hold a rank, renumbered
  for (const Seat& seat : seats) {
    const HostFacts& host = facts_[static_cast<std::size_t>(seat.host)];
    if (!(host.speed.value > 0))
      throw BadPlatform(fmt::format("{}: host \"{}\": a speed of {} flop/s; expected more than 0",
                                    spec_.name(), host.name, host.speed.value));
    const int node = node_of_host[static_cast<std::size_t>(seat.host)];
    const int number = numbers.emplace(node, static_cast<int>(numbers.size())).first->second;
    ranks_.push_back({.host = hosts_[static_cast<std::size_t>(seat.host)],
                      .host_index = seat.host,
                      .slot = seat.slot,
                      .node = number});
  }
  node_count_ = static_cast<int>(numbers.size());
  for (std::size_t rank = 1; rank < ranks_.size(); ++rank)  // a missing route should show now
    links_between(static_cast<int>(rank) - 1, static_cast<int>(rank));
}

const HostFacts& SimGridPlatform::facts_of(int rank) const {
  EXPECTS(rank >= 0 && rank < static_cast<int>(ranks_.size()), "0 ≤ rank < number of ranks");
  return facts_[static_cast<std::size_t>(ranks_[static_cast<std::size_t>(rank)].host_index)];
}

std::vector<s4u::Link*> SimGridPlatform::links_between(int from, int to) const {
  const int size = static_cast<int>(ranks_.size());
  EXPECTS(from >= 0 && from < size && to >= 0 && to < size, "0 ≤ rank < number of ranks");
  const auto host = [&](int rank) { return ranks_[static_cast<std::size_t>(rank)].host; };
  try {
    return way_between(*host(from), *host(to)).links;
  } catch (const BadPlatform& error) {
    throw BadPlatform(fmt::format("{}: {}", spec_.name(), error.what()));
  }
}

RouteFacts SimGridPlatform::route(int from, int to) const {
  RouteFacts route{.links = {},
                   .latency = {},
                   .bandwidth = {std::numeric_limits<double>::infinity()},
                   .effective_latency = {},
                   .effective_bandwidth = {}};
  for (const s4u::Link* link : links_between(from, to)) {
    route.links.push_back(link->get_name());
    route.latency += Seconds{link->get_latency()};
    route.bandwidth.value = std::min(route.bandwidth.value, link->get_bandwidth());
  }
  route.effective_latency = network_.effective_latency(route.latency);
  route.effective_bandwidth = network_.effective_bandwidth(route.bandwidth, route.latency);
  return route;
}

}  // namespace troupe::platforms
