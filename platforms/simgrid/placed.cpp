#include "platforms/simgrid/placed.hpp"

#include <unordered_map>

#include "platforms/simgrid/way.hpp"

namespace troupe::platforms {
namespace {

namespace s4u = simgrid::s4u;

class LoadedPlatform final : public PlacedPlatform {
 public:
  explicit LoadedPlatform(const SimGridPlatform& platform) : platform_{platform} {
    name = platform.spec().generator.empty() ? platform.spec().file.stem().string()
                                             : platform.spec().name();
    source = platform.spec().name();
    digest = platform.digest();
    hosts.assign(platform.host_facts().begin(), platform.host_facts().end());
    for (const RankPlace& place : platform.ranks())
      ranks.push_back({.host = place.host_index, .slot = place.slot, .node = place.node});
    nodes = platform.node_count();
    states_nodes = platform.ranks().front().host->get_property("node") != nullptr;
    grid.assign(platform.grid().begin(), platform.grid().end());
    network = platform.network();
    message_costs = platform.message_costs();
    changes_with_time = platform.changes_with_time();
    speeds_change = platform.speeds_change();
    notices.assign(platform.notices().begin(), platform.notices().end());
    for (const s4u::Link* link : s4u::Engine::get_instance()->get_all_links()) {
      index_.emplace(link, static_cast<int>(links.size()));
      links.push_back({.name = link->get_name(),
                       .bandwidth = {link->get_bandwidth()},
                       .latency = Seconds{link->get_latency()},
                       .shared = link->get_sharing_policy() != s4u::Link::SharingPolicy::FATPIPE});
    }
  }

  Way way(int from, int to) const override {
    const auto host = [&](int rank) {
      return platform_.ranks()[static_cast<std::size_t>(rank)].host;
    };
    try {
      const HostWay found = way_between(*host(from), *host(to));
      Way way{.links = {}, .latency = found.latency};
      for (const s4u::Link* link : found.links) way.links.push_back(index_.at(link));
      return way;
    } catch (const BadPlatform& error) {
      throw BadPlatform{source + ": " + error.what()};
    }
  }

 private:
  const SimGridPlatform& platform_;
  std::unordered_map<const s4u::Link*, int> index_;
};

}  // namespace

std::unique_ptr<PlacedPlatform> placed(const SimGridPlatform& platform) {
  return std::make_unique<LoadedPlatform>(platform);
}

}  // namespace troupe::platforms
