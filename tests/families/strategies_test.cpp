// What all strategies have in common: the table, the same bits everywhere, sizes without values.

#include "algorithms/strategies.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "algorithms/graph.hpp"
#include "core/recorder.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

TEST(Strategies, HaveNamesAndSourcesAndTheFiveFamiliesAmongThem) {
  std::set<std::string_view> names, families;
  for (const Strategy& strategy : strategies()) {
    names.insert(strategy.kind.name);
    families.insert(strategy.family);
    EXPECT_EQ(&find_strategy(strategy.kind.name), &strategy);
    EXPECT_FALSE(strategy.kind.summary.empty());
    EXPECT_FALSE(strategy.source.empty());
  }
  EXPECT_EQ(names.size(), strategies().size());
  for (const char* family :
       {"allreduce", "parameter_server", "butterfly", "zero_gradient_sum", "asynchronous_sgd"})
    EXPECT_TRUE(families.contains(family)) << family;
}

TEST(Strategies, AreFoundByTheNearestName) {
  try {
    find_strategy("data-parallel");
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_STREQ(error.what(),
                 "unknown strategy \"data-parallel\", did you mean \"data_parallel\"?");
  }
}

TEST(Strategies, RefuseUnknownWordsBeforeTheyRun) {
  for (const Strategy& strategy : strategies()) {
    TrainingProblem problem = determined_problem(strategy);
    EXPECT_EQ(refusal_of_strategy(problem, 4), "") << strategy.kind.name;
    problem.model = "least_square";
    EXPECT_NE(refusal_of_strategy(problem, 4), "") << strategy.kind.name;
  }
  TrainingProblem problem = standard_problem("parameter_server");
  problem.strategy.set(ParameterServer::mode, "bps");
  EXPECT_EQ(refusal_of_strategy(problem, 1),
            "mode of strategy parameter_server is one of bsp, ssp, asp; \"bps\" given");
  problem.strategy.set(ParameterServer::mode, "asp");
  EXPECT_EQ(refusal_of_strategy(problem, 1), "needs two ranks, a server and a worker; 1 given");
}

TEST(Strategies, TakeTheSameWayTwice) {
  for (const Strategy& strategy : strategies())
    for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
      TrainingProblem problem = determined_problem(strategy);
      problem.dtype = dtype;
      problem.batch = 16;
      TrainingHistory once, again;
      train(4, problem, once);
      train(4, problem, again);
      EXPECT_EQ(once.final_parameters(), again.final_parameters()) << strategy.kind.name;
    }
}

TEST(Strategies, LowerTheLoss) {
  for (const Strategy& strategy : strategies()) {
    TrainingHistory history;
    train(4, determined_problem(strategy), history);
    const auto lines = history.summary();
    const auto loss_of = [](const Figures& line) { return line.gap ? line.gap : line.loss; };
    const auto first = std::ranges::find_if(
        lines, [](const Figures& line) { return line.loss || line.batch_loss; });
    ASSERT_NE(first, lines.end()) << strategy.kind.name;
    EXPECT_LT(*loss_of(lines.back()), *(first->loss ? loss_of(*first) : first->batch_loss))
        << strategy.kind.name;
    EXPECT_LT(lines.back().error.value_or(0), 1) << strategy.kind.name;
  }
}

TEST(Strategies, TakeTheStepsOfTheirOptimiserOrRefuseIt) {
  const auto ends_of = [](const TrainingProblem& problem) {
    TrainingHistory history;
    train(4, problem, history);
    return history.final_parameters();
  };
  for (const Strategy& strategy : strategies()) {
    TrainingProblem problem = determined_problem(strategy);
    const auto plain = ends_of(problem);
    const auto differs_or_is_refused = [&](const char* what) {
      if (!refusal_of_strategy(problem, 4).empty()) return;
      EXPECT_NE(ends_of(problem), plain) << strategy.kind.name << " " << what;
    };
    problem.optimiser.schedule.set("warm_up", std::int64_t{20});
    differs_or_is_refused("schedule");
    problem.optimiser = determined_problem(strategy).optimiser;
    problem.optimiser.clip = 1e-3;
    differs_or_is_refused("clip");
    // what is kept in the end is the average
    static_cast<Choice&>(problem.optimiser) = "polyak";
    problem.optimiser.set("decay", 0.0);
    problem.optimiser.clip = {};
    differs_or_is_refused("polyak");
  }
}

