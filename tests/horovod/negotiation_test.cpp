// What goes wrong between ranks is told to all of them, and nobody waits for ever.

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "algorithms/horovod/horovod.hpp"
#include "core/checked.hpp"
#include "core/loopback.hpp"

namespace troupe::algorithms::horovod {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// What each rank's program was told by an exception, by rank; empty where none came. BadInput is
/// marked "refused: ", PeerLost "lost: ".
std::vector<std::string> complaints(int ranks, const std::function<void(Horovod&)>& program,
                                    const Options& options = {}) {
  std::vector<std::string> told(static_cast<std::size_t>(ranks));
  run_loopback(ranks, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    Horovod hvd{checked, options};
    std::string& mine = told[static_cast<std::size_t>(comm.rank())];
    try {
      program(hvd);
      hvd.shutdown();
    } catch (const BadInput& error) {
      mine = std::string{"refused: "} + error.what();
    } catch (const PeerLost& error) {
      mine = std::string{"lost: "} + error.what();
    }
  });
  return told;
}

const Tensor one{{1}, std::vector<float>{1}};

TEST(Negotiation, RefusesAMisshapenTensorOnEveryRank) {
  const auto told = complaints(3, [](Horovod& hvd) {
    const std::size_t rows = hvd.rank() == 2 ? 3 : 2;
    hvd.allreduce(Tensor{{rows}, std::vector<float>(rows)}, "x");
  });
  EXPECT_THAT(told, Each(told[0]));
  EXPECT_THAT(told[0], AllOf(HasSubstr("refused: allreduce \"x\": ranks "), HasSubstr("shape [2]"),
                             HasSubstr("shape [3]")));
}

TEST(Negotiation, RefusesOtherDifferencesOnEveryRank) {
  const auto expect = [](const char* words, const std::function<void(Horovod&)>& program) {
    const auto told = complaints(3, program);
    EXPECT_THAT(told, Each(told[0]));
    EXPECT_THAT(told[0], HasSubstr(words));
  };
  expect("dtype float64", [](Horovod& hvd) {
    if (hvd.rank() == 0) hvd.allreduce(Tensor{{1}, std::vector<double>{1}}, "x");
    else hvd.allreduce(one, "x");
  });
  expect("op sum", [](Horovod& hvd) {
    hvd.allreduce(one, "x", {.op = hvd.rank() == 0 ? ReduceOp::sum : ReduceOp::min});
  });
  expect("allgather", [](Horovod& hvd) {
    if (hvd.rank() == 1) hvd.allgather(one, "x");
    else hvd.allreduce(one, "x");
  });
  expect("root 1", [](Horovod& hvd) { hvd.broadcast(one, hvd.rank() == 1 ? 1 : 0, "x"); });
  expect("the root is a rank below 3, 3 given", [](Horovod& hvd) { hvd.broadcast(one, 3, "x"); });
  expect("the splits of rank 1 are 5 rows, its tensor has 1", [](Horovod& hvd) {
    const std::vector<std::size_t> splits(3, hvd.rank() == 1 ? 1 : 0);
    std::vector<std::size_t> own = splits;
    own[0] = hvd.rank() == 1 ? 3 : 1;
    hvd.alltoall(one, own, "x");
  });
  expect("a scalar has no rows", [](Horovod& hvd) {
    hvd.allgather(Tensor{{}, std::vector<float>{1}}, "x");
  });
  expect("Adasum needs a power of two of ranks, 3 given",
         [](Horovod& hvd) { hvd.allreduce(one, "x", {.op = ReduceOp::adasum}); });
}

TEST(Negotiation, GoesOnAfterARefusal) {
  const auto told = complaints(2, [](Horovod& hvd) {
    const auto r = static_cast<std::size_t>(hvd.rank());
    EXPECT_THROW(hvd.allreduce(Tensor{{r + 1}, std::vector<float>(r + 1)}, "x"), BadInput);
    EXPECT_THAT(hvd.allreduce(one, "x").to_vector<float>(), ElementsAre(1));
  });
  EXPECT_THAT(told, Each(""));
}

