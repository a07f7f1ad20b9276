// Several servers, each with a range of the parameters; colocated ones; the names of KVStore; what
// servers do about staleness; and the bound on it when messages are late.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "algorithms/parameter_server/keys.hpp"
#include "algorithms/parameter_server/stale_gradients.hpp"
#include "core/faulty.hpp"
#include "core/recorder.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

using Doubles = std::vector<double>;

TrainingProblem served(const char* mode, std::int64_t servers, bool colocated = false) {
  TrainingProblem problem = standard_problem("parameter_server");
  problem.strategy.set(ParameterServer::mode, mode);
  problem.strategy.set(ParameterServer::order, "cyclic");
  problem.strategy.set(ParameterServer::servers, servers);
  problem.strategy.set(ParameterServer::colocated, colocated);
  problem.data.set(samples_setting, 1000);
  problem.stop.steps = 30;
  problem.batch = 20;
  return problem;
}

Doubles end_of(int ranks, const TrainingProblem& problem) {
  TrainingHistory history;
  train(ranks, problem, history);
  return history.final_parameters().at(0);
}

TEST(SeveralServers, GoTheWayOfOne) {
  // Four workers; sums and steps are element by element, so the bits are the same.
  for (const char* mode : {"bsp", "asp", "ssp"})
    for (const char* optimiser : {"sgd", "adam", "polyak"}) {
      TrainingProblem problem = served(mode, 1);
      static_cast<Choice&>(problem.optimiser) = optimiser;
      const Doubles one = end_of(5, problem);
      for (const std::int64_t servers : {2, 4, 20}) {
        problem.strategy.set(ParameterServer::servers, servers);
        EXPECT_EQ(end_of(static_cast<int>(servers) + 4, problem), one) << mode << " " << servers;
      }
      problem.strategy.set(ParameterServer::colocated, true);
      problem.strategy.set(ParameterServer::servers, 3);
      EXPECT_EQ(end_of(4, problem), one) << mode << " colocated";
    }
}

TEST(SeveralServers, ReportWhatOneReports) {
  TrainingHistory one;
  train(5, served("bsp", 1), one);
  const auto a = one.figures();
  for (const char* keys : {"range", "hash"}) {
    TrainingProblem problem = served("bsp", 4);
    problem.strategy.set(ParameterServer::keys, keys);
    TrainingHistory four;
    train(8, problem, four);
    const auto b = four.figures();
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].step, b[i].step);
      EXPECT_EQ(a[i].loss, b[i].loss) << keys;
      EXPECT_EQ(b[i].rank, 0);
    }
  }
}

TEST(HashedKeys, GoTheWayOfRanges) {
  for (const char* mode : {"bsp", "asp"})
    for (const Dtype dtype : {Dtype::float32, Dtype::float64}) {
      TrainingProblem problem = served(mode, 3);
      problem.dtype = dtype;
      const Doubles ranges = end_of(7, problem);
      problem.strategy.set(ParameterServer::keys, "hash");
      EXPECT_EQ(end_of(7, problem), ranges) << mode;
    }
}

TEST(HashedKeys, AreEachWithOneServerAndScattered) {
  const Keys keys{1000, 4, true};
  std::vector<std::size_t> sorted = keys.order();
  EXPECT_FALSE(std::ranges::is_sorted(sorted));
  std::ranges::sort(sorted);
  for (std::size_t key = 0; key < 1000; ++key) EXPECT_EQ(sorted[key], key);
  for (Rank server = 0; server < 4; ++server)
    EXPECT_NEAR(static_cast<double>(keys.size_of(server)), 250, 5 * std::sqrt(1000 * 3 / 16.0));
  const TrainingProblem problem = served("asp", 4);
  run_ranks(1, [&](Communicator& comm) {
    const DealtVector vector{problem, std::make_shared<Keys>(keys)};
    const auto values = vector.whole().host<double>();
    for (std::size_t key = 0; key < 1000; ++key) values[key] = static_cast<double>(key);
    vector.deal(comm);
    for (Rank server = 0; server < 4; ++server)
      for (std::size_t i = 0; i < keys.size_of(server); ++i)
        EXPECT_EQ(vector.part(server).host<double>()[i],
                  static_cast<double>(keys.order()[keys.begin(server) + i]));
    compute(comm, Fill{0, vector.whole()});
    vector.collect(comm);
    for (std::size_t key = 0; key < 1000; ++key) EXPECT_EQ(values[key], static_cast<double>(key));
  });
}

TEST(SeveralServers, InOrderOfArrivalHandOutAsManyGradientsAsTheyWereAskedFor) {
  for (const char* mode : {"asp", "ssp"}) {
    TrainingProblem problem = served(mode, 3);
    problem.strategy.set(ParameterServer::order, "arrival");
    TrainingHistory history;
    train(7, problem, history);
    EXPECT_EQ(history.figures_of(0).back().step, 4 * 30);
    EXPECT_LT(*history.summary().back().gap, *history.summary().front().gap);
  }
}

TEST(SeveralServers, AreRefusedWhereTheyCannotServe) {
  TrainingProblem problem = served("asp", 4);
  EXPECT_EQ(refusal_of_strategy(problem, 4), "4 servers leave no worker among 4 ranks");
  problem.stop.gap = 1e-3;
  EXPECT_NE(refusal_of_strategy(problem, 8).find("cannot know that a value is reached"),
            std::string::npos);
  problem.stop.gap = {};
  problem.optimiser.clip = 1;
  EXPECT_NE(refusal_of_strategy(problem, 8).find("cannot clip it"), std::string::npos);
  problem = served("asp", 21);
  EXPECT_EQ(refusal_of_strategy(problem, 25),
            "server 20 of 21 would have none of the 20 parameters");
  EXPECT_EQ(refusal_of_strategy(served("asp", 5, true), 4), "5 servers do not fit on 4 ranks");
}

