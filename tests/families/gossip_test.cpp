// Gossip: mixing by Metropolis weights with the factors that their spectrum says, push-sum on
// graphs that are not balanced, averages of random pairs, and the methods that descend in between.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>

#include <tuple>

#include "algorithms/butterfly/graph_mixing.hpp"
#include "algorithms/gossip/ad_psgd.hpp"
#include "algorithms/gossip/d_psgd.hpp"
#include "algorithms/gossip/push_sum.hpp"
#include "algorithms/gossip/sgp.hpp"
#include "core/recorder.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

Graph metropolis(const std::string& kind, int ranks) {
  GraphChoice choice;
  choice.kind = kind;
  return Graph{with_mixing_weights(choice), ranks};
}

Matrix mixing_matrix(const Graph& graph) {
  Matrix w = Matrix::Zero(graph.size(), graph.size());
  for (Rank i = 0; i < graph.size(); ++i) {
    w(i, i) = 1 - graph.degree(i);
    for (const Neighbour& neighbour : graph.neighbours(i)) w(i, neighbour.rank) = neighbour.weight;
  }
  return w;
}

/// The values of all ranks, one each, after each of so many rounds by the real ranks.
std::vector<Vector> mixed(const Graph& graph, const Vector& start, int rounds) {
  std::vector<Vector> states(static_cast<std::size_t>(rounds) + 1, start);
  run_loopback(graph.size(), [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    double x = start[comm.rank()];
    GraphMixer mixer{graph, comm.rank(), std::span{&x, 1}};
    for (int round = 1; round <= rounds; ++round) {
      mixer.mix(checked, std::span{&x, 1});
      states[static_cast<std::size_t>(round)][comm.rank()] = x;
    }
  });
  return states;
}

double spread(const Vector& x) { return (x.array() - x.mean()).matrix().norm(); }

Vector draws(int count) {
  SplitMix64 random{7};
  Vector x{count};
  for (double& value : x) value = random.uniform(-1, 1);
  return x;
}

struct Listed {
  std::string name;
  Graph graph;
  double factor;
};
std::vector<Listed> listed() {
  return {{"ring of 8", metropolis("ring", 8), .804738},
          {"ring of 10", metropolis("ring", 10), .872678},
          {"ring of 16", metropolis("ring", 16), .949253},
          {"torus of 4 × 4", metropolis("torus", 16), .6},
          {"hypercube of 16", metropolis("hypercube", 16), .6},
          {"star of 10", metropolis("star", 10), .9},
          {"all pairs of 10", metropolis("complete", 10), 0}};
}

TEST(DPsgd, MixesByTheFactorThatItsGraphHas) {
  for (const auto& [name, graph, factor] : listed())
    EXPECT_NEAR(mixing_factor(graph), factor, 5e-7) << name;
  for (const int ranks : {3, 8, 10, 16})
    EXPECT_NEAR(mixing_factor(metropolis("ring", ranks)),
                (1 + 2 * std::cos(2 * std::numbers::pi / ranks)) / 3, 1e-12);
}

TEST(DPsgd, ShrinksWhatIsBetweenTheRanksByThatFactorARoundAndKeepsTheMean) {
  for (const auto& [name, graph, factor] : listed()) {
    // from the eigenvector that lives longest: by the factor in every round
    const Eigen::SelfAdjointEigenSolver<Matrix> spectrum{mixing_matrix(graph)};
    const auto last = graph.size() - 2;  // below the eigenvalue 1 of the mean
    const bool is_lowest =
        std::abs(spectrum.eigenvalues()[0]) > std::abs(spectrum.eigenvalues()[last]);
    const Vector slowest = spectrum.eigenvectors().col(is_lowest ? 0 : last);
    const auto slow = mixed(graph, slowest, 5);
    for (std::size_t k = 1; k < slow.size(); ++k)
      EXPECT_NEAR(spread(slow[k]), std::pow(factor, k), 3e-6) << name << " after " << k;
    // from anywhere: never by less, and the mean stays
    const auto any = mixed(graph, draws(graph.size()), 40);
    for (std::size_t k = 1; k < any.size(); ++k) {
      EXPECT_NEAR(any[k].mean(), any[0].mean(), 1e-12) << name;
      EXPECT_LE(spread(any[k]), (factor + 1e-6) * spread(any[k - 1]) + 1e-15) << name;
    }
  }
}

TEST(DPsgd, WithoutGradientsIsThatMixing) {
  // all start alike, so nothing is between them and nothing moves
  TrainingProblem problem = standard_problem("d_psgd");
  problem.optimiser.rate = 0;
  problem.stop.steps = 5;
  TrainingHistory history;
  train(4, problem, history);
  EXPECT_EQ(history.final_parameters(), history.parameters_at(0));
}

