#include "algorithms/butterfly/model_parallel.hpp"

#include <algorithm>
#include <bit>
#include <memory>

#include "algorithms/butterfly/butterfly_layer.hpp"
#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/models/least_squares.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

/// One rank's block of everything.
class Part {
 public:
  Part(Communicator& comm, const TrainingProblem& problem)
      : comm_{comm},
        problem_{problem},
        learner_{problem, 0, 1},
        block_{(learner_.size() + static_cast<std::size_t>(comm.size()) - 1) /
               static_cast<std::size_t>(comm.size())},
        capacity_{(problem.batch > 0 ? problem.batch : learner_.samples()) + 1},
        weights_{make_buffer(problem, block_)},
        gathered_{make_buffer(problem, block_ * static_cast<std::size_t>(comm.size()))},
        layer_{comm.size(), comm.rank(), block_, capacity_, weights_},
        parameters_{make_buffer(problem, layer_.size() + block_)},
        gradient_{make_buffer(problem, layer_.size() + block_)},
        activations_{make_buffer(problem, block_ * capacity_)},
        outputs_{make_buffer(problem, capacity_)},
        optimiser_{make_optimiser(problem, layer_.size() + block_)} {}

  const Learner& learner() const { return learner_; }

  /// B = I, v = 0: the same start as that of the weights themselves.
  void initialise();
  void step();
  /// All weights w, on every rank: an allgather.
  ConstSlice gather();

 private:
  Slice factors() const { return parameters_.slice().first(layer_.size()); }
  Slice v() const { return parameters_.slice().drop(layer_.size()); }
  void find_weights();
  void place_inputs(const Batch& batch, Slice x) const;

  Communicator& comm_;
  const TrainingProblem& problem_;
  Learner learner_;  // of all samples: every rank draws the same
  std::size_t block_, capacity_;
  Buffer weights_;  // this rank's block of w = Bᵀ v
  Buffer gathered_;
  ButterflyLayer layer_;
  Buffer parameters_, gradient_;  // of the factors, then of v
  Buffer activations_, outputs_;
  std::unique_ptr<Optimiser> optimiser_;
};

void Part::initialise() {
  const Slice all = parameters_;
  compute(comm_, Fill{0, all});
  for (int stage = 0; stage < layer_.stages(); ++stage)
    for (std::size_t i = 0; i < block_; ++i)
      compute(comm_, Fill{1, layer_.own(factors(), stage).subslice(i * (block_ + 1), 1)});
  layer_.share_factors(comm_, factors());
  find_weights();
}

/// w ← Bᵀ v: the way back of v.
void Part::find_weights() {
  compute(comm_, Copy{weights_, v()});
  layer_.backward(comm_, factors(), 1, weights_);
}

/// x (b × (count + 1)) ← this rank's features of each sample (0 where there are no more), and w.
void Part::place_inputs(const Batch& batch, Slice x) const {
  const std::size_t features = learner_.size(), size = size_of(problem_.dtype);
  const std::size_t first = std::min(features, static_cast<std::size_t>(comm_.rank()) * block_),
                    here = std::min(block_, features - first);
  const auto place = [=, this, from = batch.inputs, count = batch.count] {
    std::ranges::fill(x.bytes(), std::byte{0});
    for (std::size_t n = 0; n < count; ++n)
      std::copy_n(from.bytes().data() + (n * features + first) * size, here * size,
                  x.bytes().data() + n * block_ * size);
  };
  compute(comm_, Opaque{.reads = {batch.inputs},
                        .writes = {x},
                        .work = {Flops{}, Bytes{2 * x.size_bytes()}},
                        .body = place});
  compute(comm_, Copy{x.drop(batch.count * block_), weights_});
}

