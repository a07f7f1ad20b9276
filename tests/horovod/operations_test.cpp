// Horovod's operations on threads, watched for unfinished business.

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <cmath>
#include <mutex>
#include <numeric>

#include "algorithms/horovod/horovod.hpp"
#include "core/checked.hpp"
#include "core/loopback.hpp"
#include "horovod/examples.hpp"

namespace troupe::algorithms::horovod {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void on_threads(int ranks, const std::function<void(Horovod&)>& program,
                const Options& options = {}) {
  run_loopback(ranks, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    Horovod hvd{checked, options};
    program(hvd);
    hvd.shutdown();
  });
}

class Article : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(OnThreads, Article, testing::Values(1, 2, 3, 4, 7));

TEST_P(Article, RunsItsExamplesOnThreads) {
  for (const tests::Example& example : tests::horovod_examples())
    run_loopback(GetParam(), [&](Communicator& comm) {
      CheckedCommunicator checked{comm};
      example.run(checked);
    });
}

TEST(Horovod, ReducesByEveryOp) {
  on_threads(4, [](Horovod& hvd) {
    const Tensor tensor{{2}, std::vector<double>{hvd.rank() + 1.0, -(hvd.rank() + 1.0)}};
    const auto by = [&](ReduceOp op) {
      return hvd.allreduce(tensor, "x", {.op = op}).to_vector<double>();
    };
    EXPECT_THAT(by(ReduceOp::average), ElementsAre(2.5, -2.5));
    EXPECT_THAT(by(ReduceOp::sum), ElementsAre(10, -10));
    EXPECT_THAT(by(ReduceOp::min), ElementsAre(1, -4));
    EXPECT_THAT(by(ReduceOp::max), ElementsAre(4, -1));
    EXPECT_THAT(by(ReduceOp::product), ElementsAre(24, 24));
  });
}

TEST(Horovod, AveragesWholeNumbersByDivision) {
  // 49 · (1/49) is less than one in double precision, and would be truncated to 0.
  on_threads(7, [](Horovod& hvd) {
    for (int times = 1; times <= 49; ++times) {
      const Tensor tensor{{1}, std::vector<std::int32_t>{times}};
      EXPECT_THAT(hvd.allreduce(tensor).to_vector<std::int32_t>(), ElementsAre(times));
    }
    const Tensor uneven{{1}, std::vector<std::int32_t>{hvd.rank() == 0 ? -13 : 0}};
    EXPECT_THAT(hvd.allreduce(uneven).to_vector<std::int32_t>(), ElementsAre(-1));
  });
}

TEST(Horovod, ScalesBeforeAndAfter) {
  on_threads(3, [](Horovod& hvd) {
    const Tensor tensor{{1}, std::vector<float>{2}};
    const Reduction how{.op = ReduceOp::sum, .prescale = 0.5, .postscale = 4};
    EXPECT_THAT(hvd.allreduce(tensor, "x", how).to_vector<float>(), ElementsAre(12));
  });
}

TEST(Horovod, KeepsShapesOfOneToFourDimensions) {
  on_threads(3, [](Horovod& hvd) {
    for (const Shape& shape :
         {Shape{}, {5}, {5, 3}, {5, 3, 2}, {5, 3, 2, 4}, {1, 1, 1, 1, 7}, {0, 3}}) {
      std::vector<float> values(values_in(shape));
      std::iota(values.begin(), values.end(), 0.0f);
      const Tensor tensor{shape, values};
      const Tensor mean = hvd.allreduce(tensor), copy = hvd.broadcast(tensor, 2);
      for (const Tensor* same : {&mean, &copy}) {
        EXPECT_EQ(same->shape(), shape);
        EXPECT_EQ(same->to_vector<float>(), values);
      }
      if (shape.empty()) continue;
      Shape thrice = shape;
      thrice.front() *= 3;
      EXPECT_EQ(hvd.allgather(tensor).shape(), thrice);
    }
  });
}

