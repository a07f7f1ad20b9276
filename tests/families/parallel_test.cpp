// Models cut up: pipelines, tensors and decoupled stages against one machine, and the schedules
// against their formulas.

#include <gtest/gtest.h>

#include <set>

#include "algorithms/models/phantom_model.hpp"
#include "algorithms/parallel/decoupled_greedy.hpp"
#include "algorithms/parallel/pipeline.hpp"
#include "algorithms/parallel/schedule.hpp"
#include "algorithms/parallel/stage.hpp"
#include "algorithms/parallel/tensor_parallel.hpp"
#include "core/recorder.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

std::vector<StageWork> schedule_of(const std::string& kind, const PipelineShape& shape, Rank rank) {
  if (kind == "gpipe") return gpipe_schedule(shape, rank);
  return kind == "1f1b" ? one_forward_one_backward_schedule(shape, rank)
                        : interleaved_schedule(shape, rank);
}

TEST(Schedule, DoesEveryWorkOnceAndForwardsFirst) {
  for (const auto& [kind, shape] :
       std::vector<std::pair<std::string, PipelineShape>>{{"gpipe", {4, 1, 8}},
                                                          {"gpipe", {3, 2, 5}},
                                                          {"1f1b", {4, 1, 8}},
                                                          {"1f1b", {4, 1, 2}},
                                                          {"interleaved", {4, 2, 8}},
                                                          {"interleaved", {4, 3, 4}},
                                                          {"interleaved", {2, 4, 6}}})
    for (Rank rank = 0; rank < shape.ranks; ++rank) {
      std::set<std::pair<int, int>> forwards, backwards;
      for (const StageWork& work : schedule_of(kind, shape, rank)) {
        const std::pair what{work.chunk, work.micro_batch};
        EXPECT_TRUE((work.forward ? forwards : backwards).insert(what).second);
        if (!work.forward) {
          EXPECT_TRUE(forwards.contains(what)) << kind;
        }
      }
      EXPECT_EQ(forwards.size(), static_cast<std::size_t>(shape.chunks * shape.micro_batches));
      EXPECT_EQ(backwards, forwards);
    }
}

TEST(Schedule, KeepsAsManyMicroBatchesAsItSays) {
  const PipelineShape shape{4, 1, 8};
  for (Rank rank = 0; rank < 4; ++rank) {
    EXPECT_EQ(most_kept(gpipe_schedule(shape, rank)), 8u);
    EXPECT_EQ(most_kept(one_forward_one_backward_schedule(shape, rank)),
              static_cast<std::size_t>(4 - rank));
  }
  EXPECT_EQ(most_kept(one_forward_one_backward_schedule({4, 1, 2}, 0)), 2u);
}

TEST(Stages, AreCutWhereTheLargestIsSmallest) {
  EXPECT_EQ(balanced_ends({1, 1, 1, 1}, 2), (std::vector<std::size_t>{2, 4}));
  EXPECT_EQ(balanced_ends({9, 1, 1, 1}, 2), (std::vector<std::size_t>{1, 4}));
  EXPECT_EQ(balanced_ends({1, 2, 3, 4, 5}, 3), (std::vector<std::size_t>{3, 4, 5}));
  EXPECT_EQ(balanced_ends({0, 0, 7}, 3), (std::vector<std::size_t>{1, 2, 3}));
}

std::vector<double> trained(int ranks, const TrainingProblem& problem) {
  TrainingHistory history;
  train(ranks, problem, history);
  return history.final_parameters().at(0);
}

/// One machine that draws the same batches.
std::vector<double> alone(std::int64_t steps) {
  return trained(1, network_problem("data_parallel", steps));
}

void expect_close(const std::vector<double>& a, const std::vector<double>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_LE(distance(a, b), tolerance * norm(b));
}

