#pragma once
// The alternating direction method of multipliers, for consensus among neighbours or of all.

#include <array>
#include <string>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What decentralised_admm and consensus_admm can be told.
struct Admm {
  static constexpr Number penalty{
      .name = "penalty",
      .fallback = 2,
      .help = "c, or rho: weight of disagreement against the functions themselves"};
  static constexpr std::array<AnySetting, 1> settings{&penalty};
};

/// Neighbours on problem.graph agree; no rate. f_i as ConvexShard has them, from their optima.
/// Deterministic on every backend. How often a node evaluates its own f_i depends on values, what
/// it sends does not.
void decentralised_admm(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);
/// The same by one allreduce a step, `problem.collective`, without a graph.
void consensus_admm(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why they cannot serve the problem on so many ranks, or empty.
std::string refusal_of_decentralised_admm(const TrainingProblem& problem, int ranks);
std::string refusal_of_consensus_admm(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
