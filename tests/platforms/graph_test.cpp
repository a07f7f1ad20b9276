// Switches recognised from routes.

#include "platforms/graph.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "platforms/fabric.hpp"

namespace troupe::platforms {
namespace {

using testing::ElementsAre;

std::vector<NamedRoute> all_routes(const Fabric& fabric) {
  std::vector<NamedRoute> routes;
  for (int from = 0; from < fabric.ports; ++from)
    for (int to = 0; to < fabric.ports; ++to) {
      if (from == to) continue;
      NamedRoute route{.from = from, .to = to, .links = {}};
      for (const int link : fabric.route(from, to))
        route.links.push_back(fabric.links[static_cast<std::size_t>(link)].name);
      routes.push_back(std::move(route));
    }
  return routes;
}
PlatformGraph graph_of_fabric(const Fabric& fabric) {
  return graph_of(fabric.ports, all_routes(fabric));
}

const Cable cable{.bandwidth = {1e9}, .latency = Seconds{1e-6}};
std::string name(int port) { return "h" + std::to_string(port); }

TEST(Graph, CrossbarIsOneSwitch) {
  const PlatformGraph graph = graph_of_fabric(crossbar(5, cable, name));
  EXPECT_EQ(graph.vertices, 6);
  EXPECT_EQ(graph.edges.size(), 5u);
  for (const GraphEdge& edge : graph.edges) EXPECT_TRUE(edge.to == 5 && !edge.one_way);
}

TEST(Graph, FatTreeHasItsLeavesAndSpines) {
  const PlatformGraph graph =
      graph_of_fabric(fat_tree({{4, 4}, {1, 2}, {1, 1}}, std::vector<Cable>(2, cable), name));
  EXPECT_EQ(graph.vertices, 16 + 4 + 2);
  EXPECT_EQ(graph.edges.size(), 16u + 8);
}

TEST(Graph, TorusHasNoSwitch) {
  const PlatformGraph graph = graph_of_fabric(torus(std::vector{4, 4}, cable, name));
  EXPECT_EQ(graph.vertices, 16);
  EXPECT_EQ(graph.edges.size(), 32u);
}

TEST(Graph, DragonflyHasItsRouters) {
  const DragonflyShape shape{
      .groups = 3, .routers = 2, .ports = 2, .port = cable, .local = cable, .global = cable};
  const PlatformGraph graph = graph_of_fabric(dragonfly(shape, name));
  EXPECT_EQ(graph.vertices, 12 + 6);
  EXPECT_EQ(graph.edges.size(), 12u + 3 + 3);
}

TEST(Graph, ButterflyIsOneWayThroughItsStages) {
  const PlatformGraph graph = graph_of_fabric(butterfly(2, 3, cable, name));
  EXPECT_EQ(graph.vertices, 8 + 3 * 4);
  EXPECT_EQ(graph.edges.size(), 4u * 8);
  EXPECT_TRUE(std::ranges::all_of(graph.edges, &GraphEdge::one_way));
}

TEST(Graph, LinkCrossedBothWaysIsABusBetweenItsNeighbours) {
  const std::vector<NamedRoute> routes{{0, 1, {"bus"}}, {1, 0, {"bus"}}, {0, 2, {"bus"}}};
  const PlatformGraph graph = graph_of(3, routes);
  EXPECT_EQ(graph.vertices, 4);
  EXPECT_THAT(graph.buses, ElementsAre("bus"));
  EXPECT_EQ(graph.edges.size(), 3u);
}

TEST(Graph, HostsNobodyReachesStandAlone) {
  const PlatformGraph graph = graph_of(2, {});
  EXPECT_EQ(graph.vertices, 2);
  EXPECT_TRUE(graph.edges.empty());
}

}  // namespace
}  // namespace troupe::platforms
