// Mixing without waiting: it learns what synchronous mixing learns, in turn it takes the same way
// twice, and partners that are late or lost hold nobody up.

#include "algorithms/butterfly/asynchronous_mixing.hpp"

#include <gtest/gtest.h>

#include "algorithms/butterfly/mailbox.hpp"
#include "core/faulty.hpp"
#include "core/recorder.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {
namespace {

TrainingProblem unlike_shards(const char* strategy) {
  TrainingProblem problem = standard_problem(strategy);
  problem.data.partition = "sorted";
  problem.data.set(samples_setting, 2000);
  problem.optimiser.rate = 0.4;
  problem.batch = 10;
  problem.stop.steps = 1500;
  problem.evaluate_every = 0;
  return problem;
}

double gap_of(const TrainingProblem& problem, int ranks) {
  TrainingHistory history;
  train(ranks, problem, history);
  return *history.summary().back().gap;
}

TEST(AsynchronousMixing, SpreadsWhatEachRankKnowsAsSynchronousMixingDoes) {
  TrainingProblem problem = unlike_shards("asynchronous_mixing");
  problem.strategy.set(AsynchronousMixing::order, "cyclic");
  const double in_turn = gap_of(problem, 8);
  problem.strategy.set(AsynchronousMixing::order, "arrival");
  problem.strategy.set(AsynchronousMixing::patience, 10);
  const double waiting = gap_of(problem, 8);
  problem = unlike_shards("butterfly_mixing");
  const double synchronous = gap_of(problem, 8);
  problem.strategy.set(Partners::setting, "fixed");
  const double fixed = gap_of(problem, 8);
  EXPECT_LE(in_turn, 10 * synchronous);
  EXPECT_GE(fixed, 30 * in_turn);
  EXPECT_GE(fixed, 10 * waiting);
}

TEST(AsynchronousMixing, InTurnUsesWhatThePartnerHadWhenTheTwoLastMet) {
  TrainingProblem problem = standard_problem("asynchronous_mixing");
  problem.strategy.set(AsynchronousMixing::order, "cyclic");
  problem.stop.steps = 12;
  TrainingHistory history;
  train(8, problem, history);
  // The first three meetings are the first with each of three partners: nothing is known yet. A
  // value is taken when it is used, so that its age on the rank's own clock is 0.
  for (const Figures& figures : history.figures_of(5)) {
    EXPECT_EQ(figures.staleness.has_value(), figures.step > 3) << figures.step;
    EXPECT_EQ(figures.staleness.value_or(0), 0);
  }
}

TEST(AsynchronousMixing, SendsOneMessageOfAllParametersAStep) {
  for (const std::int64_t steps : {6, 12}) {
    TrainingProblem problem = standard_problem("asynchronous_mixing");
    problem.strategy.set(AsynchronousMixing::order, "cyclic");
    problem.stop.steps = steps;
    const auto logs = record_training(8, problem);
    for (const RecordedRank& log : logs) {
      EXPECT_EQ(log.messages_sent(), static_cast<std::uint64_t>(steps + 3));  // and 3 farewells
      EXPECT_EQ(log.bytes_sent(), static_cast<std::uint64_t>(160 * steps));
    }
  }
}

TEST(AsynchronousMixing, LearnsWithEveryWayToChoosePartners) {
  // In order of arrival how old the values are is up to the world: there only that it learns.
  for (const std::string_view way : Partners::ways)
    for (const int ranks : {4, 5})
      for (const auto& [order, part] : {std::pair{"cyclic", 0.1}, {"arrival", 1.0}}) {
        TrainingProblem problem = standard_problem("asynchronous_mixing");
        problem.strategy.set(Partners::setting, way);
        problem.strategy.set(AsynchronousMixing::order, order);
        if (!refusal_of_strategy(problem, ranks).empty()) continue;
        problem.data.set(samples_setting, 500);
        TrainingHistory history;
        train(ranks, problem, history);
        EXPECT_LT(*history.summary().back().gap, part * *history.summary().front().gap)
            << way << " " << order;
      }
}

TEST(AsynchronousMixing, GoesOnThroughDelaysAndWithoutALostPartner) {
  TrainingProblem problem = standard_problem("asynchronous_mixing");
  problem.data.set(samples_setting, 500);
  problem.stop.steps = 300;
  problem.strategy.set(AsynchronousMixing::patience, 0.001);
  TrainingHistory history;
  const FaultyOptions weather{
      .longest_delay = Seconds{2e-4}, .dead = {2}, .patience = Seconds{0.01}};
  run_ranks(4, [&](Communicator& comm) {
    FaultyCommunicator faulty{comm, weather};
    try {
      train(faulty, problem, history);
      EXPECT_NE(comm.rank(), 2);
    } catch (const PeerLost&) {
      EXPECT_EQ(comm.rank(), 2);  // whose own calls fail
    }
  });
  EXPECT_EQ(history.final_parameters().size(), 3u);
  for (const Rank rank : {0, 1, 3}) {
    EXPECT_EQ(history.figures_of(rank).back().step, 300);
    EXPECT_LT(*history.figures_of(rank).back().gap, *history.figures_of(rank).front().gap);
  }
}

TEST(AsynchronousMixing, EndsTogetherWhereToldSo) {
  // Rank 3 has far more to do than its neighbours 2 and 0.
  TrainingProblem problem = standard_problem("asynchronous_mixing");
  problem.data.set(samples_setting, 400);
  problem.stop.steps = 40;
  problem.strategy.set(Partners::setting, "ring");
  problem.strategy.set(AsynchronousMixing::together, true);
  TrainingHistory history;
  run_ranks(4, [&](Communicator& comm) {
    if (comm.rank() != 3) return train(comm, problem, history);
    TrainingProblem longer = problem;
    longer.stop.steps = 100'000'000;  // it would not end by itself
    longer.evaluate_every = 0;
    train(comm, longer, history);
  });
  for (const Rank rank : {0, 1, 2}) EXPECT_LE(history.figures_of(rank).back().step, 40);
  EXPECT_LT(history.figures_of(3).back().step, 100'000'000);
}

TEST(Mailbox, KeepsTheLastValueAndKnowsItsAge) {
  TrainingProblem problem;
  run_ranks(2, [&](Communicator& comm) {
    const std::vector<Rank> peers{1 - comm.rank()};
    Mailbox mailbox{comm, problem, 3, peers, false};
    EXPECT_FALSE(mailbox.has(peers[0], 100));
    std::vector<double> x(3, 1 + comm.rank());
    EXPECT_TRUE(mailbox.send(peers[0], std::span{x}));
    mailbox.listen(4);
    mailbox.listen_for(peers[0], 0, forever);
    EXPECT_EQ(mailbox.value(peers[0]).host<double>()[2], 2 - comm.rank());
    mailbox.listen(7);
    EXPECT_EQ(mailbox.age(peers[0]), 3);
    EXPECT_TRUE(mailbox.has(peers[0], 3));
    EXPECT_FALSE(mailbox.has(peers[0], 2));
    EXPECT_EQ(mailbox.close(), 0);
  });
}

TEST(Mailbox, CountsWhatCameTooLate) {
  TrainingProblem problem;
  run_ranks(2, [&](Communicator& comm) {
    const std::vector<Rank> peers{1 - comm.rank()};
    Mailbox mailbox{comm, problem, 3, peers, true};
    const std::vector<double> x(3, 1);
    if (comm.rank() == 0) {
      mailbox.send(1, std::span{x});
      mailbox.send(1, std::span{x});
    } else {
      EXPECT_TRUE(mailbox.next(0));
    }
    EXPECT_EQ(mailbox.close(), comm.rank() == 1 ? 1 : 0);
    EXPECT_FALSE(mailbox.lost(peers[0]));
  });
}

TEST(AsynchronousMixing, RefusesWhatNoPartnersCanBe) {
  const TrainingProblem problem = standard_problem("asynchronous_mixing");
  EXPECT_EQ(refusal_of_strategy(problem, 6), "needs a power of two of ranks, 6 given");
  EXPECT_EQ(refusal_of_strategy(problem, 8), "");
}

}  // namespace
}  // namespace troupe::algorithms
