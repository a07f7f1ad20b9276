// Independent subnets: what is sent, what is left alone, and what becomes of the network; and the
// low-rank factors as which changes may travel.

#include "algorithms/butterfly/subnet_training.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "algorithms/butterfly/low_rank.hpp"
#include "algorithms/data/shards.hpp"
#include "algorithms/models/network_model.hpp"
#include "algorithms/models/perceptron.hpp"
#include "core/faulty.hpp"
#include "core/recorder.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

constexpr std::array<std::int64_t, 4> small_widths{784, 64, 64, 10};

TrainingProblem pictures(std::int64_t steps, std::string strategy = "subnet_training") {
  TrainingProblem problem = standard_problem(std::move(strategy));
  problem.model = "mlp";
  problem.model.set(Perceptron::layers, small_widths);
  problem.data = DataChoice{};
  static_cast<Choice&>(problem.data) = Choice{"digits"};
  problem.data.set(samples_setting, 600);
  problem.data.held_out = 0.2;
  problem.dtype = Dtype::float32;
  problem.batch = 16;
  problem.optimiser.rate = 0.3;
  problem.stop.steps = steps;
  problem.evaluate_every = 0;
  return problem;
}

std::vector<double> trained(int ranks, const TrainingProblem& problem) {
  TrainingHistory history;
  train(ranks, problem, history);
  return history.final_parameters().at(0);
}
Figures judged(int ranks, const TrainingProblem& problem) {
  TrainingHistory history;
  train(ranks, problem, history);
  return history.figures_of(0).back();
}

TEST(SubnetTraining, OfOneSubnetIsPlainGradientDescentToTheBit) {
  TrainingProblem problem = pictures(20);
  problem.strategy.set(SubnetTraining::local_steps, 5);
  const auto subnet = trained(2, problem);
  problem.strategy = "data_parallel";
  EXPECT_EQ(subnet, trained(1, problem));
}

TEST(SubnetTraining, WithoutStepsIsTheIdentityOnEveryBit) {
  TrainingProblem problem = pictures(3);
  problem.strategy.set(SubnetTraining::local_steps, 0);
  TrainingHistory history;
  train(5, problem, history);
  EXPECT_EQ(history.figures_of(0).back().step, 3);
  problem.stop.steps = 0;
  EXPECT_EQ(history.final_parameters().at(0), trained(5, problem));
}

TEST(SubnetTraining, LeavesWhatIsBetweenTwoSubnetsAsItWas) {
  TrainingProblem problem = pictures(10);
  problem.stop.steps = 0;
  const auto before = trained(5, problem);
  problem.stop.steps = 10;
  const auto after = trained(5, problem);
  // Of the 64 × 64 weights between the hidden layers, 1/K² = 1/16 belong to a subnet, and all that
  // goes in or out belongs to one.
  const std::size_t first = 784 * 64 + 64, between = 64 * 64;
  std::size_t changed = 0;
  for (std::size_t i = first; i < first + between; ++i)
    if (before[i] != after[i]) ++changed;
  EXPECT_LE(changed, between / 4);
  EXPECT_GE(changed, between / 10);  // units that do not answer keep theirs
  EXPECT_NE(before.back(), after.back());
}

/// The round that follows `round`, by the difference of two runs of phantom values.
std::vector<std::uint64_t> bytes_of_a_round(TrainingProblem problem, int ranks) {
  problem.phantom = true;
  problem.strategy.set(SubnetTraining::local_steps, 10);
  const auto sent = [&](std::int64_t steps) {
    problem.stop.steps = steps;
    const auto logs = record_training(ranks, problem);
    std::vector<std::uint64_t> bytes;
    for (const RecordedRank& log : logs) bytes.push_back(log.bytes_sent());
    return bytes;
  };
  const auto less = sent(10);
  auto more = sent(20);
  for (std::size_t rank = 0; rank < more.size(); ++rank) more[rank] -= less[rank];
  return more;
}