TEST(Pipeline, TakesTheStepsOfOneMachine) {
  const auto expected = alone(20);
  for (const auto& [ranks, schedule, chunks, micro] :
       std::vector<std::tuple<int, std::string, int, int>>{{4, "gpipe", 1, 8},
                                                           {4, "1f1b", 1, 8},
                                                           {3, "1f1b", 1, 5},
                                                           {2, "interleaved", 2, 8},
                                                           {2, "gpipe", 2, 3},
                                                           {1, "1f1b", 1, 4}}) {
    TrainingProblem problem = network_problem("pipeline", 20);
    problem.strategy.set(Pipeline::schedule, schedule)
        .set(Pipeline::chunks, chunks)
        .set(Pipeline::micro_batches, micro);
    expect_close(trained(ranks, problem), expected, 1e-12);
  }
}

TEST(Pipeline, SendsActivationsForwardsAndGradientsBack) {
  TrainingProblem problem = network_problem("pipeline", 1);
  problem.strategy.set(Pipeline::micro_batches, 8);
  problem.evaluate_every = 0;
  const auto logs = record_training(4, problem);
  // widths 16, 12, 8 between the ranks; 16 samples of 8 bytes; parameters to rank 0 at the end
  EXPECT_EQ(logs[0].messages_sent(), 8u);
  EXPECT_EQ(logs[0].bytes_sent(), 16u * 16 * 8);
  EXPECT_EQ(logs[1].messages_sent(), 16u + 1);
  EXPECT_EQ(logs[1].bytes_sent(), 16u * (12 + 16) * 8 + (16 * 12 + 12) * 8);
  EXPECT_EQ(logs[3].messages_sent(), 8u + 1);
}

TEST(Pipeline, SendsAsManyMessagesAsItHasBoundaries) {
  // 2 m (p − 1) a step; interleaved, v times as many stages: 2 m (v p − 1).
  const auto messages_of = [](int ranks, const char* schedule, int chunks) {
    std::uint64_t all[2];
    for (const int more : {0, 1}) {
      TrainingProblem problem = network_problem("pipeline", 3 + more);
      problem.strategy.set(Pipeline::schedule, schedule)
          .set(Pipeline::chunks, chunks)
          .set(Pipeline::micro_batches, 8);
      problem.phantom = true;
      const auto logs = record_training(ranks, problem);
      all[more] = 0;
      for (const RecordedRank& log : logs) all[more] += log.messages_sent();
    }
    return all[1] - all[0];
  };
  EXPECT_EQ(messages_of(4, "gpipe", 1), 2u * 8 * 3);
  EXPECT_EQ(messages_of(4, "1f1b", 1), 2u * 8 * 3);
  EXPECT_EQ(messages_of(2, "1f1b", 1), 2u * 8 * 1);
  EXPECT_EQ(messages_of(2, "interleaved", 2), 2u * 8 * 3);
}

TEST(Pipeline, RefusesWhatCannotBeCut) {
  TrainingProblem problem = network_problem("pipeline", 1);
  EXPECT_EQ(refusal_of_strategy(problem, 5), "4 layers cannot be cut into 5 stages");
  problem.strategy.set(Pipeline::schedule, "interleaved");
  EXPECT_EQ(refusal_of_strategy(problem, 3),
            "an interleaved schedule needs a multiple of 3 micro-batches, as many as ranks; 8 "
            "given");
  problem.strategy.set(Pipeline::schedule, "1f1b").set(Pipeline::micro_batches, 17);
  EXPECT_EQ(refusal_of_strategy(problem, 4), "a batch of 16 cannot be cut into 17 micro-batches");
  EXPECT_EQ(refusal_of_strategy(standard_problem("pipeline"), 4),
            "needs a model of layers, mlp, cnn or phantom; \"least_squares\" given");
}

TEST(TensorParallel, TakesTheStepsOfOneMachine) {
  const auto expected = alone(20);
  for (const char* split : {"pairs", "columns"})
    for (const int ranks : {1, 2, 4}) {
      TrainingProblem problem = network_problem("tensor_parallel", 20);
      problem.strategy.set(TensorParallel::split, split);
      expect_close(trained(ranks, problem), expected, 1e-10);
    }
}

