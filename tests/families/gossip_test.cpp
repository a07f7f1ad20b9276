// Gossip: push-sum on graphs that are not balanced, averages of random pairs, and the methods that
// descend in between.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Core>

#include "algorithms/gossip/ad_psgd.hpp"
#include "algorithms/gossip/push_sum.hpp"
#include "algorithms/gossip/sgp.hpp"
#include "core/recorder.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

Vector draws(int count) {
  SplitMix64 random{7};
  Vector x{count};
  for (double& value : x) value = random.uniform(-1, 1);
  return x;
}

TEST(Sgp, BringsThemTogetherInLog2StepsOfTheExponentialGraph) {
  TrainingProblem problem = standard_problem("sgp");
  problem.optimiser.rate = 0;
  problem.strategy.set(StartingPoints::spread, 1);
  problem.stop.steps = 3;
  problem.evaluate_every = 1;
  TrainingHistory history;
  train(8, problem, history);
  EXPECT_GT(*history.summary()[2].disagreement, 0.1);
  EXPECT_LE(*history.summary()[3].disagreement, 1e-15);
}

TrainingProblem small_problem(const std::string& strategy, std::int64_t steps) {
  TrainingProblem problem = standard_problem(strategy);
  problem.data.set(samples_setting, 1003);
  problem.data.partition = "sorted";
  problem.optimiser.rate = 0.4;
  problem.stop.steps = steps;
  return problem;
}

/// A directed graph that is not balanced: a ring of arrows and two more from rank 0.
const std::vector<std::pair<Rank, Rank>> arrows{{0, 1}, {1, 2}, {2, 3}, {3, 4},
                                                {4, 0}, {0, 2}, {0, 3}};
PushPeers peers_on_arrows(Rank rank) {
  GraphChoice choice;
  choice.kind = "arrows";
  choice.edges = arrows;
  return graph_peers(Graph{choice, 5}, rank);
}

struct Pushed {
  std::vector<double> u, v, z;
};
/// What push-sum makes of one value a rank.
template <class Peers>
Pushed pushed(int ranks, const Vector& start, int rounds, const Peers& peers) {
  const auto n = static_cast<std::size_t>(ranks);
  Pushed result{std::vector<double>(n), std::vector<double>(n), std::vector<double>(n)};
  run_ranks(ranks, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    const auto me = static_cast<std::size_t>(comm.rank());
    PushSum sum{checked, TrainingProblem{}, 1, n};
    sum.u().host<double>()[0] = start[comm.rank()];
    for (int round = 0; round < rounds; ++round) sum.push(round, peers(comm.rank(), round));
    sum.estimate(std::span{&result.z[me], 1});
    result.u[me] = sum.u().host<double>()[0];
    result.v[me] = to_doubles(sum.v())[0];
  });
  return result;
}
double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

TEST(PushSum, FindsTheExactMeanOnAGraphThatIsNotBalanced) {
  const Vector start = draws(5);
  const auto on_arrows = [](Rank rank, int) { return peers_on_arrows(rank); };
  for (const int rounds : {1, 7, 200}) {
    const Pushed now = pushed(5, start, rounds, on_arrows);
    EXPECT_NEAR(sum_of(now.v), 5, 1e-12);
    EXPECT_NEAR(sum_of(now.u), start.sum(), 1e-12);
  }
  for (const double z : pushed(5, start, 200, on_arrows).z) EXPECT_NEAR(z, start.mean(), 1e-12);
}

