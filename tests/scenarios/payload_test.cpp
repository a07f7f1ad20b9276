#include "scenarios/payload.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "core/loopback.hpp"
#include "scenarios/start_together.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::Collective;
using algorithms::Problem;

Problem problem(int ranks, std::size_t count, Dtype dtype, Op op) {
  Problem problem;
  problem.ranks = ranks;
  problem.count = count;
  problem.dtype = dtype;
  problem.op = op;
  return problem;
}

/// Wrong values left by an algorithm on threads, over all ranks.
std::uint64_t wrong_after(Collective collective, const Problem& given, bool in_place = false) {
  std::vector<std::uint64_t> wrong(static_cast<std::size_t>(given.ranks));
  const auto& entry = *algorithms::entries_of(collective).front();
  run_loopback(given.ranks, [&](Communicator& comm) {
    CollectiveBuffers buffers{collective, given, comm.rank(), false, in_place};
    buffers.fill();
    entry.run(comm, given, buffers.buffers());
    wrong[static_cast<std::size_t>(comm.rank())] = buffers.wrong();
  });
  return std::accumulate(wrong.begin(), wrong.end(), std::uint64_t{0});
}

TEST(Payload, AnswersAreExactForEveryDtypeAndReduction) {
  for (const auto dtype :
       {Dtype::float32, Dtype::float64, Dtype::int32, Dtype::int64, Dtype::uint32, Dtype::uint8})
    for (const auto op : {Op::sum, Op::product, Op::min, Op::max}) {
      const auto given = problem(5, 103, dtype, op);
      EXPECT_EQ(wrong_after(Collective::allreduce, given), 0u)
          << name_of(dtype) << " " << name_of(op);
      EXPECT_EQ(wrong_after(Collective::allreduce, given, true), 0u);
    }
}

TEST(Payload, AnswersAreExactForEveryCollective) {
  for (const auto collective :
       {Collective::allreduce, Collective::reduce_scatter, Collective::allgather,
        Collective::broadcast, Collective::reduce, Collective::scatter, Collective::gather,
        Collective::all_to_all, Collective::all_to_all_v}) {
    auto given = problem(4, 101, Dtype::float32, Op::sum);
    given.root = 1;
    if (collective == Collective::all_to_all_v) given.counts = uneven_counts(given.count, 4);
    if (algorithms::entries_of(collective).empty()) continue;
    EXPECT_EQ(wrong_after(collective, given), 0u) << algorithms::name_of(collective);
  }
}

TEST(Payload, AnAverageMayDifferByRoundingOnly) {
  auto given = problem(3, 50, Dtype::float32, Op::sum);
  given.average = true;
  EXPECT_EQ(wrong_after(Collective::allreduce, given), 0u);
}

TEST(Payload, FindsASingleWrongValue) {
  const auto given = problem(1, 10, Dtype::float32, Op::sum);
  CollectiveBuffers buffers{Collective::allreduce, given, 0, false, true};
  buffers.fill();
  EXPECT_EQ(buffers.wrong(), 0u);
  buffers.buffers().output.host<float>()[3] += 1;
  EXPECT_EQ(buffers.wrong(), 1u);
}

TEST(Payload, OutputsAreWrongBeforeTheRun) {
  const auto given = problem(2, 10, Dtype::int32, Op::sum);
  CollectiveBuffers buffers{Collective::allreduce, given, 0, false, false};
  buffers.fill();
  EXPECT_EQ(buffers.wrong(), 10u);
}

TEST(StartTogether, LetsNoRankLeaveBeforeAllHaveCome) {
  std::vector<Seconds> came(5), left(5);
  run_loopback(5, [&](Communicator& comm) {
    const auto me = static_cast<std::size_t>(comm.rank());
    sleep_until(comm, Seconds{0.01 * comm.rank()});
    came[me] = comm.now();
    left[me] = start_together(comm);
  });
  const auto last = *std::max_element(came.begin(), came.end());
  for (const auto moment : left) EXPECT_GE(moment, last);
}

}  // namespace
}  // namespace troupe::scenarios
