// With whom ranks average: every way is mutual, and what it is to lead to is counted out.

#include "algorithms/butterfly/partners.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>

#include <algorithm>
#include <map>
#include <set>

#include "algorithms/graph.hpp"

namespace troupe::algorithms {
namespace {

Choice way(std::string_view name) {
  Choice choice{"butterfly_mixing"};
  choice.set(Partners::setting, name);
  return choice;
}
Choice digits(std::vector<std::int64_t> radices) {
  Choice choice{"butterfly_mixing"};
  choice.set(Partners::digits, radices);
  return choice;
}

/// After so many rounds, whether every rank has heard of every other.
bool all_have_heard(const Partners& partners, int ranks, std::int64_t rounds) {
  std::vector<std::set<Rank>> heard;
  for (Rank rank = 0; rank < ranks; ++rank) heard.push_back({rank});
  for (std::int64_t round = 0; round < rounds; ++round) {
    const auto before = heard;
    for (Rank rank = 0; rank < ranks; ++rank)
      for (const Rank other : partners.of(rank, round))
        heard[static_cast<std::size_t>(rank)].insert(
            before[static_cast<std::size_t>(other)].begin(),
            before[static_cast<std::size_t>(other)].end());
  }
  return std::ranges::all_of(heard, [ranks](const auto& known) {
    return known.size() == static_cast<std::size_t>(ranks);
  });
}

TEST(Partners, AreMutualAndNeverTheRankItself) {
  for (const std::string_view name : Partners::ways)
    for (const int ranks : {1, 2, 3, 4, 7, 8, 15, 16}) {
      if (!refusal_of_partners(way(name), ranks).empty()) continue;
      const Partners partners{way(name), ranks, 5};
      for (std::int64_t round = 0; round < 20; ++round)
        for (Rank rank = 0; rank < ranks; ++rank) {
          const auto others = partners.of(rank, round);
          EXPECT_TRUE(std::ranges::is_sorted(others));
          EXPECT_LE(others.size(), partners.most());
          for (const Rank other : others) {
            EXPECT_NE(other, rank);
            const auto back = partners.of(other, round);
            EXPECT_TRUE(std::ranges::find(back, rank) != back.end()) << name << ranks;
            const auto ever = partners.ever(rank);
            EXPECT_TRUE(std::ranges::find(ever, other) != ever.end()) << name << ranks;
          }
        }
    }
}

TEST(Partners, OfAButterflyAreTheEdgesOfAHypercube) {
  for (const int ranks : {2, 8, 16}) {
    GraphChoice cube;
    cube.kind = "hypercube";
    const Graph graph{cube, ranks};
    const Partners partners{way("butterfly"), ranks, 1};
    for (Rank rank = 0; rank < ranks; ++rank) {
      std::vector<Rank> neighbours;
      for (const Neighbour& other : graph.neighbours(rank)) neighbours.push_back(other.rank);
      EXPECT_EQ(partners.ever(rank), neighbours);
    }
  }
}

TEST(Partners, OfAButterflyMakeAGraphWithTheSpectrumOfAHypercube) {
  for (const int stages : {1, 3, 4}) {
    const int ranks = 1 << stages;
    const Partners partners{way("butterfly"), ranks, 1};
    Eigen::MatrixXd laplacian = stages * Eigen::MatrixXd::Identity(ranks, ranks);
    for (Rank rank = 0; rank < ranks; ++rank)
      for (const Rank other : partners.ever(rank)) laplacian(rank, other) = -1;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver{laplacian};
    EXPECT_NEAR(solver.eigenvalues()[0], 0, 1e-12);
    EXPECT_NEAR(solver.eigenvalues()[1], 2, 1e-12);
    EXPECT_NEAR(solver.eigenvalues()[ranks - 1], 2 * stages, 1e-12);
  }
}

TEST(Partners, OfMixedDigitsHearOfAllAfterOneRoundForEachDigit) {
  for (const auto& radices : std::vector<std::vector<std::int64_t>>{
           {12}, {3, 4}, {4, 3}, {2, 3, 2}, {2, 2, 3}, {5, 7}, {16}, {4, 4}}) {
    int ranks = 1;
    for (const auto radix : radices) ranks *= static_cast<int>(radix);
    const Partners partners{digits(radices), ranks, 1};
    const auto rounds = static_cast<std::int64_t>(radices.size());
    EXPECT_EQ(partners.period(), rounds);
    EXPECT_TRUE(all_have_heard(partners, ranks, rounds));
    if (rounds > 1) {
      EXPECT_FALSE(all_have_heard(partners, ranks, rounds - 1));
    }
    for (std::int64_t round = 0; round < rounds; ++round)
      EXPECT_EQ(partners.of(ranks / 2, round).size(),
                static_cast<std::size_t>(radices[static_cast<std::size_t>(round)]) - 1);
  }
  const Partners binary{way("butterfly"), 16, 1}, stated{digits({2, 2, 2, 2}), 16, 1};
  for (Rank rank = 0; rank < 16; ++rank)
    for (std::int64_t round = 0; round < 8; ++round)
      EXPECT_EQ(binary.of(rank, round), stated.of(rank, round));
}

TEST(Partners, OfATournamentMeetExactlyOnce) {
  for (const int ranks : {2, 4, 5, 8, 9, 16, 17}) {
    const Partners partners{way("tournament"), ranks, 1};
    const std::int64_t rounds = ranks % 2 ? ranks : ranks - 1;
    EXPECT_EQ(partners.period(), rounds);
    std::map<std::pair<Rank, Rank>, int> meetings;
    for (std::int64_t round = 0; round < rounds; ++round) {
      int byes = 0;
      for (Rank rank = 0; rank < ranks; ++rank) {
        const auto others = partners.of(rank, round);
        if (others.empty()) ++byes;
        else ++meetings[{std::min(rank, others[0]), std::max(rank, others[0])}];
      }
      EXPECT_EQ(byes, ranks % 2);
    }
    EXPECT_EQ(meetings.size(), static_cast<std::size_t>(ranks * (ranks - 1) / 2));
    for (const auto& [pair, times] : meetings) EXPECT_EQ(times, 2);  // counted from both ends
  }
}

TEST(Partners, InCyclesMeetOnceInAsManyRoundsAsThereAreRanks) {
  for (const int ranks : {3, 4, 8, 9}) {
    const Partners partners{way("cyclic"), ranks, 1};
    std::multiset<std::pair<Rank, Rank>> meetings;
    for (std::int64_t round = 0; round < ranks; ++round)
      for (Rank rank = 0; rank < ranks; ++rank)
        for (const Rank other : partners.of(rank, round)) meetings.insert({rank, other});
    EXPECT_EQ(meetings.size(), static_cast<std::size_t>(ranks * (ranks - 1)));
    EXPECT_EQ((std::set<std::pair<Rank, Rank>>{meetings.begin(), meetings.end()}).size(),
              meetings.size());
  }
}

TEST(Partners, ThatAreFixedNeverHearOfTheOthers) {
  EXPECT_FALSE(all_have_heard(Partners{way("fixed"), 4, 1}, 4, 1000));
  EXPECT_TRUE(all_have_heard(Partners{way("ring"), 8, 1}, 8, 4));
}

TEST(Partners, AtRandomAreEveryOtherRankEquallyOften) {
  const Partners partners{way("random"), 8, 7};
  std::map<Rank, int> met;
  for (std::int64_t round = 0; round < 7000; ++round) ++met[partners.of(3, round).at(0)];
  ASSERT_EQ(met.size(), 7u);
  for (const auto& [other, times] : met) EXPECT_NEAR(times, 1000, 150) << other;  // 5σ = 146
}

TEST(Partners, AreRefusedToRanksThatDoNotFit) {
  EXPECT_EQ(refusal_of_partners(way("butterfly"), 6), "needs a power of two of ranks, 6 given");
  EXPECT_EQ(refusal_of_partners(digits({2, 3}), 8), "digits [2, 3] make 6 ranks, 8 given");
  EXPECT_EQ(refusal_of_partners(digits({2, 4}), 8), "");
  EXPECT_EQ(refusal_of_partners(way("tournament"), 6), "");
}

TEST(Turns, GoToAllToEachInTurnOrToOneByLot) {
  Choice stated{"butterfly_mixing"};
  EXPECT_TRUE(Turns::has(stated, 3, 1, 5, 1));
  stated.set(Turns::setting, "cyclic");
  for (std::int64_t round = 0; round < 10; ++round)
    for (int worker = 0; worker < 5; ++worker)
      EXPECT_EQ(Turns::has(stated, worker, round, 5, 1), round % 5 == worker);
  stated.set(Turns::setting, "random");
  std::map<int, int> turns;
  for (std::int64_t round = 0; round < 5000; ++round) {
    int active = 0;
    for (int worker = 0; worker < 5; ++worker)
      if (Turns::has(stated, worker, round, 5, 1)) ++active, ++turns[worker];
    EXPECT_EQ(active, 1);
  }
  for (const auto& [worker, times] : turns) EXPECT_NEAR(times, 1000, 142) << worker;  // 5σ
}

}  // namespace
}  // namespace troupe::algorithms