TEST(Strategies, RunOnSizesAlone) {
  for (const Strategy& strategy : strategies()) {
    TrainingProblem problem = determined_problem(strategy);
    problem.batch = 16;
    TrainingHistory real, phantom;
    train(4, problem, real);
    problem.phantom = true;
    train(4, problem, phantom);
    const auto with = real.figures(), without = phantom.figures();
    ASSERT_EQ(with.size(), without.size()) << strategy.kind.name;
    for (std::size_t i = 0; i < with.size(); ++i) {
      EXPECT_EQ(with[i].step, without[i].step);
      EXPECT_EQ(with[i].staleness, without[i].staleness);
      EXPECT_EQ(with[i].due, without[i].due);
      EXPECT_FALSE(without[i].loss);
    }
    EXPECT_EQ(real.final_parameters().size(), phantom.final_parameters().size());
  }
}

/// What every rank sends and computes.
struct Counts {
  std::uint64_t messages, bytes, kernels;
  Flops flops;
  Bytes traffic;
  bool operator==(const Counts&) const = default;
};

std::vector<Counts> counts_of(int ranks, const TrainingProblem& problem) {
  const auto logs = record_training(ranks, problem);
  std::vector<Counts> counts;
  for (const RecordedRank& log : logs)
    counts.push_back(
        {log.messages_sent(), log.bytes_sent(), log.kernels(), log.work().flops, log.work().bytes});
  return counts;
}

TEST(Strategies, SendAndComputeAsMuchWithSizesAlone) {
  for (const Strategy& strategy : strategies())
    for (const std::size_t batch : {0, 16}) {
      TrainingProblem problem = determined_problem(strategy);
      problem.batch = batch;
      const auto real = counts_of(4, problem);
      problem.phantom = true;
      const auto phantom = counts_of(4, problem);
      if (!strategy.data_dependent) EXPECT_EQ(real, phantom) << strategy.kind.name;
      else
        for (std::size_t rank = 0; rank < real.size(); ++rank)
          EXPECT_LE(real[rank].bytes, phantom[rank].bytes) << strategy.kind.name;
    }
}

/// What one more step costs each rank, by the difference of two runs.
std::vector<Counts> counts_of_a_step(int ranks, TrainingProblem problem) {
  problem.phantom = true;
  problem.stop.steps = 11;
  auto more = counts_of(ranks, problem);
  problem.stop.steps = 10;
  const auto less = counts_of(ranks, problem);
  for (std::size_t rank = 0; rank < more.size(); ++rank) {
    more[rank].messages -= less[rank].messages;
    more[rank].bytes -= less[rank].bytes;
  }
  return more;
}

TEST(Strategies, SendWhatTheirPicturesSay) {
  // M = 20 values of 8 bytes = 160; 8 ranks, of which a server is one
  const std::uint64_t m = 160;
  const auto step_of = [](const char* name) {
    return counts_of_a_step(8, determined_problem(find_strategy(name)));
  };
  for (const Counts& rank : step_of("butterfly_mixing")) {
    EXPECT_EQ(rank.messages, 1u);
    EXPECT_EQ(rank.bytes, m);
  }
  for (const Counts& rank : step_of("zero_gradient_sum")) {
    EXPECT_EQ(rank.messages, 2u);
    EXPECT_EQ(rank.bytes, 2 * m);
  }
  std::uint64_t all = 0;
  for (const Counts& rank : step_of("data_parallel")) {
    EXPECT_EQ(rank.messages, 14u);
    all += rank.bytes;
  }
  EXPECT_EQ(all, 14 * m);  // 2(P−1)/P · M on average
  const auto served = step_of("parameter_server");
  EXPECT_EQ(served[0].messages, 7u);
  EXPECT_EQ(served[0].bytes, 7 * m);
  EXPECT_EQ(served[3].messages, 1u);
  EXPECT_EQ(served[3].bytes, m);
  const auto poured = step_of("downpour");
  EXPECT_EQ(poured[0].bytes, 7 * m);
  EXPECT_EQ(poured[3].messages, 2u);  // the fetch is a message without bytes
  EXPECT_EQ(poured[3].bytes, m);
}

