// Graphviz text of a platform (declared in summary.hpp).

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/text.hpp"
#include "platforms/summary.hpp"

namespace troupe::platforms {
namespace {

/// Host names may hold whatever XML allows.
std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text)
    result += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return result + "\"";
}

std::vector<std::string> rank_labels(const PlatformSummary& summary) {
  std::vector<std::string> labels(summary.hosts.size());
  for (std::size_t rank = 0; rank < summary.ranks.size(); ++rank) {
    std::string& label = labels[static_cast<std::size_t>(summary.ranks[rank].host)];
    label += (label.empty() ? "\\nrank " : ", ") + std::to_string(rank);
  }
  return labels;
}

const LinkFacts* find_link(const std::map<std::string_view, const LinkFacts*>& links,
                           const std::string& cable) {
  for (const char* suffix : {"", "_UP", "_DOWN"})
    if (const auto found = links.find(cable + suffix); found != links.end()) return found->second;
  return nullptr;
}

std::string properties(const LinkFacts* link) {
  if (link == nullptr) return "";
  return fmt::format("{:.3g} Gb/s, {}", link->bandwidth.value * 8e-9, to_text(link->latency));
}

}  // namespace

std::string to_dot(const PlatformSummary& summary) {
  std::map<std::string_view, const LinkFacts*> links;
  for (const LinkFacts& link : summary.links) links.emplace(link.name, &link);
  const PlatformGraph& graph = summary.graph;
  const auto vertex = [&](int number) {
    return number < graph.hosts ? in_quotes(summary.hosts[static_cast<std::size_t>(number)].name)
                                : in_quotes(fmt::format("switch {}", number - graph.hosts));
  };

  std::string dot = fmt::format("digraph {} {{\n  edge [dir=none];\n", in_quotes(summary.name));
  const std::vector<std::string> ranks = rank_labels(summary);
  for (std::size_t host = 0; host < summary.hosts.size(); ++host) {
    const std::string name = in_quotes(summary.hosts[host].name);
    dot += fmt::format("  {} [shape=box, label={}{}\"];\n", name, name.substr(0, name.size() - 1),
                       ranks[host]);
  }
  for (int number = graph.hosts; number < graph.vertices; ++number) {
    const std::string& bus = graph.buses[static_cast<std::size_t>(number - graph.hosts)];
    if (bus.empty()) dot += fmt::format("  {} [shape=point];\n", vertex(number));
    else
      dot += fmt::format("  {} [shape=ellipse, label={}];\n", vertex(number),
                         in_quotes(bus + ", " + properties(find_link(links, bus))));
  }
  for (const GraphEdge& edge : graph.edges) {
    dot += fmt::format("  {} -> {}", vertex(edge.from), vertex(edge.to));
    if (!edge.link.empty())
      dot += fmt::format(" [label={}, tooltip={}{}]",
                         in_quotes(properties(find_link(links, edge.link))), in_quotes(edge.link),
                         edge.one_way ? ", dir=forward" : "");
    dot += ";\n";
  }
  return dot + "}\n";
}

}  // namespace troupe::platforms
