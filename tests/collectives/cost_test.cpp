// The closed forms, against what the algorithms send and against a clock that follows the model.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <tuple>

#include "algorithms/selection.hpp"
#include "collectives/crossbar.hpp"
#include "collectives/exhaustive.hpp"
#include "core/loopback.hpp"
#include "core/recorder.hpp"

namespace troupe::tests {
namespace {

using namespace algorithms;

// ---- every entry, every number of ranks: the driver's cases

Buffers phantoms_for(const Entry& entry, const Problem& problem, Rank me) {
  const Partition cut{Slice::phantom(problem.count), problem.ranks};
  const std::size_t mine = cut.size_of_block(me), n = static_cast<std::size_t>(problem.ranks);
  const auto both = [&](std::size_t input, std::size_t output) {
    return Buffers{Slice::phantom(input, problem.dtype), Slice::phantom(output, problem.dtype)};
  };
  switch (entry.collective) {
    case Collective::reduce_scatter:
    case Collective::scatter: return both(problem.count, mine);
    case Collective::allgather:
    case Collective::gather: return both(mine, problem.count);
    case Collective::all_to_all: return both(problem.count, mine * n);
    case Collective::all_to_all_v: {
      std::size_t leaving = 0, arriving = 0;
      for (std::size_t peer = 0; peer < n; ++peer) {
        leaving += problem.counts[static_cast<std::size_t>(me) * n + peer];
        arriving += problem.counts[peer * n + static_cast<std::size_t>(me)];
      }
      return both(leaving, arriving);
    }
    default: return both(problem.count, problem.count);
  }
}
CrossbarReport measured(const Entry& entry, const Problem& problem) {
  return run_crossbar(problem.ranks, problem.machine, [&](Communicator& comm) {
    entry.run(comm, problem, phantoms_for(entry, problem, comm.rank()));
  });
}

void expect_closed_form(const Entry& entry, const Case& one) {
  const Problem& problem = one.problem;
  SCOPED_TRACE(text_of(entry, one));
  const CrossbarReport seen = measured(entry, problem);
  const Cost cost = entry.cost(problem, problem.machine);
  EXPECT_EQ(seen.messages, cost.messages);
  EXPECT_EQ(seen.bytes, cost.bytes);
  EXPECT_EQ(seen.total_messages, cost.total_messages);
  EXPECT_EQ(seen.total_bytes, cost.total_bytes);
  if (entry.exact(problem) && !seen.shared) {
    EXPECT_NEAR(seen.time.count(), cost.time.count(), 1e-9 * (1 + cost.time.count()));
  }
  // The model's clock does not share ports out, so that only messages that do share one can be
  // faster than the closed form.
  if (entry.exact(problem) && entry.name != "multi_ring" && entry.name != "auto") {
    EXPECT_FALSE(seen.shared);
  }
}

class ClosedForm : public testing::TestWithParam<Entry> {};
TEST_P(ClosedForm, IsWhatTheAlgorithmSendsAndTakes) {
  for (const int ranks : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17})
    for (Case one : cases_of(GetParam(), ranks, Extent::sample)) {
      if (one.in_place || one.problem.dtype != Dtype::float32 || one.problem.op != Op::sum ||
          one.problem.average)
        continue;
      expect_closed_form(GetParam(), one);
      if (HasFailure()) return;
      one.problem.machine = {Seconds{1}, 0.25, 0};  // messages of few values cost about one α
      expect_closed_form(GetParam(), one);
      if (HasFailure()) return;
    }
}
INSTANTIATE_TEST_SUITE_P(Catalogue, ClosedForm,
                         testing::ValuesIn(catalogue().begin(), catalogue().end()),
                         [](const auto& tested) {
                           return std::string{name_of(tested.param.collective)} + "_" +
                                  std::string{tested.param.name};
                         });

// ---- golden values: n = 80,640 words, α = 10, β = 0.001 a word, γ = 0

constexpr std::size_t words = 80640;
const AlphaBetaGamma golden_machine{Seconds{10}, 0.001 / 4, 0};

Problem golden(int ranks) { return {.ranks = ranks, .count = words, .machine = golden_machine}; }
double golden_time(Collective collective, std::string_view name, const Problem& problem) {
  return find_entry(collective, name).cost(problem, golden_machine).time.count();
}
/// The most that one rank sends, as a multiple of the vector.
double golden_volume(Collective collective, std::string_view name, const Problem& problem) {
  return static_cast<double>(find_entry(collective, name).cost(problem, golden_machine).bytes) /
         (4.0 * words);
}
constexpr double cent = 0.005;

TEST(GoldenTimes, OfAllreducesOnAnyNumberOfRanks) {
  struct Row {
    int ranks;
    double ring_volume, ring, doubling_volume, doubling, halving_volume, halving, tree_volume, tree;
  };
  for (const Row& row : {Row{4, 1.5, 180.96, 2, 181.28, 1.5, 160.96, 2, 362.56},
                         Row{5, 1.6, 209.02, 3, 362.56, 2.5, 342.24, 3, 543.84},
                         Row{6, 1.6667, 234.40, 3, 362.56, 2.5, 342.24, 3, 543.84},
                         Row{7, 1.7143, 258.24, 3, 362.56, 2.5, 342.24, 3, 543.84},
                         Row{8, 1.75, 281.12, 3, 271.92, 1.75, 201.12, 3, 543.84},
                         Row{16, 1.875, 451.20, 4, 362.56, 1.875, 231.20, 4, 725.12}}) {
    SCOPED_TRACE(row.ranks);
    const Problem problem = golden(row.ranks);
    const auto expect = [&](std::string_view name, double volume, double time) {
      EXPECT_NEAR(golden_volume(Collective::allreduce, name, problem), volume, 5e-5) << name;
      EXPECT_NEAR(golden_time(Collective::allreduce, name, problem), time, cent) << name;
    };
    expect("ring", row.ring_volume, row.ring);
    expect("direct", row.ring_volume, row.ring);
    expect("recursive_doubling", row.doubling_volume, row.doubling);
    expect("halving_doubling", row.halving_volume, row.halving);
    expect("binomial", row.tree_volume, row.tree);
  }
}

TEST(GoldenTimes, OfButterfliesByTheirRadices) {
  struct Row {
    std::vector<int> radices;
    double time;
  };
  for (const Row& row :
       {Row{{2, 2}, 160.96}, Row{{4}, 180.96}, Row{{3, 2}, 194.40}, Row{{2, 3}, 194.40},
        Row{{6}, 234.40}, Row{{2, 2, 2}, 201.12}, Row{{4, 2}, 221.12}, Row{{8}, 281.12},
        Row{{2, 2, 2, 2}, 231.20}, Row{{4, 2, 2}, 251.20}, Row{{4, 4}, 271.20}}) {
    Problem problem = golden(MixedRadix{row.radices}.ranks());
    problem.radices = row.radices;
    EXPECT_NEAR(golden_time(Collective::allreduce, "butterfly", problem), row.time, cent);
    EXPECT_NEAR(golden_time(Collective::allreduce, "kylix", problem), row.time, cent);
    const double n = problem.ranks;
    EXPECT_NEAR(golden_volume(Collective::allreduce, "butterfly", problem), 2 * (n - 1) / n, 5e-5);
  }
}

TEST(GoldenTimes, OfTorusAndHierarchy) {
  for (const auto& [width, height, messages, time] :
       {std::tuple{4, 2, 8u, 221.12}, std::tuple{4, 4, 12u, 271.20}}) {
    Problem problem = golden(width * height);
    problem.layout.grid = {width, height};
    for (Rank rank = 0; rank < problem.ranks; ++rank)
      problem.layout.node_of_rank.push_back(rank / width);
    for (const char* name : {"torus", "hierarchical"}) {
      EXPECT_NEAR(golden_time(Collective::allreduce, name, problem), time, cent) << name;
      EXPECT_EQ(find_entry(Collective::allreduce, name).cost(problem, golden_machine).messages,
                messages);
    }
  }
}

TEST(GoldenTimes, OfAllgatherBroadcastAndAllToAll) {
  for (const auto& [ranks, time] : {std::pair{5, 94.51}, {8, 100.56}, {12, 113.92}, {16, 115.60}})
    EXPECT_NEAR(golden_time(Collective::allgather, "bruck", golden(ranks)), time, cent) << ranks;
  for (const auto& [ranks, scattered, binomial] :
       {std::tuple{4, 170.96, 181.28}, {8, 241.12, 271.92}, {16, 341.20, 362.56}}) {
    EXPECT_NEAR(golden_time(Collective::broadcast, "scatter_allgather", golden(ranks)), scattered,
                cent);
    EXPECT_NEAR(golden_time(Collective::broadcast, "binomial", golden(ranks)), binomial, cent);
  }
  for (const auto& [ranks, time] : {std::pair{8, 140.56}, {16, 225.60}})
    EXPECT_NEAR(golden_time(Collective::all_to_all, "pairwise", golden(ranks)), time, cent);
  for (const auto& [ranks, volume] :
       {std::pair{4, 1.0}, {5, 1.0}, {8, 1.5}, {12, 1.6667}, {16, 2.0}})
    EXPECT_NEAR(golden_volume(Collective::all_to_all, "bruck", golden(ranks)), volume, 5e-5);
}

TEST(GoldenTimes, TotalsAreTwiceTheVectorForEachRankButOne) {
  for (const int ranks : {2, 3, 4, 5, 8, 12, 16, 17}) {
    const std::uint64_t all = 2u * static_cast<std::uint64_t>(ranks - 1) * words * 4;
    for (const char* name : {"ring", "butterfly", "kylix", "binomial", "torus", "direct", "central",
                             "hierarchical", "multi_ring", "double_binary_tree"})
      EXPECT_EQ(
          find_entry(Collective::allreduce, name).cost(golden(ranks), golden_machine).total_bytes,
          all)
          << name << " on " << ranks;
  }
}

/// Words that travel between rows (or nodes) of `width` ranks, as a multiple of the vector.
double words_between_rows(const Entry& entry, const Problem& problem, int width) {
  std::mutex mutex;
  std::size_t bytes = 0;
  run_loopback(problem.ranks, [&](Communicator& comm) {
    RecordedRank log;
    {
      Recorder recorder{comm, log};
      entry.run(recorder, problem, phantoms_for(entry, problem, comm.rank()));
    }
    const std::lock_guard lock{mutex};
    for (const RecordedEvent& event : log.events())
      if (event.kind == RecordedEvent::Kind::send && event.peer / width != comm.rank() / width)
        bytes += event.bytes;
  });
  return static_cast<double>(bytes) / (4.0 * words);
}
TEST(GoldenWords, BetweenTheRowsOfATorusAndTheNodesOfAHierarchy) {
  for (const auto& [height, between, flat] : {std::tuple{2, 2.0, 3.5}, {4, 6.0, 7.5}}) {
    Problem problem = golden(4 * height);
    problem.layout.grid = {4, height};
    for (Rank rank = 0; rank < problem.ranks; ++rank)
      problem.layout.node_of_rank.push_back(rank / 4);
    const auto measured_between = [&](std::string_view name) {
      return words_between_rows(find_entry(Collective::allreduce, name), problem, 4);
    };
    EXPECT_DOUBLE_EQ(measured_between("torus"), between);
    EXPECT_DOUBLE_EQ(measured_between("hierarchical"), between);
    EXPECT_DOUBLE_EQ(measured_between("ring"), flat);
  }
}

// ---- what the closed forms say about each other

TEST(Observations, HalvingDoublingIsNeverSlowerThanTheRingOnPowersOfTwo) {
  for (int ranks = 2; ranks <= 1024; ranks *= 2)
    for (std::size_t count : {0u, 1u, 1000u, 80640u, 100000000u}) {
      Problem problem = golden(ranks);
      problem.count = count;
      EXPECT_LE(golden_time(Collective::allreduce, "halving_doubling", problem),
                golden_time(Collective::allreduce, "ring", problem) * (1 + 1e-12));
    }
}
TEST(Observations, FoldedAlgorithmsLoseToTheRingForLongVectorsAndButterfliesDoNot) {
  for (const int ranks : {5, 6, 7, 12, 15}) {
    Problem problem = golden(ranks);
    problem.count = 100000000;
    const double ring = golden_time(Collective::allreduce, "ring", problem);
    EXPECT_GT(golden_time(Collective::allreduce, "halving_doubling", problem), 1.3 * ring);
    EXPECT_LE(golden_time(Collective::allreduce, "butterfly", problem), ring * (1 + 1e-6));
  }
}
TEST(Observations, RecursiveDoublingWinsBelowItsBreakEvenSizeOnly) {
  // M*·β·(k - 2(P-1)/P) = kα, against halving-doubling
  for (int k = 2; k <= 6; ++k) {
    const double ranks = 1 << k;
    const double even = 10.0 * k / (0.001 * (k - 2 * (ranks - 1) / ranks));
    for (const double factor : {0.9, 1.1}) {
      Problem problem = golden(1 << k);
      problem.count = static_cast<std::size_t>(even * factor);
      EXPECT_EQ(factor < 1, golden_time(Collective::allreduce, "recursive_doubling", problem) <
                                golden_time(Collective::allreduce, "halving_doubling", problem));
    }
  }
}
TEST(Observations, TheRingsBusBandwidthTendsToTheLinks) {
  for (const int ranks : {2, 3, 8, 17, 64}) {
    Problem problem = golden(ranks);
    problem.count = std::size_t{1} << 40;
    const double time = golden_time(Collective::allreduce, "ring", problem);
    const double busbw =
        static_cast<double>(problem.bytes()) / time * bus_factor(Collective::allreduce, ranks);
    EXPECT_NEAR(busbw * golden_machine.beta, 1, 1e-4);
  }
}

TEST(LowerBound, IsBelowEveryClosedForm) {
  const AlphaBetaGamma machine{Seconds{10}, 0.00025, 0.0001};
  for (const Entry& entry : catalogue())
    for (const int ranks : {1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 33})
      for (const Case& one : cases_of(entry, ranks, Extent::sample)) {
        const LowerBound bound = lower_bound(entry.collective, one.problem, machine);
        EXPECT_LE(std::max(bound.latency, bound.bandwidth).count(),
                  entry.cost(one.problem, machine).time.count() * (1 + 1e-9))
            << text_of(entry, one);
      }
}
TEST(LowerBound, IsTheBytesOfTheRingAndTheWayOfOneMessage) {
  Problem problem = golden(16);
  const LowerBound bound = lower_bound(Collective::allreduce, problem, golden_machine);
  EXPECT_DOUBLE_EQ(bound.latency.count(), 10);
  EXPECT_NEAR(bound.bandwidth.count(), 2 * 15.0 / 16 * 80.64, 1e-9);
  EXPECT_DOUBLE_EQ(lower_bound(Collective::allreduce, golden(1), golden_machine).latency.count(),
                   0);
}

// ---- choosing

/// Where latency is next to nothing the closed form wants segments of a byte; what they would save
/// is not worth their number.
TEST(Segments, AreAsManyAsFillAPipelineAndNoMore) {
  Problem problem = golden(12);
  problem.count = std::size_t{1} << 24;
  problem.machine = {.alpha = Seconds{0}, .beta = 1e-9, .gamma = 0};
  const auto most_messages = [&](Collective collective, const char* name) {
    return find_entry(collective, name).cost(problem, problem.machine).messages;
  };
  EXPECT_EQ(most_messages(Collective::broadcast, "chain"), 100u * (12 - 2));
  EXPECT_LE(most_messages(Collective::allreduce, "double_binary_tree"), 100u * 4 * 2 * 3);
  problem.machine.alpha = Seconds{1e-6};
  // Ten stages and 67 ms: the root of 10 · 67 ms / 1 us.
  EXPECT_NEAR(static_cast<double>(most_messages(Collective::broadcast, "chain")), 819, 1);
}

TEST(Auto, IsTheLeastClosedForm) {
  for (const Collective collective :
       {Collective::allreduce, Collective::reduce_scatter, Collective::allgather,
        Collective::broadcast, Collective::all_to_all})
    for (const int ranks : {1, 2, 3, 5, 8, 13, 16, 17, 64, 100})
      for (std::size_t count : {0u, 1u, 10u, 1000u, 80640u, 10000000u}) {
        Problem problem = golden(ranks);
        problem.count = count;
        const double chosen = golden_time(collective, "auto", problem);
        for (const Entry* entry : entries_of(collective))
          if (entry->refusal(problem).empty()) {
            EXPECT_LE(chosen, entry->cost(problem, golden_machine).time.count()) << entry->name;
          }
      }
}
TEST(Auto, TakesRecursiveDoublingForShortVectorsAndHalvingForLongOnes) {
  Problem problem = golden(16);
  problem.count = 10;
  EXPECT_EQ(least_cost(Collective::allreduce, problem, golden_machine).name, "recursive_doubling");
  problem.count = words;
  EXPECT_EQ(least_cost(Collective::allreduce, problem, golden_machine).name, "halving_doubling");
}
TEST(Auto, SaysWhatToGiveWhereTheNetworkIsUnknown) {
  Problem problem = golden(4);
  problem.machine = {};
  EXPECT_THAT(find_entry(Collective::allreduce, "auto").refusal(problem),
              testing::HasSubstr("calibration"));
}

TEST(Tuned, TakesTheFirstRowThatReachesTheSize) {
  const Tuning tuning{Collective::allreduce,
                      {{Bytes{1024}, "recursive_doubling"}, {Bytes{1 << 20}, "ring"}}};
  Problem problem = golden(8);
  for (const auto& [count, name] : {std::pair{0u, "recursive_doubling"},
                                    {256u, "recursive_doubling"},
                                    {257u, "ring"},
                                    {1u << 24, "ring"}}) {
    problem.count = count;
    EXPECT_EQ(tuned(tuning, problem).name, name);
  }
}
TEST(Tuned, RefusesWhatItCannotRun) {
  Problem problem = golden(8);
  EXPECT_THROW(tuned({Collective::allreduce, {}}, problem), BadInput);
  EXPECT_THROW(tuned({Collective::allreduce, {{Bytes{1}, "rign"}}}, problem), BadInput);
  problem.layout.node_of_rank = {0, 0, 0, 0, 0, 1, 1, 1};
  EXPECT_THROW(tuned({Collective::allreduce, {{Bytes{1}, "hierarchical"}}}, problem), BadInput);
}

}  // namespace
}  // namespace troupe::tests