TEST(DataParallel, GivesAllRanksTheSameBits) {
  for (const int ranks : {2, 3, 5, 8}) {
    TrainingProblem problem = standard_problem("data_parallel");
    problem.batch = 10;
    TrainingHistory history;
    train(ranks, problem, history);
    const auto all = history.final_parameters();
    ASSERT_EQ(all.size(), static_cast<std::size_t>(ranks));
    for (const auto& [rank, x] : all) EXPECT_EQ(x, all.at(0)) << rank;
  }
}

TEST(DataParallel, IsOneMachineWithTheWholeBatch) {
  for (const std::size_t samples : {10000, 1003}) {
    TrainingProblem problem = standard_problem("data_parallel");
    problem.data.set(samples_setting, samples);
    TrainingHistory alone;
    train(1, problem, alone);
    const auto expected = alone.final_parameters().at(0);
    for (const int ranks : {2, 4, 7}) {
      TrainingHistory history;
      train(ranks, problem, history);
      EXPECT_LE(distance(history.final_parameters().at(0), expected), 1e-12 * norm(expected));
    }
  }
}

TEST(DataParallel, GoesTheSameWayByEveryAllreduce) {
  TrainingProblem problem = standard_problem("data_parallel");
  problem.layout.node_of_rank = {0, 0, 1, 1};
  problem.layout.grid = {2, 2};
  problem.machine.alpha = Seconds{1e-6};
  TrainingHistory by_ring;
  train(4, problem, by_ring);
  const auto expected = by_ring.final_parameters().at(0);
  for (const Entry* allreduce : entries_of(Collective::allreduce)) {
    problem.collective = allreduce->name;
    if (!refusal_of_strategy(problem, 4).empty()) continue;
    TrainingHistory history;
    train(4, problem, history);
    EXPECT_LE(distance(history.final_parameters().at(3), expected), 1e-12 * norm(expected))
        << allreduce->name;
  }
}

TEST(DataParallel, EndsOnAllRanksAtTheSameStep) {
  TrainingProblem problem = standard_problem("data_parallel");
  problem.stop.steps = 10000;
  problem.stop.gap = 1e-3;
  TrainingHistory history;
  train(4, problem, history);
  for (Rank rank = 0; rank < 4; ++rank)
    EXPECT_EQ(history.figures_of(rank).back().step, history.figures_of(0).back().step);
  EXPECT_LE(*history.summary().back().gap, 1e-3);
  EXPECT_LT(history.summary().back().step, 10000);
}

TEST(Graph, HasTheNeighboursOfItsKind) {
  const auto degrees = [](const std::string& kind, int ranks) {
    GraphChoice choice;
    choice.kind = kind;
    const Graph graph{choice, ranks};
    std::vector<std::size_t> counts;
    for (Rank rank = 0; rank < ranks; ++rank) counts.push_back(graph.neighbours(rank).size());
    return counts;
  };
  using Degrees = std::vector<std::size_t>;
  EXPECT_EQ(degrees("ring", 5), (Degrees{2, 2, 2, 2, 2}));
  EXPECT_EQ(degrees("ring", 2), (Degrees{1, 1}));
  EXPECT_EQ(degrees("ring", 1), (Degrees{0}));
  EXPECT_EQ(degrees("path", 4), (Degrees{1, 2, 2, 1}));
  EXPECT_EQ(degrees("complete", 4), (Degrees{3, 3, 3, 3}));
  EXPECT_EQ(degrees("star", 4), (Degrees{3, 1, 1, 1}));
  EXPECT_EQ(degrees("hypercube", 8), Degrees(8, 3));
}

