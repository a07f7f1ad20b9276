#include "platforms/graph.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace troupe::platforms {
namespace {

/// Sets of points that are one and the same vertex. Fixed points, hosts and buses, stay apart.
class Points {
 public:
  int add(bool fixed) {
    parent_.push_back(static_cast<int>(parent_.size()));
    fixed_.push_back(fixed);
    return parent_.back();
  }
  int find(int point) {
    while (parent_[static_cast<std::size_t>(point)] != point) {
      int& parent = parent_[static_cast<std::size_t>(point)];
      point = parent = parent_[static_cast<std::size_t>(parent)];
    }
    return point;
  }
  /// False, and nothing done, if that would make two fixed points one.
  bool join(int a, int b) {
    const int first = find(a), second = find(b);
    if (first == second) return true;
    if (is_fixed(first) && is_fixed(second)) return false;
    const int root = is_fixed(second) ? second : first;
    parent_[static_cast<std::size_t>(root == first ? second : first)] = root;
    return true;
  }

 private:
  bool is_fixed(int root) const { return fixed_[static_cast<std::size_t>(root)]; }
  std::vector<int> parent_;
  std::vector<bool> fixed_;
};

struct Direction {
  std::string cable;
  bool down = false;
};

Direction direction_of(const std::string& link) {
  for (const bool down : {false, true}) {
    const std::string_view suffix = down ? "_DOWN" : "_UP";
    if (link.ends_with(suffix)) return {link.substr(0, link.size() - suffix.size()), down};
  }
  return {link, false};
}

struct Crossed {
  std::set<std::string> before, after;  // names of hosts and cables
  bool up = false, down = false;
  int tail = -1, head = -1;

  /// Entered where it is also left: both directions of it are one link.
  bool is_bus() const {
    return std::ranges::any_of(before, [this](const auto& name) { return after.contains(name); });
  }
};

class Sketch {
 public:
  Sketch(int hosts, std::span<const NamedRoute> routes) : hosts_{hosts} {
    for (int host = 0; host < hosts; ++host) points_.add(true);
    for (const NamedRoute& route : routes) note_neighbours(route);
    for (auto& [name, cable] : cables_) {
      const bool bus = cable.is_bus();
      cable.tail = points_.add(bus);
      cable.head = bus ? cable.tail : points_.add(false);
    }
    for (const NamedRoute& route : routes) join_ends(route);
  }

  PlatformGraph graph() {
    PlatformGraph graph{.hosts = hosts_, .vertices = hosts_, .edges = {}, .buses = {}};
    std::map<int, int> numbers;
    const auto vertex = [&](int point) {
      const int root = points_.find(point);
      if (root < hosts_) return root;
      const auto [entry, is_new] = numbers.emplace(root, graph.vertices);
      if (is_new) {
        ++graph.vertices;
        graph.buses.emplace_back();
      }
      return entry->second;
    };
    for (const auto& [name, cable] : cables_) {
      const int from = vertex(cable.tail), to = vertex(cable.head);
      if (cable.tail != cable.head)
        graph.edges.push_back({from, to, name, !(cable.up && cable.down)});
      else if (from >= hosts_) graph.buses[static_cast<std::size_t>(from - hosts_)] = name;
    }
    for (const auto& [a, b] : lines_) graph.edges.push_back({vertex(a), vertex(b), "", false});
    return graph;
  }

 private:
  static std::string host_name(int host) { return "host " + std::to_string(host); }

  void note_neighbours(const NamedRoute& route) {
    for (std::size_t i = 0; i < route.links.size(); ++i) {
      const auto [cable, down] = direction_of(route.links[i]);
      Crossed& crossed = cables_[cable];
      (down ? crossed.down : crossed.up) = true;
      if (route.links[i] != cable) continue;  // its name tells the direction
      const bool first = i == 0, last = i + 1 == route.links.size();
      crossed.before.insert(first ? host_name(route.from) : direction_of(route.links[i - 1]).cable);
      crossed.after.insert(last ? host_name(route.to) : direction_of(route.links[i + 1]).cable);
    }
  }
  void join_ends(const NamedRoute& route) {
    int at = route.from;
    for (const std::string& link : route.links) {
      const auto [name, down] = direction_of(link);
      const Crossed& cable = cables_.at(name);
      meet(at, down ? cable.head : cable.tail);
      at = down ? cable.tail : cable.head;
    }
    if (!route.links.empty()) meet(at, route.to);
  }
  /// One vertex, or where that cannot be, two with nothing but a line between them.
  void meet(int a, int b) {
    if (!points_.join(a, b)) lines_.insert(std::minmax(points_.find(a), points_.find(b)));
  }

  int hosts_;
  Points points_;
  std::map<std::string, Crossed> cables_;
  std::set<std::pair<int, int>> lines_;
};

}  // namespace

PlatformGraph graph_of(int hosts, std::span<const NamedRoute> routes) {
  return Sketch{hosts, routes}.graph();
}

}  // namespace troupe::platforms
