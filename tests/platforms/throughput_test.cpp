// Max-min fairness, against sums done by hand.

#include "platforms/throughput.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

namespace troupe::platforms {
namespace {

TEST(FairThroughput, FlowsOfOneLinkShareIt) {
  const std::vector<Capacity> links{{{8}}};
  EXPECT_DOUBLE_EQ(fair_throughput(std::vector<LinkPath>{{0}, {0}, {0}, {0}}, links).value, 8);
}

TEST(FairThroughput, WhatOneFlowCannotUseTheOthersGet) {
  // a: links 0 and 1, b: link 0, c: link 1. Link 1 has 2: a and c get 1 each; b gets the rest of
  // link 0.
  const std::vector<Capacity> links{{{10}}, {{2}}};
  EXPECT_DOUBLE_EQ(fair_throughput(std::vector<LinkPath>{{0, 1}, {0}, {1}}, links).value,
                   1 + 9 + 1);
}

TEST(FairThroughput, UnsharedLinkBoundsEachFlowAlone) {
  const std::vector<Capacity> links{{{3}, false}, {{100}}};
  EXPECT_DOUBLE_EQ(fair_throughput(std::vector<LinkPath>{{0, 1}, {0, 1}, {1}}, links).value,
                   3 + 3 + 94);
}

TEST(FairThroughput, FlowWithoutALimitIsUnlimited) {
  const std::vector<Capacity> links{{{3}}};
  EXPECT_EQ(fair_throughput(std::vector<LinkPath>{{0}, {}}, links).value, INFINITY);
}

// Flow i has link i, of i + 1 bytes a second, to itself: each stops at another rate. Going over all
// flows and links each time would take minutes.
TEST(FairThroughput, ManyFlowsThatAllStopApartTakeNoTime) {
  constexpr int n = 200'000;
  std::vector<LinkPath> flows;
  std::vector<Capacity> links;
  for (int i = 0; i < n; ++i) {
    flows.push_back({i});
    links.push_back({{i + 1.0}});
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_DOUBLE_EQ(fair_throughput(flows, links).value, n * (n + 1.0) / 2);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{10});
}

TEST(FairThroughput, NothingSendsNothing) { EXPECT_EQ(fair_throughput({}, {}).value, 0); }

}  // namespace
}  // namespace troupe::platforms