TEST(Graph, HasTheWeightsOfItsKindOrThoseListed) {
  GraphChoice choice;
  choice.kind = "star";
  const auto weight = [&](Rank i, std::size_t j) {
    return Graph{choice, 4}.neighbours(i)[j].weight;
  };
  EXPECT_EQ(weight(0, 2), 1);
  choice.weights = "metropolis";
  EXPECT_EQ(weight(0, 2), 0.25);
  choice.weights = "max_degree";
  EXPECT_EQ(weight(3, 0), 0.25);
  choice.weights = "lazy_metropolis";
  EXPECT_EQ(weight(3, 0), 1.0 / 6);
  choice.kind = "path";
  EXPECT_EQ(weight(0, 0), 0.25);
  choice.weights = "metropolis";
  EXPECT_EQ(weight(0, 0), 1.0 / 3);

  GraphChoice listed;
  listed.kind = "edges";
  listed.edges = {{0, 1}, {2, 1}};
  listed.edge_weights = {0.5, 2};
  const Graph graph{listed, 3};
  EXPECT_EQ(graph.neighbours(1)[0].weight, 0.5);
  EXPECT_EQ(graph.neighbours(1)[1].weight, 2);
  EXPECT_EQ(graph.neighbours(2)[0].weight, 2);
  EXPECT_EQ(graph.degree(1), 2.5);
  EXPECT_EQ(graph.laplacian_bound(), 4.5);
  listed.kind = "arrows";
  listed.edges = {{0, 1}, {1, 2}, {2, 0}};
  listed.edge_weights = {1, 2, 3};
  const Graph arrows{listed, 3};
  EXPECT_EQ(arrows.neighbours(0)[0].weight, 3);
  EXPECT_EQ(arrows.listeners(0)[0].weight, 1);
  EXPECT_FALSE(arrows.is_balanced());
}

TEST(Graph, RefusesWeightsThatAreNone) {
  GraphChoice listed;
  listed.kind = "edges";
  listed.edges = {{0, 1}, {2, 1}};
  const auto refusal = [&] {
    try {
      const Graph graph{listed, 3};
    } catch (const BadInput& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  listed.edge_weights = {1};
  EXPECT_EQ(refusal(), "1 weights are listed for 2 edges");
  listed.edge_weights = {1, 0};
  EXPECT_EQ(refusal(), "the weight of an edge is above 0, 0.000000 given");
  listed.edge_weights = {1, 1};
  listed.weights = "max_degree";
  EXPECT_EQ(refusal(), "weights are listed, or \"max_degree\", not both");
}

TEST(Patience, EndsARunWhoseLossHasNotFallenForSoManyEpochs) {
  TrainingProblem problem = standard_problem("data_parallel");
  problem.data.set(samples_setting, 800);
  problem.data.sampling = "epochs";
  problem.batch = 20;  // an epoch of four ranks: 10 batches
  problem.optimiser.rate = 1;
  problem.stop.steps = 20000;
  problem.stop.patience = 2;
  problem.stop.check_every = 1;
  problem.evaluate_every = 1;
  TrainingHistory history;
  train(4, problem, history);
  const auto lines = history.summary();
  const auto least =
      std::ranges::min_element(lines, {}, [](const Figures& line) { return *line.loss; });
  EXPECT_EQ(lines.back().step - least->step, 20);
  EXPECT_LT(lines.back().step, 20000);
  std::int64_t best = 0;  // and never earlier
  for (const Figures& line : lines) {
    if (*line.loss < *lines[static_cast<std::size_t>(best)].loss) best = line.step;
    if (line.step < lines.back().step) {
      EXPECT_LT(line.step - best, 20);
    }
  }
  problem.stop.patience = 10000;
  problem.stop.steps = 500;
  TrainingHistory patient;
  train(4, problem, patient);
  EXPECT_EQ(patient.summary().back().step, 500);
}

TEST(Graph, BoundsTheSpectrumOfItsLaplacian) {
  GraphChoice choice;
  EXPECT_EQ((Graph{choice, 10}.laplacian_bound()), 4);
  choice.weights = "metropolis";
  EXPECT_NEAR((Graph{choice, 10}.laplacian_bound()), 4.0 / 3, 1e-15);
  choice.kind = "hypercube";
  choice.weights = "one";
  EXPECT_EQ((Graph{choice, 16}.laplacian_bound()), 8);
}

}  // namespace
}  // namespace troupe::algorithms