TEST(DPsgd, BringsRanksThatStartApartTogetherByTheFactorOfItsGraph) {
  // As a scenario would: from draws of each rank's own, without gradients, disagreement falls by ρ
  // a step in the end, and the mean of all ranks stays.
  for (const auto& [kind, ranks, factor] :
       {std::tuple{"ring", 8, .804738}, {"torus", 16, .6}, {"star", 10, .9}}) {
    TrainingProblem problem = standard_problem("d_psgd");
    problem.graph.kind = kind;
    problem.optimiser.rate = 0;
    problem.strategy.set(StartingPoints::spread, 1);
    problem.stop.steps = 60;
    problem.evaluate_every = 1;
    TrainingHistory history;
    train(ranks, problem, history);
    const auto lines = history.summary();
    EXPECT_GT(*lines[0].disagreement, 1);
    EXPECT_NEAR(*lines[40].disagreement / *lines[39].disagreement, factor, 1e-6) << kind;
    const auto mean_at = [&, ranks = ranks](std::int64_t step) {
      Vector mean = Vector::Zero(20);
      for (const auto& [rank, x] : history.parameters_at(step))
        mean += Eigen::Map<const Vector>{x.data(), 20} / ranks;
      return mean;
    };
    EXPECT_LE((mean_at(60) - mean_at(0)).norm(), 1e-12) << kind;
  }
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

/// f_i of all ranks as quadratics ½ wᵀA w − bᵀw whose mean is F.
struct Quadratics {
  std::vector<Matrix> a;
  std::vector<Vector> b;
  Quadratics(const TrainingProblem& problem, int ranks) {
    run_loopback(1, [&](Communicator& comm) {
      for (int rank = 0; rank < ranks; ++rank) {
        QuadraticShard shard{problem, rank, ranks};
        const auto n = static_cast<Eigen::Index>(shard.size());
        Matrix& matrix = a.emplace_back(n, n);
        Vector& vector = b.emplace_back(n);
        shard.normal_equations(comm, std::span{matrix.data(), shard.size() * shard.size()},
                               std::span{vector.data(), shard.size()});
        const double scale = ranks / static_cast<double>(shard.learner().samples_of_all());
        matrix *= scale;
        vector *= scale;
      }
    });
  }
};

TrainingProblem small_problem(const std::string& strategy, std::int64_t steps) {
  TrainingProblem problem = standard_problem(strategy);
  problem.data.set(samples_setting, 1003);
  problem.data.partition = "sorted";
  problem.optimiser.rate = 0.4;
  problem.stop.steps = steps;
  return problem;
}

TEST(DPsgd, IsItsRecursionWithAnyWeights) {
  // X ← X Wᵀ − η [A_i x_i − b_i], columns the ranks', by dense matrices. Shards are equal, for only
  // then has each the same part of the ridge.
  const int ranks = 6;
  std::vector<GraphChoice> choices(4);
  for (GraphChoice& choice : choices) choice.kind = "star";
  choices[1].weights = "max_degree";
  choices[2].weights = "lazy_metropolis";
  choices[3].kind = "edges";
  choices[3].edges = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {0, 5}, {0, 3}};
  choices[3].edge_weights = {0.1, 0.2, 0.3, 0.3, 0.1, 0.2, 0.3};
  std::vector<Vector> ends;
  for (const GraphChoice& choice : choices) {
    TrainingProblem problem = small_problem("d_psgd", 30);
    problem.data.set(samples_setting, 1002);
    problem.graph = choice;
    const Quadratics f{problem, ranks};
    const Matrix w = mixing_matrix(Graph{with_mixing_weights(choice), ranks});
    EXPECT_LE((w - w.transpose()).norm(), 0);
    EXPECT_LE((w * Vector::Ones(ranks) - Vector::Ones(ranks)).norm(), 1e-15);
    Matrix x = Matrix::Zero(20, ranks);
    for (int step = 0; step < 30; ++step) {
      Matrix next = x * w.transpose();
      for (int i = 0; i < ranks; ++i) {
        const auto at = static_cast<std::size_t>(i);
        next.col(i) -= problem.optimiser.rate * (f.a[at] * x.col(i) - f.b[at]);
      }
      x = next;
    }
    TrainingHistory history;
    train(ranks, problem, history);
    for (const auto& [rank, values] : history.final_parameters()) {
      const Eigen::Map<const Vector> trained{values.data(), 20};
      EXPECT_LE((trained - x.col(rank)).norm(), 1e-12 * x.col(rank).norm()) << rank;
    }
    ends.emplace_back(x.col(0));
  }
  EXPECT_GT((ends[2] - ends[0]).norm(), 1e-3);
  EXPECT_LE((ends[1] - ends[0]).norm(), 1e-14);  // on a star they are one
}

TEST(DPsgd, RefusesWhatMakesNoMixingMatrix) {
  TrainingProblem problem = small_problem("d_psgd", 1);
  problem.graph.kind = "directed_ring";
  EXPECT_EQ(refusal_of_strategy(problem, 4),
            "metropolis weights are for graphs with edges; \"directed_ring\" has arrows");
  problem.graph.kind = "edges";
  problem.graph.edges = {{0, 1}, {1, 2}};
  problem.graph.edge_weights = {0.5, 0.5};
  EXPECT_EQ(refusal_of_strategy(problem, 3),
            "the weights of rank 1's neighbours sum to 1.000000 and leave nothing of its own; "
            "weights \"metropolis\" do");
  problem.graph.edge_weights = {0.5, 0.25};
  EXPECT_EQ(refusal_of_strategy(problem, 3), "");
}

TEST(DPsgd, TrainsOnShardsThatAreUnlike) {
  TrainingProblem problem = standard_problem("d_psgd");
  problem.data.partition = "sorted";
  problem.optimiser.rate = 0.4;
  problem.batch = 10;
  problem.stop.steps = 1000;
  problem.evaluate_every = 0;
  TrainingHistory history;
  train(16, problem, history);
  // 6.1e-6 after 2000 steps is published beside 4.2e-2 of partners that never change
  EXPECT_LE(*history.summary().back().gap, 1e-4);
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
  run_loopback(ranks, [&](Communicator& comm) {
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
  run_loopback(5, [&](Communicator& comm) {
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
    run_loopback(6, [&](Communicator& comm) {
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