void Part::step() {
  const Batch batch = learner_.next_batch(comm_);
  const std::size_t columns = batch.count + 1;
  const Slice x = activations_.slice().first(block_ * columns);
  const Slice outputs = outputs_.slice().first(columns), predictions = outputs.first(batch.count);
  place_inputs(batch, x);
  layer_.forward(comm_, factors(), columns, x);
  compute(
      comm_,
      Gemm{.m = columns, .n = 1, .k = block_, .a = x, .b = v(), .c = outputs, .transpose_a = true});
  find_entry(Collective::allreduce, problem_.collective)
      .run(comm_, vector_of(problem_, comm_.size(), batch.count), {predictions, predictions});
  compute(comm_, Axpy{-1, batch.targets, predictions});
  compute(comm_, Scale{1 / static_cast<double>(batch.count), predictions});
  const double ridge = problem_.model[LeastSquares::ridge];
  compute(comm_,
          Fill{ridge / static_cast<double>(learner_.samples_of_all()), outputs.drop(batch.count)});
  const Slice of_factors = gradient_.slice().first(layer_.size()),
              of_v = gradient_.slice().drop(layer_.size());
  compute(comm_, Gemm{.m = block_, .n = 1, .k = columns, .a = x, .b = outputs, .c = of_v});
  compute(comm_, Gemm{.m = block_, .n = columns, .k = 1, .a = v(), .b = outputs, .c = x});
  layer_.backward(comm_, factors(), columns, x, of_factors);
  optimiser_->step(comm_, gradient_, parameters_);
  layer_.share_factors(comm_, factors());
  find_weights();
}

ConstSlice Part::gather() {
  Problem all = vector_of(problem_, comm_.size(), gathered_.slice().size());
  const Slice mine = Partition{gathered_, comm_.size()}[comm_.rank()];
  compute(comm_, Copy{mine, weights_});
  find_entry(Collective::allgather, "ring").run(comm_, all, {mine, gathered_});
  return gathered_.slice().first(learner_.size());
}

}  // namespace

/// A model cut over the ranks by a butterfly (Dao et al., ICML 2019, and the article's "input,
/// activation, middle, update"): prediction h ↦ vᵀ B h, rank r having block r of h, v and B.
///   forwards: log2 P exchanges of b · B values, one allreduce of the B predictions · backwards:
///   log2 P exchanges of b · B values · update: b² values a stage, to the rank that uses them, and
///   log2 P exchanges of b values for w · gathering all activations instead: b · B · (P − 1)
///   the regulariser σ/2N ‖w‖² = σ/2N ‖Bᵀ v‖² is one more sample, w itself, with output gradient
///   σ/N
///
///     h_0 ──●─────●─────●── v_0 ─┐
///     h_1 ──●╳────●╲ ╱──●── v_1 ─┼─ Σ = prediction ─ residual ─▶ the same way back
///     h_2 ──●─────●╱ ╲──●── v_2 ─┤
///     h_3 ──●╳────●─────●── v_3 ─┘
void model_parallel_butterfly(Communicator& comm, const TrainingProblem& problem,
                              TrainingLog& log) {
  Part part{comm, problem};
  Reporter reporter{comm, problem, part.learner(), log, problem.stop.steps};
  ConstSlice weights;  // as last gathered
  const auto report = [&](std::int64_t step) {
    if (reporter.is_due(step)) weights = part.gather();
    return reporter.report({.step = step}, weights);
  };
  part.initialise();
  report(0);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    part.step();
    if (report(++step)) break;
  }
  reporter.finish(step, weights);
}

std::string refusal_of_model_parallel(const TrainingProblem& problem, int ranks) {
  if (ranks < 2 || !std::has_single_bit(static_cast<unsigned>(ranks)))
    return "needs a power of two of ranks, " + std::to_string(ranks) + " given";
  if (problem.model.kind() != "least_squares")
    return "cuts a model \"least_squares\", \"" + problem.model.kind() + "\" given";
  if (const std::string why = refusal_of_learner(problem, 1); !why.empty()) return why;
  try {
    return find_entry(Collective::allreduce, problem.collective)
        .refusal(vector_of(problem, ranks, std::max<std::size_t>(1, problem.batch)));
  } catch (const BadInput& unknown) {
    return unknown.what();
  }
}

}  // namespace troupe::algorithms
