// The catalogue of collectives: what it finds and refuses; and the shapes that its entries stand
// on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "algorithms/allreduce/tree_links.hpp"
#include "algorithms/selection.hpp"
#include "collectives/exhaustive.hpp"

namespace troupe::tests {
namespace {

using namespace algorithms;

// ---- the table itself

/// A vector of 80,640 words over `ranks`; the machine has no part in what is refused.
Problem problem_of(int ranks) { return {.ranks = ranks, .count = 80640}; }

TEST(Catalogue, FindsByNameAndSuggestsTheNearest) {
  EXPECT_EQ(find_entry(Collective::allreduce, "ring").summary.find("reduce-scatter"), 0u);
  EXPECT_EQ(collective_named("bcast"), Collective::broadcast);
  EXPECT_EQ(collective_named("alltoall"), Collective::all_to_all);
  for (const Entry& entry : catalogue()) {
    EXPECT_EQ(collective_named(name_of(entry.collective)), entry.collective);
    EXPECT_EQ(&find_entry(entry.collective, entry.name), &entry);
  }
  try {
    find_entry(Collective::allreduce, "halving_dubling");
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("halving_doubling"));
  }
  EXPECT_THROW(collective_named("allredcue"), BadInput);
}
TEST(Catalogue, RefusesInWords) {
  const auto refusal = [](std::string_view name, const Problem& problem) {
    return find_entry(Collective::allreduce, name).refusal(problem);
  };
  EXPECT_EQ(refusal("ring", problem_of(6)), "");
  Problem problem = problem_of(6);
  problem.radices = {2};
  EXPECT_THAT(refusal("butterfly", problem), testing::HasSubstr("product of the radices"));
  problem.radices = {2, 2};
  EXPECT_EQ(refusal("butterfly", problem), "");
  EXPECT_NE(refusal("kylix", problem), "");
  problem.radices = {1, 6};
  EXPECT_NE(refusal("butterfly", problem), "");
  problem = problem_of(6);
  problem.layout.grid = {4, 2};
  EXPECT_THAT(refusal("torus", problem), testing::HasSubstr("6"));
  problem = problem_of(6);
  problem.dtype = Dtype::float16;
  EXPECT_THAT(refusal("ring", problem), testing::HasSubstr("float16"));
  EXPECT_EQ(find_entry(Collective::allgather, "ring").refusal(problem), "");
  problem = problem_of(6);
  problem.root = 6;
  EXPECT_NE(find_entry(Collective::broadcast, "binomial").refusal(problem), "");
  EXPECT_NE(find_entry(Collective::all_to_all_v, "pairwise").refusal(problem_of(2)), "");
}
TEST(Catalogue, GivesTheBusFactorsOfNcclTests) {
  EXPECT_DOUBLE_EQ(bus_factor(Collective::allreduce, 8), 1.75);
  EXPECT_DOUBLE_EQ(bus_factor(Collective::allgather, 8), 0.875);
  EXPECT_DOUBLE_EQ(bus_factor(Collective::reduce_scatter, 8), 0.875);
  EXPECT_DOUBLE_EQ(bus_factor(Collective::all_to_all, 8), 0.875);
  EXPECT_DOUBLE_EQ(bus_factor(Collective::broadcast, 8), 1);
  EXPECT_DOUBLE_EQ(bus_factor(Collective::reduce, 8), 1);
}

// ---- the shapes

TEST(DoubleBinaryTree, LinksAgreeAndNobodyIsInsideBothTrees) {
  for (int n = 2; n <= 64; ++n) {
    for (int tree : {0, 1}) {
      int roots = 0, deepest = 0;
      for (int position = 0; position < n; ++position) {
        const TreeLinks links = tree_links(tree, position, n);
        roots += links.parent < 0;
        for (const int child : links.children)
          EXPECT_EQ(tree_links(tree, child, n).parent, position) << n << ' ' << tree;
        int depth = 0;
        for (int at = position; tree_links(tree, at, n).parent >= 0; ++depth)
          at = tree_links(tree, at, n).parent;
        deepest = std::max(deepest, depth);
        if (links.parent >= 0) {
          const auto siblings = tree_links(tree, links.parent, n).children;
          EXPECT_TRUE(std::find(siblings.begin(), siblings.end(), position) != siblings.end());
        }
      }
      EXPECT_EQ(roots, 1);
      EXPECT_EQ(deepest, rounds_to_reach(n));
    }
    for (int position = 0; position < n; ++position) {
      const bool inside_both = !tree_links(0, position, n).children.empty() &&
                               !tree_links(1, position, n).children.empty();
      EXPECT_EQ(inside_both, n % 2 == 1 && position == 0) << n << ' ' << position;
    }
  }
}
TEST(MixedRadix, PartnersAreMutualAndReachEverybody) {
  for (const std::vector<int>& radices : {std::vector{2, 2, 2}, {4, 2}, {3, 2}, {5}, {2, 3, 5}}) {
    const MixedRadix digits{radices};
    std::vector<std::vector<bool>> knows(
        static_cast<std::size_t>(digits.ranks()),
        std::vector<bool>(static_cast<std::size_t>(digits.ranks()), false));
    for (std::size_t rank = 0; rank < knows.size(); ++rank) knows[rank][rank] = true;
    for (int stage = 0; stage < digits.stages(); ++stage) {
      auto next = knows;
      for (Rank rank = 0; rank < digits.ranks(); ++rank)
        for (const Rank other : digits.line(rank, stage)) {
          EXPECT_EQ(digits.with_digit(other, stage, digits.digit(rank, stage)), rank);
          for (std::size_t i = 0; i < knows.size(); ++i)
            if (knows[static_cast<std::size_t>(other)][i])
              next[static_cast<std::size_t>(rank)][i] = true;
        }
      knows = next;
    }
    for (const auto& all : knows)
      EXPECT_EQ(std::count(all.begin(), all.end(), true), digits.ranks());
  }
}
TEST(Layout, RotatesAChannelsRingInsideTheNodes) {
  const Layout layout{.node_of_rank = {0, 0, 0, 0, 1, 1, 1, 1}, .nics_per_node = 4, .grid = {}};
  EXPECT_EQ(channel_order(layout, 8, 0), (std::vector<Rank>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(channel_order(layout, 8, 1), (std::vector<Rank>{1, 2, 3, 0, 5, 6, 7, 4}));
  EXPECT_EQ(channel_order(layout, 8, 3), (std::vector<Rank>{3, 0, 1, 2, 7, 4, 5, 6}));
}
TEST(Layout, TakesTheRectangleNearestToASquare) {
  EXPECT_EQ(grid_of({}, 8), (std::vector<int>{4, 2}));
  EXPECT_EQ(grid_of({}, 16), (std::vector<int>{4, 4}));
  EXPECT_EQ(grid_of({}, 7), (std::vector<int>{7, 1}));
  EXPECT_EQ(prime_factors(60), (std::vector<int>{5, 3, 2, 2}));
  EXPECT_EQ(prime_factors(1), std::vector<int>{});
}

}  // namespace
}  // namespace troupe::tests
