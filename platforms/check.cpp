// What may be wrong with a platform that loads (declared in summary.hpp).

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/errors.hpp"
#include "core/text.hpp"
#include "platforms/device_profiles.hpp"
#include "platforms/summary.hpp"

namespace troupe::platforms {
namespace {

class Findings {
 public:
  template <class... Values>
  void note(fmt::format_string<Values...> text, Values&&... values) {
    list_.push_back({Finding::Weight::note, fmt::format(text, std::forward<Values>(values)...)});
  }
  template <class... Values>
  void warn(fmt::format_string<Values...> text, Values&&... values) {
    list_.push_back({Finding::Weight::warning, fmt::format(text, std::forward<Values>(values)...)});
  }
  std::vector<Finding> sorted() {
    std::ranges::stable_sort(list_, std::greater{}, &Finding::weight);
    return std::move(list_);
  }

 private:
  std::vector<Finding> list_;
};

void check_model(const PlatformSummary& summary, Findings& findings) {
  const NetworkModel& network = summary.network;
  if (network.chosen_by == "SimGrid's default")
    findings.warn(
        "no network model is stated: SimGrid's default LV08 multiplies latencies by {:g} and "
        "bandwidths by {:g}",
        network.latency_factor, network.bandwidth_factor);
  if (network.cross_traffic)
    findings.note("cross-traffic is on: a message takes bandwidth from the opposite direction too");
  for (const LinkFacts& link : summary.links) {
    const double window = network.effective_bandwidth(link.bandwidth, link.latency).value;
    if (link.used && window < link.bandwidth.value * network.bandwidth_factor)
      findings.note(
          "link {}: the TCP window of {:g} B grants a lone message {:.3g} of its {:.3g} B/s",
          link.name, network.tcp_window, window, link.bandwidth.value);
  }
}

void check_links(const PlatformSummary& summary, Findings& findings) {
  int unused = 0;
  for (const LinkFacts& link : summary.links) {
    if (!link.used) ++unused;
    if (link.bandwidth.value < 1e4)
      findings.warn("link {}: {:g} B/s is slower than a modem: is a unit missing?", link.name,
                    link.bandwidth.value);
    if (link.bandwidth.value > 1e14)
      findings.warn("link {}: {:g} B/s is more than any memory has: is a unit wrong?", link.name,
                    link.bandwidth.value);
    if (link.latency > Seconds{1})
      findings.warn("link {}: {:g} s of latency reach beyond the moon: is a unit missing?",
                    link.name, link.latency.count());
  }
  if (unused > 0)
    findings.note("{} of {} links are on none of the routes looked at", unused,
                  summary.links.size());
  if (summary.asymmetric_pairs > 0)
    findings.note("{} pairs of ranks have ways there and back of different latency or bandwidth",
                  summary.asymmetric_pairs);
}

void check_hosts(const PlatformSummary& summary, Findings& findings) {
  const auto [slow, fast] = std::ranges::minmax_element(
      summary.hosts, {}, [](const HostFacts& host) { return host.speed.value; });
  if (slow->speed.value < fast->speed.value)
    findings.note("hosts differ in speed by up to {:.3g} ({} and {})",
                  fast->speed.value / slow->speed.value, slow->name, fast->name);
  if (slow->speed.value < 1e6)
    findings.warn("host {}: {:g} FLOP/s: is a unit missing?", slow->name, slow->speed.value);
  std::set<std::string> unknown;
  for (const HostFacts& host : summary.hosts) try {
      if (!host.device.empty()) device_profile(host.device);
    } catch (const BadPlatform& error) {
      if (unknown.insert(host.device).second) findings.warn("host {}: {}", host.name, error.what());
    }
  std::set<int> used;
  for (const RankFacts& rank : summary.ranks) used.insert(rank.host);
  if (used.size() < summary.hosts.size())
    findings.note("{} of {} hosts have no rank", summary.hosts.size() - used.size(),
                  summary.hosts.size());
}

void check_bisection(const PlatformSummary& summary, Findings& findings) {
  if (summary.raw.beta_median <= 0) return;
  const double wanted = static_cast<double>(summary.hosts.size() / 2) / summary.raw.beta_median;
  if (summary.bisection.value < 0.999 * wanted)
    findings.note(
        "between the halves there is {:.3g} of the {:.3g} B/s that the hosts could send: "
        "{:.3g} to 1",
        summary.bisection.value, wanted, wanted / summary.bisection.value);
}

}  // namespace

std::vector<Finding> check(const PlatformSummary& summary) {
  EXPECTS(!summary.hosts.empty(), "a platform has hosts");
  Findings findings;
  check_model(summary, findings);
  check_links(summary, findings);
  check_hosts(summary, findings);
  check_bisection(summary, findings);
  return findings.sorted();
}

}  // namespace troupe::platforms