TEST(Horovod, BroadcastsFromAnyRank) {
  on_threads(5, [](Horovod& hvd) {
    for (Rank root = 0; root < 5; ++root) {
      const Tensor own{{2}, std::vector<std::int32_t>{hvd.rank(), -hvd.rank()}};
      EXPECT_THAT(hvd.broadcast(own, root).to_vector<std::int32_t>(), ElementsAre(root, -root));
    }
  });
}

TEST(Horovod, DealsRowsEvenlyWithoutSplits) {
  on_threads(3, [](Horovod& hvd) {
    std::vector<std::int32_t> rows(6, hvd.rank());
    const Received received = hvd.alltoall(Tensor{{6}, rows});
    EXPECT_THAT(received.tensor.to_vector<std::int32_t>(), ElementsAre(0, 0, 1, 1, 2, 2));
    EXPECT_THAT(received.splits, ElementsAre(2, 2, 2));
  });
}

TEST(Horovod, CarriesDtypesThatOnlyTravel) {
  on_threads(2, [](Horovod& hvd) {
    Tensor half{{2}, Dtype::float16};
    const Tensor full{{2}, std::vector<float>{0.5f + static_cast<float>(hvd.rank()), 2}};
    compute(hvd.communicator(), Cast{half.slice(), full.slice()});
    const Tensor gathered = hvd.allgather(half);
    Tensor back{{4}, Dtype::float32};
    compute(hvd.communicator(), Cast{back.slice(), gathered.slice()});
    EXPECT_THAT(back.to_vector<float>(), ElementsAre(0.5, 2, 1.5, 2));
    EXPECT_THROW(hvd.allreduce(half), BadInput);
  });
}

TEST(Horovod, BeginsGroupsTogether) {
  on_threads(3, [](Horovod& hvd) {
    const Tensor one{{1}, std::vector<float>{1}}, two{{2}, std::vector<double>{2, 2}};
    const std::vector<TensorView> tensors{one, two, one};
    const auto sums = hvd.grouped_allreduce(tensors, "group", {.op = ReduceOp::sum});
    ASSERT_EQ(sums.size(), 3u);
    EXPECT_THAT(sums[0].to_vector<float>(), ElementsAre(3));
    EXPECT_THAT(sums[1].to_vector<double>(), ElementsAre(6, 6));
    EXPECT_TRUE(hvd.grouped_allreduce({}).empty());
  });
}

TEST(Horovod, TellsWhenAnOperationIsOver) {
  std::atomic<bool> asked = false;
  on_threads(2, [&](Horovod& hvd) {
    const Tensor tensor{{1}, std::vector<float>{1}};
    if (hvd.rank() == 1)
      while (!asked) std::this_thread::yield();
    Handle handle = hvd.allreduce_async(tensor, "x", {.op = ReduceOp::sum});
    if (hvd.rank() == 0) {
      EXPECT_FALSE(hvd.poll(handle));  // rank 1 has not begun
      asked = true;
      while (!hvd.poll(handle)) std::this_thread::yield();
    }
    EXPECT_THAT(hvd.synchronize(std::move(handle)).to_vector<float>(), ElementsAre(2));
  });
}

TEST(Horovod, ReturnsAResultOnce) {
  on_threads(2, [](Horovod& hvd) {
    const Handle handle = hvd.allreduce_async(Tensor{{1}, std::vector<float>{1}});
    hvd.synchronize(handle);
    EXPECT_THROW(hvd.synchronize(handle), ContractViolation);
    EXPECT_THROW(hvd.synchronize(Handle{}), ContractViolation);
  });
}

TEST(Horovod, GoesOnWithoutRanksThatHaveJoined) {
  // Rank r has r+1 batches, as where data do not divide evenly.
  std::mutex mutex;
  std::vector<Rank> last;
  on_threads(3, [&](Horovod& hvd) {
    for (int batch = 0; batch <= hvd.rank(); ++batch) {
      const Tensor one{{2}, std::vector<double>{1, 1}};
      const Tensor sum = hvd.allreduce(one, "gradient", {.op = ReduceOp::sum});
      EXPECT_EQ(sum.to_vector<double>(), std::vector<double>(2, 3 - batch));
    }
    const Rank found = hvd.join();
    const std::lock_guard lock{mutex};
    last.push_back(found);
  });
  EXPECT_THAT(last, ElementsAre(2, 2, 2));
}