TEST(PushSum, IsNeededThere) {
  // The control: everybody takes the plain mean of itself and what it hears. Rows sum to 1, columns
  // do not, and all agree on πᵀx instead of the mean, π the left eigenvector.
  const Vector start = draws(5);
  std::vector<double> x(start.begin(), start.end());
  run_ranks(5, [&](Communicator& comm) {
    const PushPeers peers = peers_on_arrows(comm.rank());
    double mine = start[comm.rank()];
    for (int round = 0; round < 200; ++round) {
      std::vector<double> heard(peers.from.size());
      const double told = mine;
      WaitSet messages;
      for (std::size_t j = 0; j < heard.size(); ++j)
        messages.add(comm.irecv(peers.from[j], Tag{0}.at(round), value(heard[j])));
      for (const Rank to : peers.to) messages.add(comm.isend(to, Tag{0}.at(round), value(told)));
      wait_all(comm, messages);
      mine = (mine + sum_of(heard)) / static_cast<double>(1 + heard.size());
    }
    x[static_cast<std::size_t>(comm.rank())] = mine;
  });
  Matrix w = Matrix::Identity(5, 5);
  for (const auto& [from, to] : arrows) w(to, from) = 1;
  for (int i = 0; i < 5; ++i) w.row(i) /= w.row(i).sum();
  Vector pi = Vector::Constant(5, 0.2);
  for (int round = 0; round < 500; ++round) pi = w.transpose() * pi;
  for (const double value : x) EXPECT_NEAR(value, pi.dot(start), 1e-12);
  EXPECT_GT(std::abs(pi.dot(start) - start.mean()), 0.01);
}

TEST(PushSum, FindsTheMeanOnAStarAsWell) {
  GraphChoice choice;
  choice.kind = "star";
  const Graph graph{choice, 6};
  const Vector start = draws(6);
  const Pushed end =
      pushed(6, start, 200, [&](Rank rank, int) { return graph_peers(graph, rank); });
  for (const double z : end.z) EXPECT_NEAR(z, start.mean(), 1e-12);
  EXPECT_GT(*std::ranges::max_element(end.v), 1.5);  // the hub is heard by all
}

TEST(PushSum, IsExactAfterLog2RoundsOfTheExponentialGraph) {
  for (const int hops : {1, 2, 3, 4}) {
    const int ranks = 1 << hops;
    const Vector start = draws(ranks);
    const auto peers = [&](Rank rank, int round) { return exponential_peers(rank, round, ranks); };
    for (const double z : pushed(ranks, start, hops, peers).z)
      EXPECT_NEAR(z, start.mean(), 1e-15) << ranks;
    if (hops == 1) continue;
    const std::vector<double> early = pushed(ranks, start, hops - 1, peers).z;
    EXPECT_GT(*std::ranges::max_element(early) - *std::ranges::min_element(early), 0.1);
  }
  // of other numbers of ranks it is not, but comes there
  const Vector start = draws(6);
  const auto peers = [&](Rank rank, int round) { return exponential_peers(rank, round, 6); };
  EXPECT_GT(std::abs(pushed(6, start, 3, peers).z[0] - start.mean()), 1e-3);
  for (const double z : pushed(6, start, 90, peers).z) EXPECT_NEAR(z, start.mean(), 1e-12);
}

TEST(PushSum, HearsWhoTellsIt) {
  for (const int ranks : {2, 5, 8})
    for (int round = 0; round < 5; ++round)
      for (Rank rank = 0; rank < ranks; ++rank) {
        const Rank to = exponential_peers(rank, round, ranks).to.at(0);
        EXPECT_EQ(exponential_peers(to, round, ranks).from.at(0), rank);
        EXPECT_NE(to, rank);
      }
}

TEST(Sgp, TrainsOnShardsThatAreUnlikeOnBothKindsOfGraph) {
  for (const char* peers : {"exponential", "graph"}) {
    TrainingProblem problem = small_problem("sgp", 1000);
    problem.strategy.set(Sgp::peers, peers);
    problem.graph.kind = "star";
    problem.evaluate_every = 0;
    TrainingHistory history;
    train(8, problem, history);
    EXPECT_LE(*history.summary().back().gap, 1e-3) << peers;
    for (const auto& [rank, x] : history.final_parameters()) EXPECT_GT(norm(x), 0.5) << rank;
  }
}

TEST(AdPsgd, ColoursTheGraphOrRefusesIt) {
  const auto colours = [](const char* kind, int ranks) {
    GraphChoice choice;
    choice.kind = kind;
    return active_ranks(Graph{choice, ranks});
  };
  EXPECT_EQ(colours("ring", 4), (std::vector<bool>{true, false, true, false}));
  EXPECT_EQ(colours("star", 4), (std::vector<bool>{true, false, false, false}));
  EXPECT_EQ(colours("hypercube", 8),
            (std::vector<bool>{true, false, false, true, false, true, true, false}));
  EXPECT_TRUE(colours("ring", 5).empty());
  EXPECT_TRUE(colours("complete", 3).empty());
  EXPECT_EQ(refusal_of_strategy(standard_problem("ad_psgd"), 5),
            "needs a graph of active and passive ranks, every edge between the two; \"ring\" of 5 "
            "ranks has an odd cycle");
}

