// What waiting costs where the time of a gradient is random: a synchronous server waits for the
// slowest of its workers, an asynchronous one for none.
//
// Service times are exponential with mean 1/speed. P workers of speed 1 finish a round together
// after the largest of P times, H_P = 1 + 1/2 + … + 1/P on average, and together make P gradients a
// unit of time if nobody waits: the ratio for as many gradients is H_P, 2.717857 for P = 8.
// With one worker of speed 1/4 among the eight, the largest has mean
//   ∫ 1 − (1−e^−t)^7 (1−e^(−t/4)) dt = H_7 + B(1/4, 8) = 2.592857 + 2.181466,
// and nobody waiting 7.25 gradients are made a unit of time: the ratio is 4.774322 · 7.25 / 8.

#include <gtest/gtest.h>

#include "tests/families/worlds.hpp"
#include "tests/loggp/star.hpp"

namespace troupe::algorithms {
namespace {

/// What `rounds` gradients for each of the workers cost: seconds, and the mean of the staleness and
/// its variance.
struct Cost {
  double time, staleness, variance;
};

/// On workers of these speeds, a network and a server that cost nothing.
Cost cost_of(const std::string& mode, int rounds, const std::vector<double>& speeds,
             std::uint64_t seed = 1) {
  TrainingProblem problem = standard_problem("parameter_server");
  problem.strategy.set(ParameterServer::mode, mode);
  problem.phantom = true;
  problem.evaluate_every = 0;
  problem.stop.steps = rounds;
  problem.data.set(samples_setting, 1000);
  const auto ranks = static_cast<int>(speeds.size()) + 1;
  const test::StarNetwork network{ranks, 1, Seconds{0}, {1e18}, true};
  std::vector<sim::loggp::Seat> seats{{.host = "server", .processor = {}}};
  for (const double speed : speeds)
    seats.push_back(
        {.host = "worker" + std::to_string(seats.size()), .processor = {.speed = {1e9 * speed}}});
  TrainingHistory history;
  const auto result = sim::loggp::simulate(
      network, seats, [&](Communicator& comm) { train(comm, problem, history); },
      {.jitter = {.kind = sim::Jitter::Kind::exponential, .seed = seed}});
  double sum = 0, squares = 0;
  for (const Figures& update : history.figures_of(0))
    if (update.worker) sum += *update.staleness, squares += *update.staleness * *update.staleness;
  const double updates = rounds * static_cast<double>(speeds.size()), mean = sum / updates;
  return {
      .time = result.end.count(), .staleness = mean, .variance = squares / updates - mean * mean};
}

double time_of(const std::string& mode, int rounds, const std::vector<double>& speeds,
               std::uint64_t seed = 1) {
  return cost_of(mode, rounds, speeds, seed).time;
}

const std::vector<double> equal(8, 1.0), one_slow{1, 1, 1, 1, 1, 1, 1, 0.25};

TEST(ExponentialService, MakesASynchronousServerWaitForTheLargestOfEightTimes) {
  constexpr double harmonic_8 = 761.0 / 280;
  const double ratio = time_of("bsp", 3000, equal) / time_of("asp", 3000, equal);
  EXPECT_NEAR(ratio / harmonic_8, 1, 0.03);
}

TEST(ExponentialService, MakesEightWorkersWaitForOneThatIsFourTimesSlower) {
  constexpr double expected = 4.774322 * 7.25 / 8;
  const double ratio = time_of("bsp", 6000, one_slow) / time_of("asp", 6000, one_slow);
  EXPECT_NEAR(ratio / expected, 1, 0.03);
}

TEST(ExponentialService, MakesGradientsAsStaleAsServiceAtRandom) {
  // The sum of τ + 1 over the updates of a worker is the version its last one leads to. The last
  // eight of 4000 are one of each: 8 · 4000 − 28 in all, so that the mean of τ is 7 − 28/4000 =
  // 6.993. (6.98 published, of a run that was cut off.) Each is anyone's, so τ is geometric, with
  // the variance 7 · 8 where workers in turn have none.
  const Cost cost = cost_of("asp", 500, equal);
  EXPECT_NEAR(cost.staleness, 6.993, 1e-9);
  EXPECT_NEAR(cost.variance, 56, 12);
}

TEST(ExponentialService, TakesTheSameTimeInEveryRunAndAnotherWithAnotherSeed) {
  const double once = time_of("asp", 20, equal, 1);
  EXPECT_EQ(time_of("asp", 20, equal, 1), once);
  EXPECT_NE(time_of("asp", 20, equal, 2), once);
}

}  // namespace
}  // namespace troupe::algorithms
