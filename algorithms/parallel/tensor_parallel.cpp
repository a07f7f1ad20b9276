#include "algorithms/parallel/tensor_parallel.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/models/network_model.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/parallel/split_layer.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag whole{2};  // parameters of a rank, at the end, to rank 0

/// What a layer leaves of a batch on this rank, and room for gradients.
struct Trace {
  Scratch sums, outputs, gradient;  // outputs × count each
  Trace(ConstSlice like, std::size_t values)
      : sums{like, values}, outputs{like, values}, gradient{like, values} {}
};

class TensorRank {
 public:
  TensorRank(Communicator& comm, const TrainingProblem& problem, Learner& learner);

  /// One batch and the step of the optimiser; the mean loss of the batch, where there are values.
  std::optional<double> step();
  /// Brings all parameters to rank 0; empty elsewhere.
  Buffer gather();

 private:
  ConstSlice weights(const SplitLayer& layer) const {
    return parameters_.slice().subslice(layer.offset, layer.weights());
  }
  Slice gradient_of(const SplitLayer& layer) const {
    return gradient_.slice().subslice(layer.offset, layer.parameters());
  }
  bool gathers(
      std::size_t l) const {  // a split output that the next layer, or the loss, wants whole
    return layers_[l].split == Split::outputs && (!in_pairs_ || l + 1 == layers_.size());
  }
  void sum(Slice values);
  void forward(std::size_t l, const Batch& batch);
  void backward(std::size_t l, const Batch& batch);
  Slice incoming(std::size_t l, const Batch& batch) const;

  Communicator& comm_;
  const TrainingProblem& problem_;
  Learner& learner_;
  const NetworkModel& model_;
  const bool in_pairs_;
  const std::vector<SplitLayer> layers_;
  const Buffer parameters_, gradient_;
  std::unique_ptr<Optimiser> optimiser_;
  std::vector<Trace> traces_;
  std::vector<Scratch> wholes_, whole_gradients_;  // of layers whose outputs are gathered
};

std::size_t parameters_of(const std::vector<SplitLayer>& layers) {
  return layers.back().offset + layers.back().parameters();
}

TensorRank::TensorRank(Communicator& comm, const TrainingProblem& problem, Learner& learner)
    : comm_{comm},
      problem_{problem},
      learner_{learner},
      model_{dynamic_cast<const NetworkModel&>(learner.model())},
      in_pairs_{problem.strategy[TensorParallel::split] == "pairs"},
      layers_{split_layers(model_.network(), comm.size(), in_pairs_)},
      parameters_{make_buffer(problem, parameters_of(layers_))},
      gradient_{make_buffer(problem, parameters_of(layers_))},
      optimiser_{make_optimiser(problem, parameters_of(layers_))} {
  const Buffer all = make_buffer(problem, learner.size());
  learner.initialise(comm, all);
  for (const SplitLayer& layer : layers_) layer.extract(comm, all, comm.rank(), parameters_);
}

/// Σ over ranks, on all of them.
void TensorRank::sum(Slice values) {
  find_entry(Collective::allreduce, problem_.collective)
      .run(comm_, vector_of(problem_, comm_.size(), values.size()), {values, values});
}

/// What layer l takes: the batch, what was gathered, or what the layer before left here.
Slice TensorRank::incoming(std::size_t l, const Batch&) const {
  return gathers(l - 1) ? wholes_[l - 1].all() : traces_[l - 1].outputs.all();
}

