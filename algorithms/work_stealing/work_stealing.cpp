#include "algorithms/work_stealing/work_stealing.hpp"

#include <map>
#include <numeric>
#include <optional>

#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"
#include "algorithms/work_stealing/chunks.hpp"

namespace troupe::algorithms {
namespace {

/// The samples of all shards, in chunks; a shard is read when a chunk of it is first used.
class Shards {
 public:
  Shards(const TrainingProblem& problem, int shards) : problem_{problem}, shards_{shards} {}

  Learner& learner(int shard) {
    const auto found = learners_.find(shard);
    if (found != learners_.end()) return found->second;
    return learners_.try_emplace(shard, problem_, shard, shards_).first->second;
  }
  /// All chunks of a shard: as many as told, or one for each sample if there are fewer.
  std::vector<Chunk> chunks_of(int shard) {
    std::vector<Chunk> chunks(parts(shard));
    for (std::size_t i = 0; i < chunks.size(); ++i)
      chunks[i] = {.shard = shard, .index = static_cast<std::int32_t>(i)};
    return chunks;
  }
  /// `gradient` ← the chunk's part of the gradient of the mean loss of all samples.
  void gradient_of(Communicator& comm, const Chunk& chunk, ConstSlice x, Slice gradient) {
    Learner& mine = learner(chunk.shard);
    const auto index = static_cast<std::size_t>(chunk.index);
    const std::size_t count = mine.samples(), n = parts(chunk.shard);
    std::vector<std::size_t> samples((index + 1) * count / n - index * count / n);
    std::iota(samples.begin(), samples.end(), index * count / n);
    const double weight =
        static_cast<double>(samples.size()) / static_cast<double>(mine.samples_of_all());
    mine.model().gradient(comm, x, mine.batch_of(comm, samples), weight, gradient);
  }

 private:
  std::size_t parts(int shard) {
    return std::min(static_cast<std::size_t>(problem_.strategy[WorkStealing::chunks]),
                    learner(shard).samples());
  }

  const TrainingProblem& problem_;
  int shards_;
  std::map<int, Learner> learners_;
};

}  // namespace

/// Work stealing of the shards of an epoch (Blumofe and Leiserson, JACM 46(5), 1999):
///   own chunks from the front; without any: the last half of the chunks of a random other rank;
///   nobody has any: g = Σ over all ranks (allreduce),  x ← x − η g
///   makespan ≤ W / Σ speeds + a chunk on the slowest rank + O(latency · log P), where fixed shards
///   take as long as the slowest · a steal: 16 bytes and 8 a chunk, 2 messages
///
///     fast     ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇ steals ▇▇▇▇ steals ▇ │ Σ
///     fast     ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇     steals ▇▇▇▇▇     │
///     slow     ▇▇▇▇ ▇▇▇▇ ▇▇▇▇ ▇▇▇▇ ▇▇▇▇              │        each sample once
/// An allreduce ends on a rank when all have begun it, and a rank begins it when it no longer
/// steals; so nobody is asked for chunks of an epoch that is over.
void work_stealing(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Shards shards{problem, comm.size()};
  Learner& learner = shards.learner(comm.rank());
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer x = make_buffer(problem, learner.size()),
               gradient = make_buffer(problem, x.slice().size()),
               part = make_buffer(problem, x.slice().size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};
  const Problem whole = vector_of(problem, comm.size(), learner.size());
  const Entry& allreduce = find_entry(Collective::allreduce, problem.collective);
  ChunkDeque mine;
  const auto largest = static_cast<std::size_t>(problem.strategy[WorkStealing::chunks]);
  Robbery robbery{comm, mine, largest, problem.seed};

  learner.initialise(comm, x);
  reporter.report({}, optimiser->estimate(x));
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    const Loot before = robbery.loot();
    mine.push(shards.chunks_of(comm.rank()));
    compute(comm, Fill{0, gradient});
    do {
      for (Chunk chunk; mine.pop(chunk);) {
        shards.gradient_of(comm, chunk, x, part);
        compute(comm, Axpy{1, part, gradient});
      }
    } while (problem.strategy[WorkStealing::stealing] && robbery.steal());
    allreduce.run(comm, whole, {gradient, gradient});
    optimiser->step(comm, gradient, x);
    const Loot now = robbery.loot();
    const Figures figures{.step = ++step,
                          .steals = static_cast<double>(now.steals - before.steals),
                          .steal_bytes = static_cast<double>(now.bytes - before.bytes)};
    if (reporter.report(figures, optimiser->estimate(x))) break;
  }
  robbery.end();
  reporter.finish(step, optimiser->estimate(x));
}

std::string refusal_of_work_stealing(const TrainingProblem& problem, int ranks) {
  if (problem.optimiser.accumulate != 1)
    return "an epoch is one gradient of all samples; there is nothing to accumulate";
  return refusal_of_replicas(problem, ranks);
}

}  // namespace troupe::algorithms
