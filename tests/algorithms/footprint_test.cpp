// What a rank keeps in memory, counted by hand for models whose sizes are round.

#include "algorithms/footprint.hpp"

#include <gtest/gtest.h>

#include "algorithms/models/perceptron.hpp"
#include "algorithms/models/phantom_model.hpp"
#include "algorithms/parallel/pipeline.hpp"
#include "algorithms/parameter_server/parameter_server.hpp"
#include "algorithms/strategies.hpp"

namespace troupe::algorithms {
namespace {

/// Four layers of 1000 parameters, of which each hands on 10 values a sample; batches of 8.
TrainingProblem four_layers(std::string strategy) {
  static constexpr std::array<double, 4> parameters{1000, 1000, 1000, 1000},
      activations{10, 10, 10, 10}, flops{1e6, 1e6, 1e6, 1e6};
  TrainingProblem problem;
  problem.strategy = std::move(strategy);
  problem.model = "phantom";
  problem.model.set(PhantomModel::preset_setting, "custom")
      .set(PhantomModel::parameters_setting, parameters)
      .set(PhantomModel::activations_setting, activations)
      .set(PhantomModel::flops_setting, flops);
  problem.phantom = true;
  problem.batch = 8;
  static_cast<Choice&>(problem.optimiser) = "adam";
  return problem;
}

Footprint footprint_of(const TrainingProblem& problem, int ranks) {
  return find_strategy(problem.strategy.kind()).footprint(problem, ranks);
}

void expect_footprint(const Footprint& footprint, double parameters, double gradients,
                      double optimiser, double activations) {
  EXPECT_EQ(footprint.parameters, parameters);
  EXPECT_EQ(footprint.gradients, gradients);
  EXPECT_EQ(footprint.optimiser, optimiser);
  EXPECT_EQ(footprint.activations, activations);
  EXPECT_EQ(footprint.values(), parameters + gradients + optimiser + activations);
}

TEST(Footprint, OfReplicasIsTheWholeModelOnEveryRank) {
  TrainingProblem problem = four_layers("data_parallel");
  expect_footprint(footprint_of(problem, 4), 4000, 4000, 8000, 8 * 40);
  problem.optimiser.accumulate = 2;
  expect_footprint(footprint_of(problem, 4), 4000, 8000, 8000, 8 * 40);
  problem = four_layers("local_sgd");
  static_cast<Choice&>(problem.optimiser) = "sgd";
  expect_footprint(footprint_of(problem, 4), 4000, 4000, 0, 8 * 40);
}

TEST(Footprint, OfTheShardedOptimiserCutsItsVectorsOverTheRanks) {
  expect_footprint(footprint_of(four_layers("sharded_optimiser"), 4), 4000, 4000, 2000, 8 * 40);
}

TEST(Footprint, OfAPipelineIsOneStageAndTheMicroBatchesItKeeps) {
  TrainingProblem problem = four_layers("pipeline");  // 1f1b: rank 0 keeps 4 of 8 micro-batches
  expect_footprint(footprint_of(problem, 4), 1000, 1000, 2000, 4 * 10);
  problem.strategy.set(Pipeline::schedule, "gpipe");
  expect_footprint(footprint_of(problem, 4), 1000, 1000, 2000, 8 * 10);
  problem.strategy.set(Pipeline::micro_batches, 4);  // of two samples each
  expect_footprint(footprint_of(problem, 4), 1000, 1000, 2000, 4 * 2 * 10);
}

TEST(Footprint, OfAServerAndItsWorkersIsThatOfTheLarger) {
  TrainingProblem problem = four_layers("downpour");
  // The server, with adam: for each of three replicas what it pushes and what it was given.
  expect_footprint(footprint_of(problem, 4), 4000 + 3 * 4000, 3 * 4000, 8000, 0);
  problem.batch = 1000;  // a replica, with what it has accrued and what is on its way
  expect_footprint(footprint_of(problem, 4), 4000, 3 * 4000, 8000, 1000 * 40);
  problem = four_layers("parameter_server");  // the same server, and one of two, with two workers
  expect_footprint(footprint_of(problem, 4), 4000 + 3 * 4000, 3 * 4000, 8000, 0);
  problem.strategy.set(ParameterServer::servers, 2);
  expect_footprint(footprint_of(problem, 4), 4000 + 2 * 2000, 2 * 2000, 4000, 0);
  problem.strategy.set(ParameterServer::colocated, true);  // with four workers, and one of them
  expect_footprint(footprint_of(problem, 4), 4000 + 4 * 2000 + 4000, 4 * 2000 + 4000, 4000, 8 * 40);
}

TEST(Footprint, OfAHistoryOfGradientsIsOneForEachSampleOfAShard) {
  TrainingProblem problem = four_layers("stochastic_average_gradient");
  static_cast<Choice&>(problem.optimiser) = "sgd";
  problem.data.set("samples", std::int64_t{300});
  expect_footprint(footprint_of(problem, 4), 4000, (2 + 100) * 4000, 0, 8 * 40);
  expect_footprint(footprint_of(problem, 1), 4000, (2 + 300) * 4000, 4000, 8 * 40);
}

TEST(Footprint, OfCutPerceptronsIsAPartOfEachLayerOrSomeOfTheLayers) {
  static constexpr std::array<std::int64_t, 4> widths{4, 8, 8, 4};
  TrainingProblem problem;
  problem.model = "mlp";
  problem.model.set(Perceptron::layers, widths);
  static_cast<Choice&>(problem.data) = "blobs";
  problem.data.set("inputs", std::int64_t{4});
  problem.data.set("classes", std::int64_t{4});
  problem.batch = 10;
  problem.strategy = "decoupled_greedy";
  ASSERT_EQ(refusal_of_strategy(problem, 2), "");
  // 40 + 72 + 36 parameters: two layers (8 + 8 values) and a head of 36 on rank 0, or one and one.
  const Footprint greedy = footprint_of(problem, 2);
  EXPECT_LT(greedy.parameters, 40 + 72 + 36 + 1);
  EXPECT_GE(greedy.parameters, 40 + 36);
  problem.strategy = "tensor_parallel";
  problem.strategy.set("split", std::string{"columns"});
  ASSERT_EQ(refusal_of_strategy(problem, 2), "");
  expect_footprint(footprint_of(problem, 2), 74, 74, 0, 10 * 2 * 10);
}

TEST(Footprint, OfEveryStrategyIsThatOfAReplicaAtMostUnlessOthersAreKeptFor) {
  for (const Strategy& strategy : strategies()) {
    SCOPED_TRACE(strategy.kind.name);
    TrainingProblem problem = four_layers(std::string{strategy.kind.name});
    if (strategy.stepping == Stepping::own) static_cast<Choice&>(problem.optimiser) = "sgd";
    if (!refusal_of_strategy(problem, 4).empty()) continue;
    const double values = strategy.footprint(problem, 4).values();
    EXPECT_GT(values, 0);
    if (strategy.family == "parameter_server" || strategy.family == "asynchronous_sgd") continue;
    EXPECT_LE(values, footprint_of_replica(problem, 4).values());
  }
}

}  // namespace
}  // namespace troupe::algorithms
