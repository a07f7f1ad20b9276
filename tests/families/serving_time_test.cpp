// What a synchronous clock of the parameter server costs where nothing does but the ports: W
// workers push M bytes to S servers and pull as many, so that a port of a worker carries M each
// way, one of a server W M / S, and the narrower of the two takes all the time.

#include <gtest/gtest.h>

#include "tests/families/worlds.hpp"
#include "tests/simgrid/another_process.hpp"
#include "tests/simgrid/star.hpp"

namespace troupe::algorithms {
namespace {

constexpr double bandwidth = 1e9;
constexpr std::int64_t features = 10'000;
constexpr double one_vector = 8 * features / bandwidth;  // M β, seconds

/// Seconds of one clock on a star without latency, of ranks that compute for nothing.
double clock_of(int workers, int servers, bool colocated) {
  TrainingProblem problem = standard_problem("parameter_server");
  problem.strategy.set(ParameterServer::mode, "bsp");
  problem.strategy.set(ParameterServer::servers, servers);
  problem.strategy.set(ParameterServer::colocated, colocated);
  problem.phantom = true;
  problem.evaluate_every = 0;
  problem.model.set(LeastSquares::features, features);
  problem.data.set(samples_setting, 100);
  const test::Star star{.ranks = colocated ? workers : workers + servers,
                        .alpha = Seconds{0},
                        .bandwidth = {bandwidth}};
  const auto end_after = [&](std::int64_t steps) {
    problem.stop.steps = steps;
    return test::in_another_process([&] {
             TrainingHistory history;
             const auto program = [&](Communicator& comm) { train(comm, problem, history); };
             return std::vector{test::run_on(star, program).end.count()};
           })
        .at(0);
  };
  return end_after(11) - end_after(10);
}

TEST(SynchronousClock, TakesWhatItsNarrowestPortTakesThereAndBack) {
  // 2 max(M β, W M β / S): the server's port is what a ring allreduce does not have.
  for (const int servers : {1, 2, 4, 8, 16}) {
    const double expected = 2 * std::max(1.0, 8.0 / servers) * one_vector;
    EXPECT_NEAR(clock_of(8, servers, false), expected, 1e-6 * expected) << servers;
  }
}

TEST(SynchronousClock, OfAServerBesideEveryWorkerIsThatOfARingAllreduce) {
  // 2 M β: a ring's 2(P−1)/P M β, and the block that each worker has for the server of its own
  // rank, which passes this star as any other does.
  const double ring = 2 * 7.0 / 8 * one_vector, own_block = 2 / 8.0 * one_vector;
  EXPECT_NEAR(clock_of(8, 8, true), ring + own_block, 1e-6 * ring);
}

}  // namespace
}  // namespace troupe::algorithms
