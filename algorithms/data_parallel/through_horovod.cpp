#include "algorithms/data_parallel/through_horovod.hpp"

#include <string>
#include <utility>
#include <vector>

#include "algorithms/catalogue.hpp"
#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/horovod/horovod.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

using horovod::Handle;
using horovod::Horovod;

horovod::Options options_of(const TrainingProblem& problem) {
  horovod::Options options;
  const auto threshold = problem.strategy[ThroughHorovod::fusion_threshold];
  options.fusion_threshold = Bytes{static_cast<std::uint64_t>(threshold)};
  options.cycle_time = Seconds{problem.strategy[ThroughHorovod::cycle_time]};
  options.allreduce = problem.collective;
  options.layout = problem.layout;
  return options;
}

/// The sum over ranks of a gradient, layer by layer, each begun when backward has finished it.
class LayerSums {
 public:
  LayerSums(Horovod& hvd, const Learner& learner, Slice gradient)
      : hvd_{hvd}, learner_{learner}, gradient_{gradient} {}

  void ready(std::size_t layer) {
    const Slice values = values_of(layer);
    if (values.empty()) return;
    begun_.emplace_back(
        layer, hvd_.allreduce_async({values, {values.size()}}, "layer " + std::to_string(layer),
                                    {.op = horovod::ReduceOp::sum}));
  }
  void finish() {
    for (auto& [layer, handle] : begun_) {
      const auto sum = hvd_.synchronize(std::move(handle));
      compute(hvd_.communicator(), Copy{values_of(layer), sum.slice()});
    }
    begun_.clear();
  }

 private:
  Slice values_of(std::size_t layer) const {
    const Layer& part = learner_.layers()[layer];
    return gradient_.subslice(part.offset, part.count);
  }

  Horovod& hvd_;
  const Learner& learner_;
  Slice gradient_;
  std::vector<std::pair<std::size_t, Handle>> begun_;
};

}  // namespace

/// Data parallel stochastic gradient descent over Horovod's interface (Sergeev and Del Balso 2018,
/// §4): a layer's gradient is announced when backward has finished it; what all ranks have
/// announced is summed, fused up to a threshold.
///   ḡ = Σ_r p_r g_r(x),  x ← x − η ḡ,  p_r = samples of rank r / samples of all
///
///     backward   layer 3 │ layer 2 │ layer 1
///     cycle      ────────┴─ 3, 2 ──┴─ 1 ──          announced to rank 0
///     allreduce            │ 3 and 2 as one │ 1 │   while backward goes on
void through_horovod(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer parameters = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  if (comm.rank() == 0) learner.initialise(comm, parameters);
  const Problem whole = vector_of(problem, comm.size(), learner.size());
  find_entry(Collective::broadcast, "binomial").run(comm, whole, {parameters, parameters});
  Horovod hvd{comm, options_of(problem)};
  LayerSums sums{hvd, learner, gradient};
  reporter.report({}, optimiser->estimate(parameters));
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    learner.gradient(comm, parameters, learner.share(), gradient,
                     [&](std::size_t layer) { sums.ready(layer); });
    sums.finish();
    optimiser->step(comm, gradient, parameters);
    if (reporter.report({.step = ++step}, optimiser->estimate(parameters))) break;
  }
  hvd.shutdown();
  reporter.finish(step, optimiser->estimate(parameters));
}

}  // namespace troupe::algorithms
