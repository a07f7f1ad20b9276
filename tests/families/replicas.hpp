#pragma once
// What tests of replicas and of their means have in common.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/families/worlds.hpp"

namespace troupe::algorithms {

inline std::vector<double> trained(int ranks, const TrainingProblem& problem, Rank rank = 0) {
  TrainingHistory history;
  train(ranks, problem, history);
  return history.final_parameters().at(rank);
}

inline TrainingProblem whole_shards(std::string strategy, std::int64_t steps) {
  TrainingProblem problem = standard_problem(std::move(strategy));
  problem.data.set(samples_setting, 1003);
  problem.stop.steps = steps;
  return problem;
}

inline void expect_close(const std::vector<double>& a, const std::vector<double>& b) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_LE(distance(a, b), 1e-12 * norm(b));
  EXPECT_GT(norm(b), 0);
}

}  // namespace troupe::algorithms
