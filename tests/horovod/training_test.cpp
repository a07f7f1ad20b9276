// Training through Horovod: equal starts, averaged gradients, layers that stay local, and where the
// bytes go.

#include <gmock/gmock.h>

#include <cmath>
#include <mutex>

#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/horovod/parameters.hpp"
#include "core/checked.hpp"
#include "core/loopback.hpp"
#include "core/random.hpp"

namespace troupe::algorithms::horovod {
namespace {

using testing::Each;

constexpr std::size_t features = 6, samples_of_a_rank = 5;
constexpr int steps = 20;
constexpr double rate = 0.05;

using Vector = std::vector<double>;

/// Least squares ½/m ‖Hw − y‖² on the samples of one rank, in two layers: the first four weights
/// and the last two.
struct Replica {
  explicit Replica(Rank rank, std::uint64_t start = 0) : weights(features) {
    SplitMix64 data = SplitMix64::of_rank(1, rank), initial{start};
    for (std::size_t i = 0; i < samples_of_a_rank * (features + 1); ++i)
      samples.push_back(data.uniform(-1, 1));
    for (double& w : weights) w = initial.uniform(-1, 1);
  }
  void differentiate() {
    gradient.assign(features, 0);
    for (std::size_t s = 0; s < samples_of_a_rank; ++s) {
      const double* row = &samples[s * (features + 1)];
      double residual = -row[features];
      for (std::size_t i = 0; i < features; ++i) residual += row[i] * weights[i];
      for (std::size_t i = 0; i < features; ++i)
        gradient[i] += row[i] * residual / samples_of_a_rank;
    }
  }
  void descend() {
    for (std::size_t i = 0; i < features; ++i) weights[i] -= rate * gradient[i];
  }
  static std::vector<NamedValues> layers_of(Vector& values) {
    const Slice all = std::span{values};
    return {{"layer 1", {2, 2}, all.first(4)}, {"layer 2", {2}, all.drop(4)}};
  }

  Vector samples, weights, gradient;
};

/// The weights of every rank after training.
using Weights = std::vector<Vector>;

Weights on_threads(int ranks, const std::function<void(Communicator&, Vector& result)>& program) {
  Weights weights(static_cast<std::size_t>(ranks));
  run_loopback(ranks, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    program(checked, weights[static_cast<std::size_t>(comm.rank())]);
  });
  return weights;
}

Weights train(int ranks, const Filter& filter, const Options& options = {}) {
  return on_threads(ranks, [&](Communicator& comm, Vector& result) {
    Horovod hvd{comm, options};
    Replica replica{comm.rank()};
    for (int step = 0; step < steps; ++step) {
      replica.differentiate();
      average_gradients(hvd, Replica::layers_of(replica.gradient), filter);
      replica.descend();
    }
    result = replica.weights;
  });
}

/// Data parallel training without Horovod: an allreduce a layer.
Weights train_data_parallel(int ranks) {
  return on_threads(ranks, [&](Communicator& comm, Vector& result) {
    Replica replica{comm.rank()};
    for (int step = 0; step < steps; ++step) {
      replica.differentiate();
      for (const NamedValues& layer : Replica::layers_of(replica.gradient)) {
        ring_allreduce(comm, layer.values, Op::sum);
        compute(comm, Scale{1.0 / comm.size(), layer.values});
      }
      replica.descend();
    }
    result = replica.weights;
  });
}

Vector train_alone(Rank rank) {
  Replica replica{rank};
  for (int step = 0; step < steps; ++step) {
    replica.differentiate();
    replica.descend();
  }
  return replica.weights;
}

double distance(const Vector& a, const Vector& b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares);
}

TEST(Training, WithAllLayersIsDataParallelTraining) {
  for (const int ranks : {2, 3, 4}) {
    const Weights expected = train_data_parallel(ranks);
    Options unfused;
    unfused.fusion_threshold = Bytes{0};
    EXPECT_EQ(train(ranks, everything, unfused), expected);  // the same bits
    const Weights fused = train(ranks, everything);          // sums in another order
    EXPECT_THAT(fused, Each(fused[0]));
    EXPECT_LE(distance(fused[0], expected[0]), 1e-12);
    EXPECT_GT(distance(expected[0], train_alone(0)), 1e-3);
  }
}

TEST(Training, WithNoLayersIsManyIndependentRunsAndNoBytes) {
  std::vector<std::uint64_t> bytes(3, 1);
  const Weights weights = on_threads(3, [&](Communicator& comm, Vector& result) {
    Horovod hvd{comm};
    Replica replica{comm.rank()};
    for (int step = 0; step < steps; ++step) {
      replica.differentiate();
      average_gradients(hvd, Replica::layers_of(replica.gradient),
                        [](std::string_view) { return false; });
      replica.descend();
    }
    // Not even a control message before the shutdown.
    bytes[static_cast<std::size_t>(comm.rank())] =
        hvd.data_sent().bytes_sent() + hvd.control_sent().bytes_sent();
    hvd.shutdown();
    EXPECT_EQ(hvd.data_sent().messages_sent(), 0u);
    EXPECT_GT(hvd.control_sent().messages_sent(), 0u);
    result = replica.weights;
  });
  EXPECT_THAT(bytes, Each(0));
  for (Rank rank = 0; rank < 3; ++rank)
    EXPECT_EQ(weights[static_cast<std::size_t>(rank)], train_alone(rank));
}