TEST(Negotiation, TellsAMissingTensorToEveryRank) {
  const auto told = complaints(3, [](Horovod& hvd) {
    hvd.allreduce(one, "all have this");
    if (hvd.rank() != 1) hvd.allreduce(one, "x");
  });
  EXPECT_THAT(told, Each("lost: allreduce \"x\": rank 1 shut down without announcing it"));
}

TEST(Negotiation, ReleasesTheOthersWhenOneRankFails) {
  // The rank's own error is the one that is reported; the others only follow.
  try {
    run_loopback(4, [](Communicator& comm) {
      Horovod hvd{comm};
      if (comm.rank() == 2) throw BadInput{"rank 2 has had enough"};
      hvd.allreduce(one, "x");
    });
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_STREQ(error.what(), "rank 2 has had enough");
  }
}

TEST(Negotiation, FinishesWhatIsOnItsWayAtTheShutdown) {
  const auto told = complaints(3, [](Horovod& hvd) {
    const Handle dropped = hvd.allreduce_async(one, "x");
    hvd.shutdown();
  });
  EXPECT_THAT(told, Each(""));
}

TEST(Negotiation, WarnsOfAStalledTensorAndItsRanks) {
  std::vector<std::string> warnings;
  std::atomic<bool> warned = false;
  Options options;
  options.stall_warning = Seconds{0.25};
  options.on_stall = [&](const StallWarning& warning) {
    warnings.push_back(warning.tensor + " misses");
    for (const Rank rank : warning.missing) warnings.back() += " " + std::to_string(rank);
    warned = true;
  };
  const auto told = complaints(
      4,
      [&](Horovod& hvd) {
        if (hvd.rank() % 2 == 1)
          while (!warned) std::this_thread::yield();
        hvd.allreduce(one, "late");
      },
      options);
  EXPECT_THAT(told, Each(""));
  EXPECT_THAT(warnings, ElementsAre("late misses 1 3"));
}

TEST(Negotiation, GivesUpAStalledTensorWhereALimitIsSet) {
  std::atomic<bool> given_up = false;
  Options options;
  options.stall_limit = Seconds{0.25};
  const auto told = complaints(
      3,
      [&](Horovod& hvd) {
        if (hvd.rank() == 1)
          while (!given_up) std::this_thread::yield();
        else try {
            hvd.allreduce(one, "x");
          } catch (const PeerLost&) {
            given_up = true;
            throw;
          }
      },
      options);
  EXPECT_THAT(told, Each("lost: allreduce \"x\": rank 1 did not announce it within 0.25 s"));
}

TEST(Negotiation, RefusesANameThatIsUnderWay) {
  const auto told = complaints(2, [](Horovod& hvd) {
    Handle first;
    if (hvd.rank() == 0) {
      first = hvd.allreduce_async(one, "x");
      EXPECT_THROW(hvd.allreduce_async(one, "x"), BadInput);
    }
    hvd.barrier();
    if (hvd.rank() == 1) first = hvd.allreduce_async(one, "x");
    EXPECT_THAT(hvd.synchronize(std::move(first)).to_vector<float>(), ElementsAre(1));
    hvd.allreduce(one, "x");
  });
  EXPECT_THAT(told, Each(""));
}

TEST(Negotiation, CarriesLettersOfAnyLength) {
  // Long names and many tensors: more than a piece of a letter on the way there and back.
  const auto told = complaints(3, [](Horovod& hvd) {
    std::vector<Handle> handles;
    for (int i = 0; i < 40; ++i)
      handles.push_back(hvd.allreduce_async(one, std::string(5000, 'x') + std::to_string(i),
                                            {.op = ReduceOp::sum}));
    for (Handle& handle : handles)
      EXPECT_THAT(hvd.synchronize(std::move(handle)).to_vector<float>(), ElementsAre(3));
  });
  EXPECT_THAT(told, AllOf(SizeIs(3), Each("")));
}

}  // namespace
}  // namespace troupe::algorithms::horovod