/// Bytes that each rank sends in the step after the tenth, without evaluations.
std::vector<std::uint64_t> bytes_of_a_step(int ranks, TrainingProblem problem) {
  problem.evaluate_every = 0;
  const auto bytes = [&](std::int64_t steps) {
    problem.stop.steps = steps;
    const auto logs = record_training(ranks, problem);
    std::vector<std::uint64_t> sent;
    for (const RecordedRank& log : logs) sent.push_back(log.bytes_sent());
    return sent;
  };
  auto more = bytes(11);
  const auto less = bytes(10);
  for (std::size_t rank = 0; rank < more.size(); ++rank) more[rank] -= less[rank];
  return more;
}

TEST(SeveralServers, SendAndReceiveThePartOfOneInEachClock) {
  // M = 160 bytes, W = 6 workers: W M / S from each server, M from each worker
  for (const char* mode : {"bsp", "asp"})
    for (const std::int64_t servers : {1, 2, 4, 5}) {
      const auto bytes = bytes_of_a_step(static_cast<int>(servers) + 6, served(mode, servers));
      for (std::size_t rank = 0; rank < bytes.size(); ++rank)
        EXPECT_EQ(bytes[rank], rank < static_cast<std::size_t>(servers)
                                   ? 6 * 160 / static_cast<std::uint64_t>(servers)
                                   : 160)
            << mode << " " << servers << " rank " << rank;
    }
}

TEST(ServedOnOneRank, IsGradientDescent) {
  TrainingProblem problem = served("bsp", 1, true);
  problem.batch = 0;
  const Doubles colocated = end_of(1, problem);
  problem.strategy = "data_parallel";
  EXPECT_EQ(colocated, end_of(1, problem));
}

TEST(LateMessages, NeverLetAWorkerStartMoreThanItsBoundAhead) {
  for (const std::int64_t servers : {1, 2})
    for (const std::int64_t bound : {0, 1, 3}) {
      TrainingProblem problem = served("ssp", servers);
      problem.strategy.set(ParameterServer::order, "arrival");
      problem.strategy.set(ParameterServer::staleness, bound);
      problem.evaluate_every = 0;
      TrainingHistory history;
      run_ranks(static_cast<int>(servers) + 4, [&](Communicator& comm) {
        FaultyCommunicator late{comm, {.seed = 7, .longest_delay = Seconds{1e-3}}};
        train(late, problem, history);
      });
      std::map<Rank, std::int64_t> completed;
      for (int worker = 0; worker < 4; ++worker) completed[worker + static_cast<int>(servers)] = 0;
      std::int64_t apart = 0;
      for (const Figures& update : history.figures_of(0)) {
        if (!update.worker) continue;
        ++completed.at(*update.worker);
        const auto [least, most] = std::ranges::minmax_element(
            completed, {}, [](const auto& worker) { return worker.second; });
        apart = std::max(apart, most->second - least->second);
      }
      EXPECT_LE(apart, bound + 1);
      EXPECT_EQ(history.figures_of(0).back().step, 120);
    }
}

/// The same way twice, with another setting of the server.
Doubles end_with(const std::function<void(Choice&)>& change, const char* order = "cyclic") {
  TrainingProblem problem = served("asp", 1);
  problem.strategy.set(ParameterServer::order, order);
  change(problem.strategy);
  return end_of(5, problem);
}

TEST(DelayCompensation, OfStrengthZeroIsNone) {
  const Doubles plain = end_with([](Choice&) {});
  for (const char* kind : {"constant", "adaptive"})
    EXPECT_EQ(end_with([&](Choice& strategy) {
                strategy.set(Staleness::compensation, kind);
                strategy.set(Staleness::lambda, 0).set(Staleness::adaptive_lambda, 0);
              }),
              plain);
  for (const char* kind : {"constant", "adaptive"})
    EXPECT_NE(end_with([&](Choice& strategy) { strategy.set(Staleness::compensation, kind); }),
              plain)
        << kind;
}

TEST(DelayCompensation, ChangesNothingWithoutDelay) {
  // One worker: what it read is what is there.
  for (const char* strategy : {"parameter_server", "downpour"}) {
    TrainingProblem problem = served("asp", 1);
    problem.strategy = strategy;
    const Doubles plain = end_of(2, problem);
    for (const char* kind : {"constant", "adaptive"}) {
      problem.strategy.set(Staleness::compensation, kind);
      EXPECT_EQ(end_of(2, problem), plain) << strategy << kind;
    }
  }
}

TEST(RandomOrder, HasTheStalenessOfTheOthersOnAverageAndIsAFunctionOfTheSeed) {
  TrainingProblem problem = served("asp", 1);
  problem.strategy.set(ParameterServer::order, "random");
  problem.stop.steps = 500;
  problem.evaluate_every = 0;
  problem.phantom = true;
  TrainingHistory history;
  train(9, problem, history);
  double sum = 0, squares = 0;
  for (const Figures& update : history.figures_of(0)) {
    if (!update.worker) continue;
    sum += *update.staleness / 4000;
    squares += *update.staleness * *update.staleness / 4000;
  }
  EXPECT_NEAR(sum, 7, 0.1);                  // 6.98 published, for 4000 updates
  EXPECT_NEAR(squares - sum * sum, 56, 12);  // geometric: τ(τ+1)
  EXPECT_EQ(end_with([](Choice&) {}, "random"), end_with([](Choice&) {}, "random"));
}

}  // namespace
}  // namespace troupe::algorithms
