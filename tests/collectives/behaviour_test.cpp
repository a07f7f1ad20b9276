// What the exhaustive driver does not ask: sparse vectors, several collectives at a time, groups of
// ranks, barriers, sums that are not exact.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <thread>

#include "algorithms/allreduce/kylix.hpp"
#include "algorithms/barrier/barrier.hpp"
#include "collectives/exhaustive.hpp"
#include "core/checked.hpp"
#include "core/loopback.hpp"
#include "core/random.hpp"
#include "core/recorder.hpp"
#include "core/subset.hpp"

namespace troupe::tests {
namespace {

using namespace algorithms;

// ---- groups and flows

TEST(Groups, RunEveryAlgorithmOnASubsetWhileTheOthersRunAnother) {
  run_loopback(7, [](Communicator& comm) {
    CheckedCommunicator checked{comm};
    const bool odd = comm.rank() % 2 == 1;
    Subset group{checked, odd ? std::vector<Rank>{5, 1, 3} : std::vector<Rank>{0, 6, 2, 4},
                 odd ? 1u : 2u};
    for (const Entry& entry : catalogue())
      for (const Case& one : cases_of(entry, group.size(), Extent::sample))
        if (one.problem.count < 10) check(group, entry, one);
  });
}
TEST(Groups, MayOverlapAndRunAtTheSameTime) {
  run_loopback(6, [](Communicator& comm) {
    CheckedCommunicator checked{comm};
    WaitSet flows;
    const Entry& ring = find_entry(Collective::allreduce, "ring");
    for (std::uint32_t number = 0; number < 3; ++number)
      flows.add(checked.spawn([&, number](Communicator& flow) {
        std::vector<Rank> members{0, 1, 2, 3, 4, 5};
        if (number > 0) members = {0, 1, 2, 3};
        if (number > 1) members = {2, 3, 4, 5};
        if (std::find(members.begin(), members.end(), flow.rank()) == members.end()) return;
        Subset group{flow, members, number};
        check_all(group, ring, Extent::sample);
      }));
    wait_all(checked, flows);
  });
}
TEST(Flows, RunManyCollectivesOfOneKindAtTheSameTime) {
  for (const char* name : {"ring", "halving_doubling", "butterfly", "multi_ring",
                           "double_binary_tree", "hierarchical", "torus"}) {
    const Entry& entry = find_entry(Collective::allreduce, name);
    run_loopback(5, [&](Communicator& comm) {
      CheckedCommunicator checked{comm};
      constexpr std::size_t buckets = 4;
      std::vector<std::vector<float>> vectors(buckets);
      WaitSet flows;
      for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
        vectors[bucket].assign(
            100 + bucket, static_cast<float>(comm.rank() + 1) * static_cast<float>(bucket + 1));
        flows.add(
            checked.spawn([&entry, slice = Slice{std::span{vectors[bucket]}}](Communicator& flow) {
              Problem problem{.ranks = flow.size(), .count = slice.size()};
              problem.machine = {Seconds{1}, 0.01, 0};
              entry.run(flow, problem, {slice, slice});
            }));
      }
      wait_all(checked, flows);
      for (std::size_t bucket = 0; bucket < buckets; ++bucket)
        for (const float value : vectors[bucket])
          ASSERT_EQ(value, 15.0f * static_cast<float>(bucket + 1));
    });
  }
}
TEST(Flows, FollowEachOtherWithoutABarrierBetween) {
  run_loopback(5, [](Communicator& comm) {
    CheckedCommunicator checked{comm};
    for (int round = 0; round < 20; ++round)
      for (const Entry* entry : entries_of(Collective::allreduce)) {
        Case one{.problem = {.ranks = 5, .count = static_cast<std::size_t>(round)}};
        one.problem.machine = {Seconds{1}, 0.01, 0};
        check(checked, *entry, one);
      }
  });
}

// ---- replicas stay equal

TEST(Replicas, EndWithTheSameBitsWhateverTheRounding) {
  for (const Entry* entry : entries_of(Collective::allreduce))
    for (const int ranks : {2, 3, 5, 6, 8, 12}) {
      std::vector<std::vector<float>> ends(static_cast<std::size_t>(ranks));
      run_loopback(ranks, [&](Communicator& comm) {
        std::vector<float> values(1001);
        auto random = SplitMix64::of_rank(1, comm.rank());
        for (float& value : values) value = static_cast<float>(random.u01() - 0.5);
        Problem problem{.ranks = ranks, .count = values.size()};
        problem.machine = {Seconds{1}, 0.01, 0};
        problem.radices = prime_factors(ranks);
        const Slice slice{std::span{values}};
        entry->run(comm, problem, {slice, slice});
        ends[static_cast<std::size_t>(comm.rank())] = std::move(values);
      });
      for (const auto& end : ends) EXPECT_EQ(end, ends[0]) << entry->name << " on " << ranks;
    }
}

// ---- what travels without arithmetic

TEST(HalfPrecision, TravelsThroughWhatDoesNotReduce) {
  for (const Collective collective : {Collective::broadcast, Collective::allgather})
    for (const Entry* entry : entries_of(collective))
      run_loopback(5, [&](Communicator& comm) {
        Problem problem{.ranks = 5, .count = 13, .dtype = Dtype::bfloat16, .root = 2};
        problem.machine = {Seconds{1}, 0.01, 0};
        ASSERT_EQ(entry->refusal(problem), "");
        Buffer whole{problem.count, problem.dtype};
        auto* patterns = reinterpret_cast<std::uint16_t*>(whole.slice().address());
        const Partition block{whole, 5};
        const Rank me = comm.rank();
        for (std::size_t i = 0; i < problem.count; ++i) {
          const bool mine = collective == Collective::broadcast
                                ? me == problem.root
                                : block.offset(me) <= i && i < block.offset(me + 1);
          patterns[i] = static_cast<std::uint16_t>(mine ? 1000 + i : 0);
        }
        const bool gathers = collective == Collective::allgather;
        entry->run(comm, problem, {gathers ? block[me] : whole.slice(), whole});
        for (std::size_t i = 0; i < problem.count; ++i) ASSERT_EQ(patterns[i], 1000 + i);
      });
}
TEST(Misuse, IsAContractViolation) {
  std::vector<float> values(12);
  const Slice slice{std::span{values}};
  Problem problem{.ranks = 1, .count = 12};
  const auto run = [&](Collective collective, std::string_view name, Buffers buffers) {
    run_loopback(
        1, [&](Communicator& comm) { find_entry(collective, name).run(comm, problem, buffers); });
  };
  EXPECT_THROW(run(Collective::all_to_all, "pairwise", {slice, slice}), ContractViolation);
  EXPECT_THROW(run(Collective::allreduce, "ring", {slice, slice.first(3)}), ContractViolation);
  EXPECT_THROW(run(Collective::allgather, "ring", {slice.first(2), slice}), ContractViolation);
}

// ---- barrier

TEST(Barrier, LetsNobodyLeaveBeforeTheLastHasEntered) {
  for (const int ranks : {1, 2, 3, 5, 8, 11}) {
    std::atomic<int> entered{0};
    run_loopback(ranks, [&](Communicator& comm) {
      auto random = SplitMix64::of_rank(7, comm.rank());
      for (int round = 1; round <= 20; ++round) {
        std::this_thread::sleep_for(
            std::chrono::microseconds(static_cast<int>(300 * random.u01())));
        ++entered;
        dissemination_barrier(comm);
        ASSERT_GE(entered.load(), round * ranks);
        dissemination_barrier(comm);
      }
    });
  }
}

// ---- Kylix

using Indices = std::vector<std::uint64_t>;

/// Sorted distinct indices below `length`; small ones likelier, as words are.
Indices power_law(SplitMix64& random, std::size_t draws, std::uint64_t length) {
  Indices indices;
  for (std::size_t i = 0; i < draws; ++i)
    indices.push_back(
        static_cast<std::uint64_t>(std::pow(static_cast<double>(length), random.u01())) - 1);
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  return indices;
}
std::int64_t value_at(Rank rank, std::uint64_t index) {
  return static_cast<std::int64_t>(index % 17) + 3 * rank + 1;
}

struct SparseRun {
  std::vector<std::vector<std::size_t>> profiles;  // of each rank
  std::vector<std::uint64_t> configuration_bytes, value_bytes;
};
/// Runs an allreduce of sparse vectors and checks it against the dense one.
SparseRun sparse_allreduce(int ranks, const std::vector<int>& radices, std::uint64_t length,
                           const std::vector<Indices>& contributed,
                           const std::vector<Indices>& requested, Op op, std::int64_t neutral) {
  std::map<std::uint64_t, std::int64_t> wanted;
  for (Rank rank = 0; rank < ranks; ++rank)
    for (const auto index : contributed[static_cast<std::size_t>(rank)]) {
      const auto [at, is_new] = wanted.emplace(index, value_at(rank, index));
      if (is_new) continue;
      const std::int64_t value = value_at(rank, index);
      at->second = op == Op::sum   ? at->second + value
                   : op == Op::min ? std::min(at->second, value)
                                   : std::max(at->second, value);
    }
  SparseRun run;
  run.profiles.resize(static_cast<std::size_t>(ranks));
  run.configuration_bytes.resize(static_cast<std::size_t>(ranks));
  run.value_bytes.resize(static_cast<std::size_t>(ranks));
  run_loopback(ranks, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    const auto me = static_cast<std::size_t>(comm.rank());
    RecordedRank configuration{0}, values_sent{0};
    Recorder configuring{checked, configuration}, passing{checked, values_sent};
    const KylixPlan plan =
        KylixPlan::configured(configuring, contributed[me], requested[me], length, radices);
    run.profiles[me] = plan.profile();
    for (int pass = 0; pass < 2; ++pass) {  // a plan serves many times
      std::vector<std::int64_t> values, result(requested[me].size(), -1);
      for (const auto index : contributed[me]) values.push_back(value_at(comm.rank(), index));
      kylix_allreduce(passing, plan, std::span{values}, std::span{result}, op);
      for (std::size_t i = 0; i < result.size(); ++i) {
        const auto found = wanted.find(requested[me][i]);
        ASSERT_EQ(result[i], found == wanted.end() ? neutral : found->second)
            << "rank " << me << ", index " << requested[me][i];
      }
    }
    run.configuration_bytes[me] = configuration.bytes_sent();
    run.value_bytes[me] = values_sent.bytes_sent() / 2;
  });
  return run;
}
std::uint64_t total(const std::vector<std::uint64_t>& parts) {
  std::uint64_t sum = 0;
  for (const auto part : parts) sum += part;
  return sum;
}

