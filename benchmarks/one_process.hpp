#pragma once
// Data parallel training without a world: the gradients, copies, additions and updates of all
// ranks, one after another in one thread, on memory of the same sizes. What simulating it costs is
// what it takes beyond this.

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "algorithms/learner.hpp"
#include "algorithms/models/off_the_clock.hpp"
#include "algorithms/optimisers/optimiser.hpp"

namespace troupe::bench {

/// One rank's memory.
struct Replica {
  Replica(const algorithms::TrainingProblem& problem, int rank, int ranks)
      : learner{problem, rank, ranks},
        optimiser{algorithms::make_optimiser(problem, learner.size())},
        parameters{algorithms::make_buffer(problem, learner.size())},
        gradient{algorithms::make_buffer(problem, learner.size())},
        block{gradient, ranks},
        incoming{gradient, block.largest()} {}

  algorithms::Learner learner;
  std::unique_ptr<algorithms::Optimiser> optimiser;
  Buffer parameters, gradient;
  Partition block;  ///< of the gradient
  Scratch incoming;
};

/// The ring's copies and additions, all ranks together, step by step.
inline void ring_of(std::deque<Replica>& replicas, Communicator& alone) {
  const int n = static_cast<int>(replicas.size());
  const auto at = [&](int i) -> Replica& {
    return replicas[static_cast<std::size_t>((i + n) % n)];
  };
  for (int step = 0; step < n - 1; ++step) {
    for (int me = 0; me < n; ++me) {
      const Slice from = at(me).block[me - step];
      compute(alone, Copy{at(me + 1).incoming.first(from.size()), from});
    }
    for (int me = 0; me < n; ++me) {
      const Slice into = at(me).block[me - step - 1];
      compute(alone, Reduce{Op::sum, into, at(me).incoming.first(into.size())});
    }
  }
  for (int step = 0; step < n - 1; ++step)
    for (int me = 0; me < n; ++me)
      compute(alone, Copy{at(me + 1).block[me + 1 - step], at(me).block[me + 1 - step]});
}

/// What rank 0 ends with.
inline std::vector<double> train_in_one_process(const algorithms::TrainingProblem& problem,
                                                int ranks) {
  algorithms::OffTheClock alone;
  std::deque<Replica> replicas;
  for (int rank = 0; rank < ranks; ++rank) replicas.emplace_back(problem, rank, ranks);
  replicas.front().learner.initialise(alone, replicas.front().parameters);
  for (Replica& replica : replicas)
    compute(alone, Copy{replica.parameters, replicas.front().parameters});
  for (std::int64_t step = 0; step < problem.stop.steps; ++step) {
    for (Replica& replica : replicas)
      replica.learner.gradient(alone, replica.parameters, replica.learner.share(),
                               replica.gradient);
    ring_of(replicas, alone);
    for (Replica& replica : replicas)
      replica.optimiser->step(alone, replica.gradient, replica.parameters);
  }
  for (const Replica& replica : replicas) replica.learner.evaluate(replica.parameters);
  return algorithms::to_doubles(replicas.front().parameters);
}

}  // namespace troupe::bench
