#pragma once
// All that differs between the SimGrid we build with (3.32, Debian 12) and newer ones (4.0, Debian
// 13). Nothing else in Troupe asks for SimGrid's version.

#include <functional>
#include <simgrid/kernel/routing/NetPoint.hpp>
#include <simgrid/kernel/routing/NetZoneImpl.hpp>
#include <simgrid/s4u.hpp>
#include <string>
#include <vector>
#include <xbt/config.hpp>

#include <simgrid/version.h>  // does not compile without what comes before it
#if SIMGRID_VERSION < 40000
#include <simgrid/kernel/resource/NetworkModelIntf.hpp>
#endif

namespace troupe::platforms::compat {

inline simgrid::s4u::Host* add_host(simgrid::s4u::NetZone& zone, const std::string& name,
                                    double speed) {
#if SIMGRID_VERSION >= 40000
  return zone.add_host(name, speed);
#else
  return zone.create_host(name, speed);
#endif
}

inline simgrid::s4u::Link* add_link(simgrid::s4u::NetZone& zone, const std::string& name,
                                    double bandwidth) {
#if SIMGRID_VERSION >= 40000
  return zone.add_link(name, bandwidth);
#else
  return zone.create_link(name, bandwidth);
#endif
}

/// A zone made by ourselves becomes a part of the platform before it is filled.
inline void adopt([[maybe_unused]] simgrid::kernel::routing::NetZoneImpl& zone) {
#if SIMGRID_VERSION >= 40000
  zone.set_parent(simgrid::s4u::Engine::get_instance()->get_netzone_root()->get_impl());
#endif
}

/// A platform file that is one <cluster> with a topology ends SimGrid 4.0.
inline constexpr bool crashes_on_a_bare_cluster = SIMGRID_VERSION >= 40000;

/// The root zone of a platform made in code, every host of which has links of its own.
inline simgrid::s4u::NetZone* add_star([[maybe_unused]] simgrid::s4u::Engine& engine,
                                       const std::string& name) {
#if SIMGRID_VERSION >= 40000
  return engine.get_netzone_root()->add_netzone_star(name);
#else
  return simgrid::s4u::create_star_zone(name);
#endif
}

/// Joins a host to such a zone by a link of its own: of that bandwidth each way, or shared by both.
inline void join_star(simgrid::s4u::NetZone& zone, simgrid::s4u::Host* host,
                      const std::string& link_name, double bandwidth, double latency,
                      bool duplex = true) {
  using simgrid::s4u::LinkInRoute;
  std::vector<LinkInRoute> way;
  if (duplex) {
#if SIMGRID_VERSION >= 40000
    auto* link = zone.add_split_duplex_link(link_name, bandwidth);
#else
    auto* link = zone.create_split_duplex_link(link_name, bandwidth);
#endif
    link->set_latency(latency)->seal();
    way.emplace_back(link, LinkInRoute::Direction::UP);
  } else {
    way.emplace_back(add_link(zone, link_name, bandwidth)->set_latency(latency)->seal());
  }
#if SIMGRID_VERSION >= 40000
  zone.add_route(host, nullptr, way, true);
#else
  zone.add_route(host->get_netpoint(), nullptr, nullptr, nullptr, way, true);
#endif
}

/// The factors of each message on latency and bandwidth: latency(bytes, from, to) and likewise.
template <class Factor>
void set_factors(const simgrid::s4u::Engine& engine, const Factor& latency,
                 const Factor& bandwidth) {
  const auto called = [](const Factor& factor) {
    return [factor](double bytes, const simgrid::s4u::Host* from, const simgrid::s4u::Host* to,
                    const auto&, const auto&) { return factor(bytes, from, to); };
  };
#if SIMGRID_VERSION >= 40000
  auto* const zone = engine.get_netzone_root();
  zone->set_latency_factor_cb(called(latency));
  zone->set_bandwidth_factor_cb(called(bandwidth));
#else
  auto* const model = engine.get_netzone_root()->get_network_model();
  model->set_lat_factor_cb(called(latency));
  model->set_bw_factor_cb(called(bandwidth));
#endif
}

/// Starts an actor, which may run before this returns.
inline simgrid::s4u::ActorPtr add_actor(const std::string& name, simgrid::s4u::Host* host,
                                        const std::function<void()>& code) {
#if SIMGRID_VERSION >= 40000
  return simgrid::s4u::Engine::add_actor(name, host, code);
#else
  return simgrid::s4u::Actor::create(name, host, code);
#endif
}

/// Calls back whenever an activity of a kind (s4u::Comm, s4u::Exec) ends that was started outside
/// of actors, well or not.
template <class Activity, class Callback>
void on_end(Callback callback) {
#if SIMGRID_VERSION >= 33400
  Activity::on_completion_cb([callback](const Activity& activity) { callback(activity); });
#else
  Activity::on_completion_cb([callback](const simgrid::s4u::Activity& any) {
    if (const auto* activity = dynamic_cast<const Activity*>(&any)) callback(*activity);
  });
#endif
}

/// Calls back whenever a host or a link is turned on or off.
template <class Resource, class Callback>
void on_turned_on_or_off(Callback callback) {
#if SIMGRID_VERSION >= 33400
  Resource::on_onoff_cb(callback);
#else
  Resource::on_state_change_cb(callback);
#endif
}

/// A factor of the network as text: "13.01", or "1500:0.9;0:0.8" (from that size on, that factor).
/// Asking for a setting by the wrong type crashes SimGrid 3.32.
inline std::string network_factor(const std::string& name) {
#if SIMGRID_VERSION >= 33400
  return simgrid::config::get_value<std::string>(name);
#else
  return std::to_string(simgrid::config::get_value<double>(name));
#endif
}

/// Where the SMPI and IB models keep their factors by size.
inline std::string smpi_factor(const std::string& name) {
#if SIMGRID_VERSION >= 33400
  return simgrid::config::get_value<std::string>(
      name == "smpi/lat-factor" ? "network/latency-factor" : "network/bandwidth-factor");
#else
  return simgrid::config::get_value<std::string>(name);
#endif
}

/// The setting under which SimGrid takes two points in time for one.
inline constexpr const char* timing_precision =
#if SIMGRID_VERSION >= 33400
    "precision/timing";
#else
    "surf/precision";
#endif

/// "3.32", "4.0".
inline std::string version() {
  return std::to_string(SIMGRID_VERSION / 10000) + "." +
         std::to_string(SIMGRID_VERSION / 100 % 100);
}

}  // namespace troupe::platforms::compat