TEST(Kylix, GivesTheDenseSumAtTheRequestedIndices) {
  for (const auto& [ranks, radices] : {std::pair{1, std::vector<int>{}},
                                       {2, {2}},
                                       {4, {2, 2}},
                                       {6, {3, 2}},
                                       {5, {5}},
                                       {8, {4, 2}},
                                       {12, {2, 3, 2}}}) {
    constexpr std::uint64_t length = 10000;
    std::vector<Indices> contributed, requested;
    for (Rank rank = 0; rank < ranks; ++rank) {
      auto random = SplitMix64::of_rank(11, rank);
      contributed.push_back(power_law(random, 400, length));
      requested.push_back(power_law(random, 300, length));
    }
    sparse_allreduce(ranks, radices, length, contributed, requested, Op::sum, 0);
    sparse_allreduce(ranks, radices, length, contributed, requested, Op::max,
                     std::numeric_limits<std::int64_t>::lowest());
    sparse_allreduce(ranks, radices, length, contributed, requested, Op::min,
                     std::numeric_limits<std::int64_t>::max());
  }
}
TEST(Kylix, HandlesEmptySetsAndRanksThatOnlyAskOrOnlyGive) {
  const std::vector<Indices> nothing(4), ends{{0, 99}, {}, {99}, {}}, all{{}, {0, 1, 99}, {}, {5}};
  sparse_allreduce(4, {2, 2}, 100, nothing, nothing, Op::sum, 0);
  sparse_allreduce(4, {2, 2}, 100, ends, nothing, Op::sum, 0);
  sparse_allreduce(4, {2, 2}, 100, nothing, all, Op::sum, 0);
  sparse_allreduce(4, {4}, 100, ends, all, Op::sum, 0);
  sparse_allreduce(4, {2, 2}, 3, {{0}, {1}, {2}, {0, 1, 2}}, {{0}, {1}, {2}, {0, 1, 2}}, Op::sum,
                   0);
}
TEST(Kylix, CarriesLongIndexSetsInSeveralMessages) {
  Indices many(65536 + 10), exactly(65536);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = 2 * i;
  for (std::size_t i = 0; i < exactly.size(); ++i) exactly[i] = 2 * (70000 + i);
  sparse_allreduce(2, {2}, 400000, {many, exactly}, {exactly, many}, Op::sum, 0);
}
TEST(Kylix, SendsEightBytesAnIndexAndOneValueAnIndexEachWay) {
  // Two ranks, one stage: each sends the other what falls into its half.
  const std::vector<Indices> contributed{{0, 1, 8, 9, 10}, {1, 2, 3, 11}},
      requested{{0, 15}, {1, 2, 9}};
  const SparseRun run = sparse_allreduce(2, {2}, 16, contributed, requested, Op::sum, 0);
  // Rank 0 keeps 0…7: sends the indices 8, 9, 10 and the request 15; then values 8, 9, 10 down, and
  // up the answers to 1, 2.
  EXPECT_EQ(run.configuration_bytes, (std::vector<std::uint64_t>{4 * 8, 5 * 8}));
  EXPECT_EQ(run.value_bytes, (std::vector<std::uint64_t>{(3 + 2) * 8, (3 + 1) * 8}));
}
TEST(Kylix, WithDenseIndicesSendsExactlyWhatTheDenseButterflySends) {
  for (const auto& [ranks, radices] :
       {std::pair{2, std::vector<int>{2}}, {6, {3, 2}}, {8, {2, 2, 2}}, {7, {7}}}) {
    constexpr std::uint64_t length = 1003;
    Indices all(length);
    for (std::size_t i = 0; i < length; ++i) all[i] = i;
    const std::vector<Indices> dense(static_cast<std::size_t>(ranks), all);
    const SparseRun run = sparse_allreduce(ranks, radices, length, dense, dense, Op::sum, 0);
    Problem problem{.ranks = ranks, .count = length, .dtype = Dtype::int64};
    problem.radices = radices;
    const Cost cost = find_entry(Collective::allreduce, "butterfly").cost(problem, {});
    EXPECT_EQ(total(run.value_bytes), cost.total_bytes);
    EXPECT_EQ(*std::max_element(run.value_bytes.begin(), run.value_bytes.end()), cost.bytes);
  }
}
TEST(Kylix, HoldsLessAndLessDownTheStagesForPowerLawIndices) {
  constexpr int ranks = 16;
  constexpr std::uint64_t length = 1 << 20;
  std::vector<Indices> sets;
  for (Rank rank = 0; rank < ranks; ++rank) {
    auto random = SplitMix64::of_rank(3, rank);
    sets.push_back(power_law(random, 20000, length));
  }
  const SparseRun run = sparse_allreduce(ranks, {4, 2, 2}, length, sets, sets, Op::sum, 0);
  std::vector<std::size_t> held(4, 0);
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    held[0] += sets[rank].size();
    for (std::size_t stage = 0; stage < 3; ++stage) held[stage + 1] += run.profiles[rank][stage];
  }
  EXPECT_TRUE(std::is_sorted(held.rbegin(), held.rend()));
  EXPECT_LT(held.back() * 3, held.front() * 2);
}

}  // namespace
}  // namespace troupe::tests