TEST(Training, WithSomeLayersAveragesThoseAndKeepsTheOthersLocal) {
  const auto weights = train(3, [](std::string_view name) { return name == "layer 1"; });
  const auto layer = [&](std::size_t rank, std::ptrdiff_t from, std::ptrdiff_t to) {
    return Vector(weights[rank].begin() + from, weights[rank].begin() + to);
  };
  EXPECT_EQ(layer(0, 0, 4), layer(1, 0, 4));
  EXPECT_EQ(layer(0, 0, 4), layer(2, 0, 4));
  EXPECT_GT(distance(layer(0, 4, 6), layer(1, 4, 6)), 1e-3);
  EXPECT_GT(distance(layer(0, 4, 6), layer(2, 4, 6)), 1e-3);
}

/// How far rank 1 is from rank 0 before each step, each rank with a start of its own.
Vector offsets(bool broadcasts) {
  std::vector<Weights> paths(2);
  run_loopback(2, [&](Communicator& comm) {
    Horovod hvd{comm};
    Replica replica{comm.rank(), static_cast<std::uint64_t>(comm.rank()) + 10};
    if (broadcasts) broadcast_parameters(hvd, Replica::layers_of(replica.weights));
    for (int step = 0; step < steps; ++step) {
      paths[static_cast<std::size_t>(comm.rank())].push_back(replica.weights);
      replica.differentiate();
      average_gradients(hvd, Replica::layers_of(replica.gradient));
      replica.descend();
    }
  });
  Vector distances;
  for (std::size_t step = 0; step < steps; ++step)
    distances.push_back(distance(paths[0][step], paths[1][step]));
  return distances;
}

TEST(Training, KeepsUnequalStartsApartForEver) {
  const Vector apart = offsets(false);
  EXPECT_GT(apart[0], 0.1);
  for (const double offset : apart) EXPECT_NEAR(offset, apart[0], 1e-14);
}

TEST(Training, StartsEqualAfterABroadcast) { EXPECT_THAT(offsets(true), Each(0.0)); }

TEST(Training, AveragesEqualShardsToTheGradientOfAllSamples) {
  constexpr int ranks = 5;
  Vector whole(features, 0);
  for (Rank rank = 0; rank < ranks; ++rank) {
    Replica replica{rank};
    replica.differentiate();
    for (std::size_t i = 0; i < features; ++i) whole[i] += replica.gradient[i] / ranks;
  }
  const Weights gradients = on_threads(ranks, [&](Communicator& comm, Vector& result) {
    Horovod hvd{comm};
    Replica replica{comm.rank()};
    replica.differentiate();
    average_gradients(hvd, Replica::layers_of(replica.gradient));
    result = replica.gradient;
  });
  for (const Vector& gradient : gradients) EXPECT_LE(distance(gradient, whole), 1e-12);
}

/// Bytes of an allreduce of `bytes` that leave their node, in all: those of the data alone.
std::uint64_t bytes_between_nodes(const std::string& allreduce, const std::vector<int>& nodes,
                                  std::size_t bytes) {
  std::uint64_t crossing = 0;
  std::mutex mutex;
  run_loopback(static_cast<int>(nodes.size()), [&](Communicator& comm) {
    RecordedRank log;
    Options options;
    options.allreduce = allreduce;
    options.layout.node_of_rank = nodes;
    {
      Recorder recorder{comm, log};
      Horovod hvd{recorder, options};
      hvd.allreduce(Tensor::phantom({bytes / 4}, Dtype::float32), "gradient");
    }
    const std::lock_guard lock{mutex};
    const auto node = [&](Rank rank) { return nodes[static_cast<std::size_t>(rank)]; };
    for (const RecordedEvent& event : log.events())
      if (event.kind == RecordedEvent::Kind::send && event.tag.name() < 62 &&
          node(event.peer) != node(comm.rank()))
        crossing += event.bytes;
  });
  return crossing;
}

TEST(Training, SendsLocalReductionsBetweenNodesToo) {
  constexpr std::size_t m = 4 * 5040;
  // An allreduce is over all ranks, wherever they are: 2(n−1)·M between n nodes.
  EXPECT_EQ(bytes_between_nodes("hierarchical", {0, 0, 1, 1}, m), 2 * m);
  EXPECT_EQ(bytes_between_nodes("hierarchical", {0, 0, 0, 1, 1, 1, 2, 2, 2}, m), 4 * m);
  EXPECT_EQ(bytes_between_nodes("hierarchical", {0, 1, 2, 3}, m), 6 * m);
  // A flat ring crosses with nodes · 2(P−1)/P · M.
  EXPECT_EQ(bytes_between_nodes("ring", {0, 0, 1, 1}, m), 3 * m);
  EXPECT_EQ(bytes_between_nodes("hierarchical", {0, 0, 0, 0}, m), 0u);
}

}  // namespace
}  // namespace troupe::algorithms::horovod