TEST(SubnetTraining, SendsEachSubnetOutAndHomeOnceARound) {
  // 784-100-100-10 in four: 20 535 of 89 610 parameters each, 82 140 bytes of float32 a round and
  // worker; ring data parallel sends 2 · 3/4 · 89 610 · 4 = 537 660 bytes a step.
  TrainingProblem problem = pictures(0);
  problem.model.set(Perceptron::layers, std::array<std::int64_t, 4>{784, 100, 100, 10});
  const auto bytes = bytes_of_a_round(problem, 5);
  EXPECT_EQ(bytes[0], 4 * 82'140u);
  for (std::size_t worker = 1; worker < 5; ++worker) EXPECT_EQ(bytes[worker], 82'140u);
  EXPECT_EQ(parameters_of(std::array<std::size_t, 4>{784, 100, 100, 10}), 89'610u);
  EXPECT_EQ(parameters_of(std::array<std::size_t, 4>{784, 25, 25, 10}), 20'535u);
  EXPECT_EQ(2 * 3 * 89'610 * 4 / 4, 537'660);
}

TEST(SubnetTraining, SendsHomeTheWordsOfItsFactorsWhereARankIsStated) {
  TrainingProblem problem = pictures(0);
  problem.model.set(Perceptron::layers, std::array<std::int64_t, 4>{784, 100, 100, 10});
  problem.strategy.set(SubnetTraining::rank, 4);
  const auto bytes = bytes_of_a_round(problem, 5);
  // r(m + n) words of each matrix, and the biases: 4(25+784) + 25 + 4(25+25) + 25 + 4(10+25) + 10
  EXPECT_EQ(bytes[1], 4u * (3236 + 25 + 200 + 25 + 140 + 10));
  EXPECT_EQ(bytes[0], 4 * 82'140u);
}

TEST(SubnetTraining, OfFullRankIsSubnetTraining) {
  TrainingProblem problem = pictures(20);
  problem.dtype = Dtype::float64;
  const auto plain = trained(4, problem);
  problem.strategy.set(SubnetTraining::rank, 1000);
  const auto changes = trained(4, problem);
  EXPECT_LE(distance(plain, changes), 1e-12 * norm(plain));
  problem.strategy.set(SubnetTraining::rank, 6);  // of at most 8: a good part of it
  EXPECT_LE(distance(plain, trained(4, problem)), 0.05 * norm(plain));
}

TEST(SubnetTraining, ShowsEverySubnetEveryShard) {
  // Where the input goes round, worker w has subnet (w − 1 − t) mod K in round t; nothing else
  // changes, so that K rounds of one shard for all are the same with and without.
  for (const int workers : {3, 4}) {
    std::set<std::pair<int, int>> seen;
    for (std::int64_t round = 0; round < workers; ++round)
      for (int worker = 0; worker < workers; ++worker) {
        const int subnet = static_cast<int>((worker - round % workers + workers) % workers);
        EXPECT_EQ(rotated_shard(subnet, round, workers), worker);
        seen.insert({subnet, worker});
      }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(workers * workers));
  }
  TrainingProblem problem = pictures(60);
  problem.data.partition = "dirichlet:0.1";  // few classes a shard
  problem.strategy.set(SubnetTraining::rounds_of_a_cut, 0);
  problem.strategy.set(SubnetTraining::local_steps, 5);
  problem.strategy.set(SubnetTraining::judged, "ensemble");
  const auto fixed = trained(5, problem);
  problem.strategy.set(SubnetTraining::rotate_input, true);
  EXPECT_NE(fixed, trained(5, problem));
}

TEST(SubnetTraining, LearnsInTurnAndByLotOneSubnetAtATime) {
  for (const char* way : {"cyclic", "random"}) {
    TrainingProblem problem = pictures(200);
    problem.strategy.set(SubnetTraining::active, way);
    problem.strategy.set(SubnetTraining::judged, "ensemble");
    problem.evaluate_every = 200;
    TrainingHistory history;
    train(4, problem, history);
    EXPECT_LT(*history.figures_of(0).back().loss, *history.figures_of(0).front().loss) << way;
  }
}

TEST(SubnetTraining, GeneralisesAsAMachineThatHasTrainedEachWeightAsOften) {
  // Held-out accuracy beside data parallel training of as many samples, after 200 steps of batches
  // of 16: it is lower (0.59 of the ensemble, 0.49 of the network, 0.93), and this is why. Units
  // are dealt anew every ten steps, so that a weight between hidden layers trains in one of K = 4
  // rounds, on the batches of one of K workers: 50 steps of one machine, which gets 0.61. (Later
  // 0.76 and 0.78 for 400 and 100, 0.82 and 0.91 for 800 and 200.) With the first cut for ever a
  // weight trains at each step or never, and the ensemble gets 0.83.
  constexpr std::int64_t steps = 200, subnets = 4;
  const double chance = 0.1, deviation = std::sqrt(0.5 * 0.5 / 120);  // of 120 held-out pictures
  TrainingProblem problem = pictures(steps);
  const double network = *judged(1 + subnets, problem).held_out_accuracy;
  problem.strategy.set(SubnetTraining::judged, "ensemble");
  const double ensemble = *judged(1 + subnets, problem).held_out_accuracy;
  problem.strategy.set(SubnetTraining::rounds_of_a_cut, 0);
  const double of_one_cut = *judged(1 + subnets, problem).held_out_accuracy;
  problem = pictures(steps, "data_parallel");
  const double parallel = *judged(subnets, problem).held_out_accuracy;
  problem.stop.steps = steps / subnets;
  const double as_often = *judged(1, problem).held_out_accuracy;
  for (const auto& [name, accuracy] : {std::pair{"network", network},
                                       {"ensemble", ensemble},
                                       {"ensemble_of_one_cut", of_one_cut},
                                       {"data_parallel", parallel},
                                       {"one_machine_with_a_fourth_of_the_steps", as_often}})
    RecordProperty(std::string{"held_out_accuracy_"} + name, std::to_string(accuracy));
  EXPECT_GT(network, chance + 4 * deviation);
  EXPECT_GE(ensemble, as_often - 2 * deviation);
  EXPECT_GT(of_one_cut, ensemble + deviation);
  EXPECT_GE(parallel, of_one_cut);
}

TEST(SubnetTraining, LosesASubnetDuringTrainingAndKeepsItsPartOfTheNetwork) {
  // One of four workers, from the fifth round on: at most its share of the answers.
  TrainingProblem problem = pictures(200);
  problem.strategy.set(SubnetTraining::judged, "ensemble");
  const Figures whole = judged(5, problem);
  problem.strategy.set(SubnetTraining::lost, 2);
  problem.strategy.set(SubnetTraining::lost_after, 5);
  const Figures without = judged(5, problem);
  const double loss = *whole.held_out_accuracy - *without.held_out_accuracy;
  RecordProperty("held_out_accuracy_lost", std::to_string(loss));
  EXPECT_GT(*without.held_out_accuracy, 0.5);
  EXPECT_LE(loss, 0.25);
}

TEST(SubnetTraining, LosesASubnetAtEvaluationAndAtMostItsShareOfTheAnswers) {
  TrainingProblem problem = pictures(200);
  problem.strategy.set(SubnetTraining::rounds_of_a_cut, 0);  // so that the cut is known here
  const auto parameters = trained(5, problem);
  std::vector<float> full(parameters.begin(), parameters.end()), ensemble(full.size());
  const std::vector<std::size_t> widths{784, 64, 64, 10};
  SplitMix64 draws{SplitMix64::finalised(problem.seed)};
  const Decomposition cut{widths, random_groups(widths, 4, draws)};
  const Learner learner{problem, 0, 1};
  const auto accuracy = [&](int without) {
    write_ensemble(widths, cut, std::span{full}, without, std::span{ensemble});
    return *learner.evaluate(std::span{ensemble})->held_out_accuracy;
  };
  const double of_all = accuracy(-1);
  EXPECT_GT(of_all, 0.5);
  for (int lost = 0; lost < 4; ++lost) {
    const double loss = of_all - accuracy(lost);
    RecordProperty("accuracy_lost_without_" + std::to_string(lost), std::to_string(loss));
    EXPECT_LE(loss, 0.25) << lost;  // one of four answers
  }
}

TEST(SubnetTraining, GoesOnWithoutAWorkerThatHasFailed) {
  TrainingProblem problem = pictures(40);
  problem.data.held_out = 0;
  TrainingHistory history;
  run_ranks(4, [&](Communicator& comm) {
    const FaultyOptions weather{.dead = {2}, .patience = Seconds{0.01}};
    FaultyCommunicator faulty{comm, weather};
    try {
      train(faulty, problem, history);
    } catch (const PeerLost&) {
      EXPECT_EQ(comm.rank(), 2);  // whose own calls fail
    }
  });
  EXPECT_EQ(history.figures_of(0).back().step, 40);
}

TEST(Ensemble, WrittenAsOneNetworkAnswersTheMeanOfItsSubnets) {
  const std::vector<std::size_t> widths{5, 8, 8, 3};
  SplitMix64 draws{4};
  const Decomposition cut{widths, random_groups(widths, 4, draws)};
  std::vector<double> full(parameters_of(widths)), ensemble(full.size()), inputs(5 * 7);
  for (double& value : full) value = draws.uniform(-1, 1);
  for (double& value : inputs) value = draws.uniform(-1, 1);
  const auto answers = [&](std::span<const std::size_t> of, std::span<double> parameters) {
    const Network network = multi_layer_perceptron(of, ActivationKind::tanh);
    std::vector<double> outputs;
    run_ranks(1, [&](Communicator& comm) {
      Pass pass{network, ConstSlice{parameters}, 7};
      outputs =
          to_doubles(network.forward(comm, ConstSlice{parameters}, std::span{inputs}, 7, pass));
    });
    return outputs;
  };
  for (const int without : {-1, 2}) {
    std::vector<double> mean(3 * 7, 0);
    const double members = without < 0 ? 4 : 3;
    for (std::size_t k = 0; k < 4; ++k) {
      if (static_cast<int>(k) == without) continue;
      std::vector<double> subnet;
      for (const std::size_t i : cut.indices_of(k)) subnet.push_back(full[i]);
      const auto one = answers(cut.widths_of(k), subnet);
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += one[i] / members;
    }
    write_ensemble(widths, cut, std::span{full}, without, std::span{ensemble});
    EXPECT_LE(distance(answers(widths, ensemble), mean), 1e-14 * norm(mean));
  }
}

TEST(SubnetTraining, RefusesWhatItCannotCut) {
  TrainingProblem problem = pictures(1);
  EXPECT_EQ(refusal_of_strategy(problem, 5), "");
  EXPECT_EQ(refusal_of_strategy(problem, 1), "needs two ranks, a keeper and a worker; 1 given");
  EXPECT_EQ(refusal_of_strategy(problem, 66), "65 subnets cannot share a hidden layer of 64 units");
  problem.strategy.set(SubnetTraining::lost, 5);
  EXPECT_EQ(refusal_of_strategy(problem, 5), "lost is a worker, 1 to 4, 5 given");
  problem.model = "least_squares";
  EXPECT_EQ(refusal_of_strategy(problem, 5), "cuts a model \"mlp\", \"least_squares\" given");
}

// ---- low rank

using Values = std::vector<double>;

/// The matrix that comes out of a message.
Values through(const LowRank& code, const Values& matrix) {
  Values factors(code.words()), result(matrix.size());
  run_ranks(1, [&](Communicator& comm) {
    code.encode(comm, ConstSlice{std::span{matrix}}, std::span{factors});
    code.decode(comm, ConstSlice{std::span{factors}}, std::span{result});
  });
  return result;
}
Values diagonal(std::initializer_list<double> values) {
  Values matrix(values.size() * values.size(), 0);
  std::size_t i = 0;
  for (const double value : values) matrix[i++ * (values.size() + 1)] = value;
  return matrix;
}
Values random_matrix(std::size_t size, std::uint64_t seed) {
  SplitMix64 draws{seed};
  Values matrix(size);
  for (double& value : matrix) value = draws.uniform(-1, 1);
  return matrix;
}
LowRank code(std::size_t m, std::size_t n, std::size_t rank, double penalty) {
  static const Values like(1);
  return {m, n, rank, penalty, ConstSlice{std::span{like}}};
}

TEST(LowRank, TakesThePenaltyOffTheSingularValues) {
  const Values x = through(code(4, 4, 0, 1), diagonal({3, 2, 1, 0.5}));
  EXPECT_LE(distance(x, diagonal({2, 1, 0, 0})), 1e-15);
  // ½ ‖X − W‖² + ‖X‖_* = ½ (1 + 1 + 1 + ¼) + 3
  EXPECT_DOUBLE_EQ(std::pow(distance(x, diagonal({3, 2, 1, 0.5})), 2) / 2 + 3, 4.625);
}

TEST(LowRank, WithoutPenaltyIsTheMatrixItself) {
  const Values matrix = random_matrix(7 * 4, 2);
  EXPECT_LE(distance(through(code(7, 4, 0, 0), matrix), matrix), 1e-14 * norm(matrix));
}

TEST(LowRank, NeverMovesTwoMatricesFurtherApart) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Values a = random_matrix(5 * 6, seed), b = random_matrix(5 * 6, 100 + seed);
    const LowRank shrink = code(5, 6, 0, 0.7);
    EXPECT_LE(distance(through(shrink, a), through(shrink, b)), distance(a, b));
  }
}

TEST(LowRank, SendsRankTimesTheSumOfTheSides) {
  EXPECT_EQ(code(100, 784, 4, 0).words(), 4u * 884);
  EXPECT_EQ(code(3, 5, 0, 0).words(), 3u * 8);
  // A matrix of rank 2 arrives whole in two pairs of columns, and not in one.
  Values matrix(6 * 5);
  const Values u = random_matrix(12, 7), v = random_matrix(10, 8);
  for (std::size_t j = 0; j < 5; ++j)
    for (std::size_t i = 0; i < 6; ++i) matrix[j * 6 + i] = u[i] * v[j] + u[6 + i] * v[5 + j];
  EXPECT_LE(distance(through(code(6, 5, 2, 0), matrix), matrix), 1e-14 * norm(matrix));
  EXPECT_GE(distance(through(code(6, 5, 1, 0), matrix), matrix), 1e-2 * norm(matrix));
}

TEST(LowRank, HasARidgeAsItsOtherReading) {
  Values matrix{3, -1, 0.5, 2};
  run_ranks(1, [&](Communicator& comm) { shrink_by_ridge(comm, 1, std::span{matrix}); });
  EXPECT_EQ(matrix, (Values{1.5, -0.5, 0.25, 1}));
}

}  // namespace
}  // namespace troupe::algorithms