void TensorRank::forward(std::size_t l, const Batch& batch) {
  const SplitLayer& layer = layers_[l];
  const Trace& trace = traces_[l];
  const ConstSlice inputs = l == 0 ? batch.inputs : ConstSlice{incoming(l, batch)};
  compute(comm_, Gemm{.m = layer.outputs(),
                      .n = batch.count,
                      .k = layer.inputs(),
                      .a = weights(layer),
                      .b = inputs,
                      .c = trace.sums.all()});
  if (layer.split == Split::inputs) sum(trace.sums.all());
  compute(comm_, AddBias{.channels = layer.outputs(),
                         .batch = batch.count,
                         .bias = parameters_.slice().subslice(layer.offset + layer.weights(),
                                                              layer.outputs()),
                         .into = trace.sums.all()});
  compute(comm_, Activation{layer.whole.activation, trace.sums.all(), trace.outputs.all()});
  if (!gathers(l)) return;
  const Slice all = wholes_[l].all();
  const Scratch parts{all, all.size()};  // one rank's rows after another's
  const auto mine = static_cast<std::size_t>(comm_.rank()) * trace.outputs.all().size();
  const Slice my_part = parts.all().subslice(mine, trace.outputs.all().size());
  compute(comm_, Copy{my_part, trace.outputs.all()});
  find_entry(Collective::allgather, "ring")
      .run(comm_, vector_of(problem_, comm_.size(), all.size()), {my_part, parts.all()});
  for (std::size_t r = 0; r < static_cast<std::size_t>(comm_.size()); ++r)
    copy_rows(comm_, {parts.all().subslice(r * my_part.size(), my_part.size()), layer.outputs(), 0,
                      all, layer.whole.outputs, r * layer.outputs(), layer.outputs(), batch.count});
}

void TensorRank::backward(std::size_t l, const Batch& batch) {
  const SplitLayer& layer = layers_[l];
  const Trace& trace = traces_[l];
  const Slice gradient = trace.gradient.all();
  if (gathers(l))
    copy_rows(comm_, {whole_gradients_[l].all(), layer.whole.outputs,
                      static_cast<std::size_t>(comm_.rank()) * layer.outputs(), gradient,
                      layer.outputs(), 0, layer.outputs(), batch.count});
  const ActivationKind activation = layer.whole.activation;
  compute(comm_, ActivationGradient{
                     activation, keeps_input(activation) ? trace.sums.all() : trace.outputs.all(),
                     gradient});
  compute(comm_, Gemm{.m = layer.outputs(),
                      .n = layer.inputs(),
                      .k = batch.count,
                      .a = gradient,
                      .b = l == 0 ? batch.inputs : ConstSlice{incoming(l, batch)},
                      .c = gradient_of(layer).first(layer.weights()),
                      .transpose_b = true});
  compute(comm_, BiasGradient{.channels = layer.outputs(),
                              .batch = batch.count,
                              .gradient = gradient,
                              .into = gradient_of(layer).drop(layer.weights())});
  if (l == 0) return;
  const Slice before =
      gathers(l - 1) ? whole_gradients_[l - 1].all() : traces_[l - 1].gradient.all();
  compute(comm_, Gemm{.m = layer.inputs(),
                      .n = batch.count,
                      .k = layer.outputs(),
                      .a = weights(layer),
                      .b = gradient,
                      .c = before,
                      .transpose_a = true});
  if (layer.split == Split::outputs) sum(before);
}

std::optional<double> TensorRank::step() {
  const Batch batch = learner_.next_batch(comm_);
  traces_.clear();
  wholes_.clear();
  whole_gradients_.clear();
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    traces_.emplace_back(parameters_, layers_[l].outputs() * batch.count);
    const std::size_t gathered = gathers(l) ? layers_[l].whole.outputs * batch.count : 0;
    wholes_.emplace_back(parameters_, gathered);
    whole_gradients_.emplace_back(parameters_, gathered);
  }
  for (std::size_t l = 0; l < layers_.size(); ++l) forward(l, batch);
  const std::size_t last = layers_.size() - 1;
  const Scratch losses{parameters_, batch.count};
  compute(comm_, Loss{.kind = model_.loss(),
                      .rows = layers_[last].whole.outputs,
                      .batch = batch.count,
                      .weight = 1 / static_cast<double>(batch.count),
                      .outputs = incoming(last + 1, batch),
                      .targets = batch.targets,
                      .losses = losses.all(),
                      .gradient = gathers(last) ? whole_gradients_[last].all()
                                                : traces_[last].gradient.all()});
  for (std::size_t l = layers_.size(); l-- > 0;) backward(l, batch);
  optimiser_->step(comm_, gradient_, parameters_);
  const std::vector<double> each = to_doubles(losses.all());
  if (each.empty()) return std::nullopt;
  return std::accumulate(each.begin(), each.end(), 0.0) / static_cast<double>(batch.count);
}