TEST(AdPsgd, OfTwoInTurnIsDPsgdOfTwo) {
  // each step both average, and descend along the gradients taken before
  TrainingProblem problem = small_problem("d_psgd", 40);
  TrainingHistory together, in_turn;
  train(2, problem, together);
  problem.strategy = "ad_psgd";
  problem.strategy.set(Inbox::order_setting, "cyclic");
  train(2, problem, in_turn);
  for (const auto& [rank, expected] : together.final_parameters()) {
    EXPECT_LE(distance(in_turn.final_parameters().at(rank), expected), 1e-12 * norm(expected));
    EXPECT_GT(norm(expected), 0.1);
  }
}

TEST(AdPsgd, SendsAModelAndTakesTheMeanForEachStepOfAnActiveRank) {
  for (const char* order : {"arrival", "cyclic"}) {
    TrainingProblem problem = small_problem("ad_psgd", 25);
    problem.strategy.set(Inbox::order_setting, order);
    std::vector<RecordedRank> logs(6);
    run_ranks(6, [&](Communicator& comm) {
      SilentLog silent;
      CheckedCommunicator checked{comm};
      Recorder recorder{checked, logs[static_cast<std::size_t>(comm.rank())]};
      train(recorder, problem, silent);
    });
    std::uint64_t means = 0;
    for (std::size_t rank = 0; rank < 6; ++rank) {
      if (rank % 2 == 0) {  // 25 models, and a farewell to each neighbour
        EXPECT_EQ(logs[rank].messages_sent(), 25u + 2) << order;
        EXPECT_EQ(logs[rank].bytes_sent(), 25u * 160) << order;
      } else {
        means += logs[rank].bytes_sent();
      }
    }
    EXPECT_EQ(means, 3 * 25u * 160) << order;
  }
}

TEST(AdPsgd, TrainsInOrderOfArrival) {
  TrainingProblem problem = small_problem("ad_psgd", 600);
  problem.data.partition = "strided";
  problem.batch = 20;
  problem.evaluate_every = 0;
  TrainingHistory history;
  train(8, problem, history);
  EXPECT_EQ(history.final_parameters().size(), 8u);
  EXPECT_LE(*history.summary().back().gap, 1e-2);  // 0.075 at the start
  for (Rank rank = 0; rank < 8; ++rank) {
    EXPECT_EQ(history.figures_of(rank).back().step, 600);
    if (rank % 2 == 0) {
      EXPECT_EQ(*history.figures_of(rank).back().staleness, 0);
    }
  }
}

TEST(AdPsgd, LetsEachRankEndByItself) {
  TrainingProblem problem = small_problem("ad_psgd", 5000);
  problem.data.partition = "strided";
  problem.stop.gap = 5e-3;
  for (const char* order : {"arrival", "cyclic"}) {
    problem.strategy.set(Inbox::order_setting, order);
    TrainingHistory history;
    train(4, problem, history);
    for (Rank rank = 0; rank < 4; ++rank)
      EXPECT_LT(history.figures_of(rank).back().step, 5000) << order;
  }
}

TEST(IncrementalGradient, EndsInAnOrbitWhoseSizeFallsWithTheRate) {
  const auto error_at = [](double rate) {
    TrainingProblem problem = small_problem("incremental_gradient", static_cast<int>(3000 / rate));
    problem.model.set(LeastSquares::features, 6);
    problem.optimiser.rate = rate;
    problem.evaluate_every = 0;
    TrainingHistory history;
    train(4, problem, history);
    return *history.figures_of(0).back().error;
  };
  const double ratio = error_at(0.4) / error_at(0.2);
  EXPECT_GT(ratio, 1.6);
  EXPECT_LT(ratio, 2.5);
}

}  // namespace
}  // namespace troupe::algorithms
