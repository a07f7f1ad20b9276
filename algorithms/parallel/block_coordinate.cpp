#include "algorithms/parallel/block_coordinate.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

/// The layers in `count` runs of neighbours, as even as they can be by their number.
std::vector<Layer> groups_of(std::span<const Layer> layers, std::size_t count) {
  count = std::min(count, layers.size());
  std::vector<Layer> groups(count);
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    Layer& group = groups[layer * count / layers.size()];
    if (group.count == 0) group.offset = layers[layer].offset;
    group.count += layers[layer].count;
  }
  return groups;
}

}  // namespace

/// Block-coordinate training (Tseng 2001 for descent by blocks; the convolutions first, then the
/// dense layers): J steps on one group of layers, the others frozen and not communicated.
///   ḡ_G = Σ_r p_r ∂f_r/∂x_G;  x_G ← step along ḡ_G;  after J steps the next group
///   a step: an allreduce of the group's part of M · one group is data parallel
///
///     step          0 1 2 … J−1 │ J … 2J−1 │ 2J …
///     trained       layers 1, 2 │ layer 3  │ layers 1, 2
void block_coordinate(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const Buffer x = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  const Entry& allreduce = find_entry(Collective::allreduce, problem.collective);
  const std::vector<Layer> groups = groups_of(
      learner.layers(), static_cast<std::size_t>(problem.strategy[BlockCoordinate::groups]));
  std::vector<std::unique_ptr<Optimiser>> optimisers;
  for (const Layer& group : groups) optimisers.push_back(make_optimiser(problem, group.count));
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  learner.initialise(comm, x);
  reporter.report({}, x);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    const auto turn =
        static_cast<std::size_t>(step / problem.strategy[BlockCoordinate::steps_per_group]) %
        groups.size();
    const Slice part = gradient.slice().subslice(groups[turn].offset, groups[turn].count);
    learner.gradient(comm, x, learner.share(), gradient);
    allreduce.run(comm, vector_of(problem, comm.size(), part.size()), {part, part});
    optimisers[turn]->step(comm, part, x.slice().subslice(groups[turn].offset, part.size()));
    if (reporter.report({.step = ++step}, x)) break;
  }
  reporter.finish(step, x);
}

}  // namespace troupe::algorithms
