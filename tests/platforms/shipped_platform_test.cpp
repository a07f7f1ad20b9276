// Every platform we ship loads, under the model it states, with the hosts its name says.

#include <gmock/gmock.h>

#include "loaded.hpp"

namespace troupe::platforms {
namespace {

struct Shipped {
  const char* file;
  std::size_t hosts;
  friend void PrintTo(const Shipped& shipped, std::ostream* out) { *out << shipped.file; }
};

class ShippedPlatform : public testing::TestWithParam<Shipped> {};

TEST_P(ShippedPlatform, LoadsUnderCM02WithoutANotice) {
  const Loaded loaded{shipped(GetParam().file)};
  EXPECT_EQ(loaded.platform.hosts().size(), GetParam().hosts);
  EXPECT_EQ(loaded.platform.network().name, "CM02");
  EXPECT_FALSE(loaded.platform.network().cross_traffic);
  EXPECT_TRUE(loaded.platform.notices().empty());
  const int last = static_cast<int>(GetParam().hosts) - 1;
  EXPECT_GT(loaded.platform.route(0, last).effective_latency.count(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, ShippedPlatform,
    testing::Values(Shipped{"star_16.xml", 16}, Shipped{"fat_tree_64.xml", 64},
                    Shipped{"torus_8x8.xml", 64}, Shipped{"hypercube_16.xml", 16},
                    Shipped{"butterfly_16.xml", 16}, Shipped{"dragonfly_64.xml", 64},
                    Shipped{"two_sites_wan.xml", 16}, Shipped{"dgx_h100_2.json", 16},
                    Shipped{"dgx_h100_pod_32.json", 256}, Shipped{"dgx_a100_pod_20.json", 160},
                    Shipped{"leonardo_booster_32.json", 128}, Shipped{"lumi_c_32.json", 32},
                    Shipped{"mare_nostrum_5_acc_32.json", 128}),
    [](const auto& parameter) {
      const std::string file = parameter.param.file;
      return file.substr(0, file.find('.'));
    });

TEST(ShippedPlatform, HypercubeExchangesAlongADimensionWithoutCollision) {
  const Loaded loaded{shipped("hypercube_16.xml")};
  for (const int bit : {1, 2, 4, 8})
    for (int rank = 0; rank < 16; ++rank)
      EXPECT_EQ(loaded.platform.route(rank, rank ^ bit).links.size(), 1u);
  EXPECT_EQ(loaded.platform.route(0, 15).links.size(), 4u);
}

TEST(ShippedPlatform, SitesDifferAndTheWanIsTheNarrowestLink) {
  const Loaded loaded{shipped("two_sites_wan.xml")};
  EXPECT_EQ(loaded.platform.facts_of(0).speed.value, 20e9);
  EXPECT_EQ(loaded.platform.facts_of(15).speed.value, 5e9);
  EXPECT_THAT(loaded.platform.route(0, 15).links,
              testing::ElementsAre("east_link_0_UP", "wan_UP", "west_link_7_DOWN"));
  EXPECT_EQ(loaded.platform.route(15, 0).links.at(1), "wan_DOWN");
  EXPECT_NEAR(loaded.platform.route(0, 15).latency.count(), 10.06e-3, 1e-12);
}

}  // namespace
}  // namespace troupe::platforms
