#include "platforms/simgrid/computed_zone.hpp"

#include <fmt/format.h>

#include <simgrid/kernel/routing/NetPoint.hpp>
#include <simgrid/kernel/routing/NetZoneImpl.hpp>

#include "core/errors.hpp"
#include "platforms/simgrid/compat.hpp"

namespace troupe::platforms {
namespace {

namespace s4u = simgrid::s4u;
namespace routing = simgrid::kernel::routing;

/// Owned by the engine once made, as every zone is.
class ComputedZone : public routing::NetZoneImpl {
 public:
  explicit ComputedZone(const Topology& topology)
      : NetZoneImpl{"platform"}, route_{topology.route} {
    s4u::NetZone& zone = *get_iface();
    compat::adopt(*this);
    for (const TopologyHost& host : topology.hosts) {
      hosts_.push_back(add(zone, host));
      id_to_host_.resize(std::max(id_to_host_.size(), hosts_.back()->get_netpoint()->id() + 1), -1);
      id_to_host_[hosts_.back()->get_netpoint()->id()] = static_cast<int>(hosts_.size()) - 1;
    }
    for (const TopologyLink& link : topology.links)
      links_.push_back(compat::add_link(zone, link.name, link.bandwidth.value)
                           ->set_latency(link.latency.count())
                           ->seal());
    loopback_ = compat::add_link(zone, "loopback",
                                 simgrid::config::get_value<double>("network/loopback-bw"))
                    ->set_latency(simgrid::config::get_value<double>("network/loopback-lat"))
                    ->set_sharing_policy(s4u::Link::SharingPolicy::FATPIPE)
                    ->seal();
    zone.seal();
  }

  const std::vector<s4u::Host*>& hosts() const { return hosts_; }
  const std::vector<s4u::Link*>& links() const { return links_; }

  void get_local_route(const routing::NetPoint* source, const routing::NetPoint* destination,
                       routing::Route* into, double* latency) override {
    if (source == destination) return cross(loopback_, into, latency);
    for (const int link : route_(id_to_host_[source->id()], id_to_host_[destination->id()]))
      cross(links_[static_cast<std::size_t>(link)], into, latency);
  }

 private:
  static s4u::Host* add(s4u::NetZone& zone, const TopologyHost& host) {
    s4u::Host* made = compat::add_host(zone, host.name, host.speed.value);
    if (!host.node.empty()) made->set_property("node", host.node);
    if (!host.device.empty()) made->set_property("device", host.device);
    if (!host.processor.empty()) made->set_property("processor", host.processor);
    if (host.sharing > 1)
      made->set_sharing_policy(s4u::Host::SharingPolicy::NONLINEAR,
                               [slower = host.sharing](double capacity, int kernels) {
                                 return kernels > 1 ? capacity / slower : capacity;
                               });
    if (host.memory_bandwidth)
      made->set_property("memory_bandwidth", fmt::format("{}", host.memory_bandwidth->value));
    return made->seal();
  }
  static void cross(const s4u::Link* link, routing::Route* into, double* latency) {
    into->link_list_.push_back(link->get_impl());
    if (latency != nullptr) *latency += link->get_latency();
  }

  std::function<LinkPath(int, int)> route_;
  std::vector<s4u::Host*> hosts_;
  std::vector<int> id_to_host_;  // by SimGrid's index of a point within its zone
  std::vector<s4u::Link*> links_;
  s4u::Link* loopback_ = nullptr;
};

}  // namespace

BuiltZone build_zone(const Topology& topology) {
  EXPECTS(!topology.hosts.empty(), "a topology has hosts");
  // As SimGrid's own create_*_zone: the zone registers itself with the engine, which deletes it.
  const auto* zone = new ComputedZone{topology};
  return {.hosts = zone->hosts(), .links = zone->links()};
}

}  // namespace troupe::platforms