TEST(Horovod, KnowsThePlaceOnANode) {
  Options options;
  options.layout.node_of_rank = {0, 0, 0, 1, 1};
  on_threads(
      5,
      [](Horovod& hvd) {
        using Place = std::array<int, 4>;
        const std::array<Place, 5> expected{
            Place{0, 3, 0, 2}, {1, 3, 0, 2}, {2, 3, 0, 1}, {0, 2, 1, 2}, {1, 2, 1, 2}};
        EXPECT_EQ((Place{hvd.local_rank(), hvd.local_size(), hvd.cross_rank(), hvd.cross_size()}),
                  expected[static_cast<std::size_t>(hvd.rank())]);
      },
      options);
}

TEST(Horovod, UsesAnyAllreduceOfTheCatalogue) {
  for (const char* name :
       {"central", "halving_doubling", "hierarchical", "double_binary_tree", "multi_ring"}) {
    Options options;
    options.allreduce = name;
    options.layout.node_of_rank = {0, 0, 1, 1};
    on_threads(
        4,
        [](Horovod& hvd) {
          const Tensor tensor{{9}, std::vector<double>(9, hvd.rank())};
          EXPECT_EQ(hvd.allreduce(tensor).to_vector<double>(), std::vector<double>(9, 1.5));
        },
        options);
  }
  Options options;
  options.allreduce = "rin";
  EXPECT_THROW(on_threads(
                   2, [](Horovod&) {}, options),
               BadInput);
  options.allreduce = "hierarchical";
  options.layout.node_of_rank = {0, 0, 1};
  EXPECT_THROW(on_threads(
                   3, [](Horovod&) {}, options),
               BadInput);
}

TEST(Adasum, AddsWhatIsOrthogonalAndAveragesWhatIsEqual) {
  on_threads(4, [](Horovod& hvd) {
    const Reduction adasum{.op = ReduceOp::adasum};
    std::vector<double> unit(4, 0);
    unit[static_cast<std::size_t>(hvd.rank())] = 3;
    EXPECT_THAT(hvd.allreduce(Tensor{{4}, unit}, "unit", adasum).to_vector<double>(),
                ElementsAre(3, 3, 3, 3));
    const Tensor same{{2}, std::vector<double>{1, -2}};
    EXPECT_THAT(hvd.allreduce(same, "same", adasum).to_vector<double>(), ElementsAre(1, -2));
    const Tensor zero{{2}, std::vector<double>{hvd.rank() == 1 ? 5.0 : 0.0, 0}};
    EXPECT_THAT(hvd.allreduce(zero, "zero", adasum).to_vector<double>(), ElementsAre(5, 0));
  });
}

TEST(Adasum, IsTheFormulaForTwo) {
  on_threads(2, [](Horovod& hvd) {
    // a = (1, 0), b = (1, 1): a·b = 1, ‖a‖² = 1, ‖b‖² = 2: a/2 + 3/4 b
    const Tensor tensor{{2}, std::vector<float>{1, hvd.rank() == 0 ? 0.0f : 1.0f}};
    EXPECT_THAT(hvd.allreduce(tensor, "x", {.op = ReduceOp::adasum}).to_vector<float>(),
                ElementsAre(1.25, 0.75));
  });
}

TEST(Adasum, TreatsEachTensorOfAGroupByItself) {
  on_threads(2, [](Horovod& hvd) {
    const bool first = hvd.rank() == 0;
    const Tensor orthogonal{{2}, std::vector<double>{first ? 1.0 : 0.0, first ? 0.0 : 1.0}};
    const Tensor same{{2}, std::vector<double>{4, 4}};
    const std::vector<TensorView> both{orthogonal, same};
    const auto sums = hvd.grouped_allreduce(both, "group", {.op = ReduceOp::adasum});
    EXPECT_THAT(sums[0].to_vector<double>(), ElementsAre(1, 1));
    EXPECT_THAT(sums[1].to_vector<double>(), ElementsAre(4, 4));
  });
}

}  // namespace
}  // namespace troupe::algorithms::horovod
