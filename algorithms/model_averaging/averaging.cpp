#include "algorithms/model_averaging/averaging.hpp"

#include <cmath>

#include "algorithms/data_parallel/data_parallel.hpp"

namespace troupe::algorithms {

void average(Communicator& comm, const TrainingProblem& problem, std::string_view allreduce,
             Slice x, double weight) {
  compute(comm, Scale{weight, x});
  find_entry(Collective::allreduce, allreduce)
      .run(comm, vector_of(problem, comm.size(), x.size()), {x, x});
}

void local_steps(Communicator& comm, Learner& learner, Optimiser& optimiser, std::int64_t steps,
                 Slice gradient, Slice x) {
  for (std::int64_t step = 0; step < steps; ++step) {
    learner.gradient(comm, x, 1, gradient);
    optimiser.step(comm, gradient, x);
  }
}

void clip_to_norm(Communicator& comm, Slice x, double limit) {
  if (limit == 0) return;
  const auto clip = [&] {
    double squares = 0;
    for (const double value : to_doubles(x)) squares += value * value;
    if (const double norm = std::sqrt(squares); norm > limit) run_on_host(Scale{limit / norm, x});
  };
  compute(comm,
          Opaque{.reads = {x},
                 .writes = {x},
                 .work = {Flops{3.0 * static_cast<double>(x.size())}, Bytes{3 * x.size_bytes()}},
                 .body = clip});
}

}  // namespace troupe::algorithms