Buffer TensorRank::gather() {
  if (comm_.rank() != 0) {
    send(comm_, 0, whole, parameters_.slice());
    return {};
  }
  Buffer all = make_buffer(problem_, learner_.size());
  const Buffer theirs = make_buffer(problem_, parameters_.slice().size());
  for (Rank rank = 0; rank < comm_.size(); ++rank) {
    if (rank > 0) receive(comm_, rank, whole, theirs.slice());
    for (const SplitLayer& layer : layers_)
      layer.insert(comm_, rank > 0 ? theirs : parameters_, rank, all);
  }
  return all;
}

}  // namespace

/// Tensor parallelism (Megatron-LM: Shoeybi et al. 2019, §3), in pairs of layers:
///   a_r = g(W_r x + b_r)             W_r some rows of the first layer's W: no message
///   y = g(Σ_r V_r a_r + c)           V_r some columns of the second's: one allreduce of y
///   back: ∂/∂x = Σ_r W_rᵀ (…)        one allreduce of ∂/∂x, except before the first layer
///   a step of k pairs: 2k − 1 allreduces of a layer's values; each rank has 1/P of the weights ·
///   with split "columns": an all-gather of the outputs of each layer forwards, an allreduce
///   backwards
///
///     x ──┬─ W_0 ─ g ─ V_0 ─┐                 x ──┬─ W_0 ─ g ─┐
///         ├─ W_1 ─ g ─ V_1 ─┼ Σ ─ g ─ y           ├─ W_1 ─ g ─┼ all-gather ─ …
///         └─ W_2 ─ g ─ V_2 ─┘                     └─ W_2 ─ g ─┘
void tensor_parallel(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, 0, 1};  // all ranks draw the same batches
  TensorRank mine{comm, problem, learner};
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    const std::optional<double> loss = mine.step();
    if (reporter.report({.step = ++step, .batch_loss = loss}, {})) break;
  }
  const Buffer all = mine.gather();
  if (comm.rank() == 0) reporter.finish(step, all);
}

std::string refusal_of_tensor_parallel(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_learner(problem, 1); !why.empty()) return why;
  const auto model = make_model(problem);
  const auto* network = dynamic_cast<const NetworkModel*>(model.get());
  const auto is_dense = [](const Block& block) {
    return std::holds_alternative<DenseBlock>(block);
  };
  if (!network || !std::ranges::all_of(network->network().blocks(), is_dense))
    return "needs a model of dense layers, mlp; \"" + problem.model.kind() + "\" given";
  if (network->decay() != 0) return "splits networks without decay";
  const bool in_pairs = problem.strategy[TensorParallel::split] == "pairs";
  for (const SplitLayer& layer : split_layers(network->network(), ranks, in_pairs)) {
    const bool outputs = layer.split == Split::outputs;
    const std::size_t width = outputs ? layer.whole.outputs : layer.whole.inputs;
    if (width % static_cast<std::size_t>(ranks) != 0)
      return "splits layers into equal parts: a width of " + std::to_string(width) +
             " is no multiple of " + std::to_string(ranks) + " ranks";
  }
  return {};
}

Footprint footprint_of_tensor_parallel(const TrainingProblem& problem, int ranks) {
  const auto model = make_model(problem);
  const auto layers = split_layers(dynamic_cast<const NetworkModel&>(*model).network(), ranks,
                                   problem.strategy[TensorParallel::split] == "pairs");
  double outputs = 0;
  for (const SplitLayer& layer : layers) outputs += static_cast<double>(layer.outputs());
  Footprint mine = footprint_of_parameters(problem, static_cast<double>(parameters_of(layers)));
  mine.activations = 2 * outputs * samples_of_a_gradient(problem, 1);  // before and after g
  return mine;
}

}  // namespace troupe::algorithms