TEST(TensorParallel, TakesThemWithAnyActivationAndNumberOfLayers) {
  static constexpr std::array<std::int64_t, 4> three{6, 16, 12, 4};
  for (const char* activation : {"gelu", "tanh"}) {
    TrainingProblem problem = network_problem("data_parallel", 10);
    problem.model.set(Perceptron::layers, three);
    problem.model.set(NetworkSettings::activation, activation);
    const auto expected = trained(1, problem);
    problem.strategy = "tensor_parallel";  // of three layers, the last is gathered
    expect_close(trained(4, problem), expected, 1e-10);
  }
}

TEST(TensorParallel, SendsItsAllreducesAndNothingElse) {
  TrainingProblem problem = network_problem("tensor_parallel", 1);
  problem.evaluate_every = 0;
  const auto logs = record_training(4, problem);
  // Two pairs, 16 samples: forwards 12 and 4 outputs, backwards the 12 before the second pair, by
  // a ring of four: 2(P−1)/P of 16 · (12 + 4 + 12) values of 8 bytes. Rank 0 keeps its parameters.
  EXPECT_EQ(logs[0].bytes_sent(), 3u * 2 * 16 * 28 * 8 / 4);
  EXPECT_EQ(logs[0].messages_sent(), 3u * 6);
}

TEST(TensorParallel, OfColumnsGathersOutputsAndSumsTheirGradients) {
  // Every layer's output of width n is gathered, each rank giving n/t of it to t − 1 others in a
  // ring: (t−1)/t · 16 · n values. Backwards the gradients of the inputs of all layers but the
  // first are summed: 2(t−1)/t · 16 · n.
  TrainingProblem problem = network_problem("tensor_parallel", 1);
  problem.strategy.set(TensorParallel::split, "columns");
  problem.evaluate_every = 0;
  const auto logs = record_training(4, problem);
  const std::uint64_t gathered = 16 + 12 + 8 + 4, summed = 16 + 12 + 8;
  EXPECT_EQ(logs[0].bytes_sent(), 3u * 16 * (gathered + 2 * summed) * 8 / 4);
  EXPECT_EQ(logs[0].messages_sent(), 4u * 3 + 3u * 6);
}

TEST(TensorParallel, RefusesUnequalParts) {
  EXPECT_EQ(refusal_of_strategy(network_problem("tensor_parallel", 1), 3),
            "splits layers into equal parts: a width of 16 is no multiple of 3 ranks");
}

TEST(DecoupledGreedy, SendsNothingBack) {
  TrainingProblem problem = network_problem("decoupled_greedy", 5);
  problem.evaluate_every = 0;
  const auto logs = record_training(4, problem);
  EXPECT_EQ(logs[0].bytes_sent(), 5u * 16 * 16 * 8);
  EXPECT_EQ(logs[3].messages_sent(), 1u);  // its parameters, at the end
}

TEST(DecoupledGreedy, WeighsTheLossesOfHeadsAndOfTheNetwork) {
  TrainingProblem problem = network_problem("decoupled_greedy", 1);
  const auto after = [&](double head, double last) {
    problem.strategy.set(DecoupledGreedy::head_weight, head)
        .set(DecoupledGreedy::loss_weight, last);
    return trained(2, problem);
  };
  const auto start = after(0, 0), whole = after(1, 1), weighed = after(0.1, 0.9);
  const std::size_t first = 6 * 16 + 16;  // of the first rank at least
  for (std::size_t i = 0; i < first; ++i)
    EXPECT_NEAR(weighed[i] - start[i], 0.1 * (whole[i] - start[i]), 1e-15);
  for (std::size_t i = whole.size() - 36; i < whole.size(); ++i)
    EXPECT_NEAR(weighed[i] - start[i], 0.9 * (whole[i] - start[i]), 1e-15);
  EXPECT_NE(whole, start);
}

TEST(DecoupledGreedy, LearnsToTellClassesApart) {
  TrainingProblem problem = network_problem("decoupled_greedy", 400);
  problem.data.set(BlobsData::spread, 0.3);
  problem.evaluate_every = 0;
  TrainingHistory history;
  train(3, problem, history);
  EXPECT_GT(*history.summary().back().accuracy, 0.9);
}

}  // namespace
}  // namespace troupe::algorithms
