#include "analysis/calibrated_platform.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe::analysis {
namespace {

/// Numbers as short as they can be without losing what was measured.
std::string seconds(Seconds time) { return fmt::format("{:.7g}s", time.count()); }
std::string rate(BytesPerSecond bandwidth) { return fmt::format("{:.7g}Bps", bandwidth.value); }
std::string speed(FlopsPerSecond flops) { return fmt::format("{:.7g}f", flops.value); }

bool is_plain(const SizeFactor& factor) { return factor.latency == 1 && factor.bandwidth == 1; }

class Writer {
 public:
  Writer(const LinkFit& fit, const Calibration& calibration)
      : fit_{fit}, calibration_{calibration} {}

  std::string xml() {
    head();
    config();
    text_ += "  <zone id=\"calibrated\" routing=\"Full\">\n";
    if (calibration_.eager_limit.value > 0)
      text_ += fmt::format("    <prop id=\"eager_limit\" value=\"{}\"/>\n",
                           calibration_.eager_limit.value);
    if (fit_.one_connection) text_ += "    <prop id=\"connections\" value=\"one_per_pair\"/>\n";
    for (std::size_t rank = 0; rank < fit_.hosts.size(); ++rank) host(rank);
    for (std::size_t rank = 0; rank < fit_.hosts.size(); ++rank)
      cable(fit_.hosts[rank], fit_.ranks[rank]);
    for (std::size_t group = 0; group < fit_.groups.size(); ++group)
      cable(name_of_group(static_cast<int>(group)), fit_.groups[group]);
    for (std::size_t from = 0; from < fit_.hosts.size(); ++from)
      for (std::size_t to = 0; to < fit_.hosts.size(); ++to)
        if (from != to) route(from, to);
    return text_ + "  </zone>\n</platform>\n";
  }

 private:
  void head() {
    text_ =
        "<?xml version=\"1.0\"?>\n"
        "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n";
    text_ += fmt::format(
        "<!-- {} ranks, measured by troupe calibrate (backend {}). Each host has a cable of its "
        "own{}.\n",
        fit_.hosts.size(), calibration_.backend,
        fit_.groups.empty() ? "" : ", each group of hosts one that they share");
    if (fit_.cross_traffic > 0)
      text_ += fmt::format("     Messages both ways at once take {:.2g} % longer{}.\n",
                           100 * fit_.cross_traffic, shares() ? ": both cross the link _BOTH" : "");
    for (const auto& doubt : fit_.doubts) text_ += fmt::format("     {}.\n", without_dashes(doubt));
    text_ += "-->\n<platform version=\"4.1\">\n";
  }
  /// A comment must not have two dashes in a row.
  static std::string without_dashes(std::string text) {
    for (auto at = text.find("--"); at != text.npos; at = text.find("--")) text.replace(at, 2, "-");
    return text;
  }

  bool shares() const { return fit_.charge == LinkFit::Charge::shared_link; }

  void setting(const char* name, const std::string& value) {
    text_ += fmt::format("    <prop id=\"{}\" value=\"{}\"/>\n", name, value);
  }
  void config() {
    text_ += "  <config>\n";
    const bool plain = std::ranges::all_of(fit_.factors, is_plain);
    setting("network/model", plain ? "CM02" : "SMPI");
    setting("network/crosstraffic", fit_.charge == LinkFit::Charge::of_simgrid ? "1" : "0");
    setting("network/TCP-gamma", "0");
    if (!plain) {
      setting("network/weight-S", "0");
      std::string latencies, bandwidths;
      for (const auto& factor : fit_.factors) {
        const char* comma = latencies.empty() ? "" : ";";
        latencies += fmt::format("{}{}:{:.6g}", comma, factor.above.value, factor.latency);
        bandwidths += fmt::format("{}{}:{:.6g}", comma, factor.above.value, factor.bandwidth);
      }
      setting("smpi/lat-factor", latencies);
      setting("smpi/bw-factor", bandwidths);
    }
    text_ += "  </config>\n";
  }

  void host(std::size_t rank) {
    constexpr FlopsPerSecond free{1e15};  // where a product of matrices took no time
    const auto& measured = fit_.speeds[rank];
    const bool several = fit_.groups_are_hosts;
    text_ += fmt::format("    <host id=\"{}\" speed=\"{}\"", fit_.hosts[rank],
                         speed(measured.flops.value > 0 ? measured.flops : free));
    if (!several && measured.reduced_bytes.value <= 0) {
      text_ += "/>\n";
      return;
    }
    text_ += ">\n";
    if (several)
      text_ += fmt::format("      <prop id=\"node\" value=\"{}\"/>\n",
                           name_of_group(fit_.group_of_rank[rank]));
    if (measured.reduced_bytes.value > 0)
      text_ += fmt::format("      <prop id=\"memory_bandwidth\" value=\"{}\"/>\n",
                           rate(measured.reduced_bytes));
    text_ += "    </host>\n";
  }

  std::string name_of_group(int group) const {
    return fit_.groups_are_hosts ? fit_.nodes[static_cast<std::size_t>(group)]
                                 : fmt::format("group{}", group);
  }

  void link(const std::string& name, BytesPerSecond bandwidth, Seconds latency) {
    text_ += fmt::format("    <link id=\"{}\" bandwidth=\"{}\" latency=\"{}\"/>\n", name,
                         rate(bandwidth), seconds(latency));
  }
  /// A message crosses the whole cable of each of its ends, and pays the latency of both.
  void cable(const std::string& name, const Access& access) {
    link(name + "_UP", access.bandwidth, access.latency);
    link(name + "_DOWN", access.bandwidth, access.latency);
    if (shares())
      link(name + "_BOTH", access.bandwidth * (2 / (1 + fit_.cross_traffic)), Seconds{});
  }

  void route(std::size_t from, std::size_t to) {
    const int of_from = fit_.group_of_rank[from], of_to = fit_.group_of_rank[to];
    std::vector<std::string> up{fit_.hosts[from]}, down{fit_.hosts[to]};
    if (of_from != of_to) {
      up.push_back(name_of_group(of_from));
      down.insert(down.begin(), name_of_group(of_to));
    }
    text_ += fmt::format("    <route src=\"{}\" dst=\"{}\" symmetrical=\"NO\">", fit_.hosts[from],
                         fit_.hosts[to]);
    const auto cross = [this](const std::string& name, const char* part) {
      text_ += fmt::format("<link_ctn id=\"{}_{}\"/>", name, part);
    };
    for (const auto& name : up) cross(name, "UP");
    if (shares())
      for (const auto* side : {&up, &down})
        for (const auto& name : *side) cross(name, "BOTH");
    for (const auto& name : down) cross(name, "DOWN");
    text_ += "</route>\n";
  }

  const LinkFit& fit_;
  const Calibration& calibration_;
  std::string text_;
};

}  // namespace

std::string to_xml(const LinkFit& fit, const Calibration& calibration) {
  return Writer{fit, calibration}.xml();
}

std::string_view name_of(MeetingTimes::Kind kind) noexcept {
  switch (kind) {
    case MeetingTimes::Kind::two_way: return "two_way";
    case MeetingTimes::Kind::incast: return "incast";
    case MeetingTimes::Kind::crossing: return "crossing";
    case MeetingTimes::Kind::burst: break;
  }
  return "burst";
}

}  // namespace troupe::analysis
