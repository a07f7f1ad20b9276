#include "algorithms/starting_points.hpp"

#include <vector>

#include "core/random.hpp"

namespace troupe::algorithms {

void initialise_replica(Communicator& comm, const TrainingProblem& problem, const Learner& learner,
                        Slice x) {
  learner.initialise(comm, x);
  const double spread = problem.strategy[StartingPoints::spread];
  if (spread == 0) return;
  const auto move_apart = [&] {
    constexpr std::uint64_t of_starts = 0x57A7;  // a stream beside those of batches
    SplitMix64 draws = SplitMix64::of_rank(problem.seed ^ of_starts, comm.rank());
    std::vector<double> values = to_doubles(x);
    for (double& value : values) value += draws.uniform(-spread, spread);
    run_on_host(Cast{x, ConstSlice{std::span{values}}});
  };
  compute(comm, Opaque{.reads = {x},
                       .writes = {x},
                       .work = {Flops{static_cast<double>(x.size())}, Bytes{2 * x.size_bytes()}},
                       .body = move_apart});
}

}  // namespace troupe::algorithms
