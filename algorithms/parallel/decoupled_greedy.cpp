#include "algorithms/parallel/decoupled_greedy.hpp"

#include <numeric>
#include <optional>
#include <vector>

#include "algorithms/learner.hpp"
#include "algorithms/models/network_model.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/parallel/stage.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag activation{0};  // to the next stage
constexpr Tag whole{2};       // of parameters, at the end, to rank 0

/// The rank's layers and, but on the last rank, the head that judges them.
Network own_network(const Network& network, std::span<const std::size_t> ends, Rank rank) {
  const auto r = static_cast<std::size_t>(rank);
  const Network layers = network.part(r == 0 ? 0 : ends[r - 1], ends[r]);
  std::vector<Block> blocks{layers.blocks().begin(), layers.blocks().end()};
  if (r + 1 < ends.size())
    blocks.push_back(DenseBlock{.inputs = layers.outputs(), .outputs = network.outputs()});
  return Network{std::move(blocks)};
}

std::vector<std::size_t> ends_of(const Network& network, int ranks) {
  std::vector<double> weights;
  for (const Block& block : network.blocks())
    weights.push_back(static_cast<double>(parameters_of(block)));
  return balanced_ends(weights, static_cast<std::size_t>(ranks));
}

}  // namespace

/// Decoupled greedy learning (Belilovsky, Eickenberg and Oyallon, ICML 2020, algorithm 1):
///   a_r = stage_r(a_{r−1});  ŷ_r = head_r(a_r);  θ_r ← θ_r − η c_r ∂ℓ(ŷ_r, y)/∂θ_r, c_r the weight
///   of the loss
///   a step: one message of the activations to the next rank, none back; ranks work on different
///   batches at once, and never wait for a gradient
///
///     rank 0   batch 1 ─ a ─┐ batch 2 ─ a ─┐ batch 3 …        each updates itself at once
///                head, loss │   head, loss │
///     rank 1                └ batch 1 ─ a ─┐└ batch 2 …
void decoupled_greedy(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, 0, 1};  // all ranks draw the same batches, for their labels
  const auto& model = dynamic_cast<const NetworkModel&>(learner.model());
  const auto ends = ends_of(model.network(), comm.size());
  const Network network = own_network(model.network(), ends, comm.rank());
  const bool is_first = comm.rank() == 0, is_last = comm.rank() + 1 == comm.size();
  const std::size_t stage_blocks = network.blocks().size() - (is_last ? 0 : 1);
  const Network stage = network.part(0, stage_blocks);
  const double weight =
      problem.strategy[is_last ? DecoupledGreedy::loss_weight : DecoupledGreedy::head_weight];
  const Buffer parameters = make_buffer(problem, network.size());
  const Buffer gradient = make_buffer(problem, network.size());
  const auto optimiser = make_optimiser(problem, network.size());
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  network.initialise(comm, parameters, SplitMix64::of_rank(problem.seed, comm.rank()));
  Request sending;
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    const Batch batch = learner.next_batch(comm);
    const Buffer arrived = make_buffer(problem, is_first ? 0 : network.inputs() * batch.count);
    if (!is_first) receive(comm, comm.rank() - 1, activation, arrived.slice());
    const ConstSlice inputs = is_first ? batch.inputs : ConstSlice{arrived};

    Pass pass{network, parameters, batch.count};
    network.forward(comm, parameters, inputs, batch.count, pass);
    const Buffer losses = make_buffer(problem, batch.count);
    compute(comm, Loss{.kind = model.loss(),
                       .rows = network.outputs(),
                       .batch = batch.count,
                       .weight = weight / static_cast<double>(batch.count),
                       .outputs = pass.outputs(),
                       .targets = batch.targets,
                       .losses = losses,
                       .gradient = pass.output_gradient()});
    const Buffer outgoing = make_buffer(problem, is_last ? 0 : stage.outputs() * batch.count);
    if (!is_last) {
      compute(comm, Copy{outgoing, pass.outputs_of_block(stage_blocks - 1)});
      sending = comm.isend(comm.rank() + 1, activation, outgoing.slice());
    }
    network.backward(comm, parameters, pass, gradient);
    optimiser->step(comm, gradient, parameters);
    if (sending) wait(comm, std::move(sending));

    std::optional<double> loss;
    if (const std::vector<double> each = to_doubles(losses); is_last && !each.empty())
      loss = std::accumulate(each.begin(), each.end(), 0.0) / static_cast<double>(batch.count);
    const bool enough = reporter.report({.step = ++step, .batch_loss = loss}, {});
    if (reporter.is_check(step) && agreed(comm, Op::max, enough) > 0) break;
  }

  const Slice mine = parameters.slice().first(stage.size());
  if (!is_first) return send(comm, 0, whole, mine);
  const Buffer all = make_buffer(problem, learner.size());
  compute(comm, Copy{all.slice().first(mine.size()), mine});
  std::size_t offset = mine.size();
  for (Rank rank = 1; rank < comm.size(); ++rank) {
    const auto r = static_cast<std::size_t>(rank);
    const Slice room =
        all.slice().subslice(offset, model.network().part(ends[r - 1], ends[r]).size());
    receive(comm, rank, whole, room);
    offset += room.size();
  }
  reporter.finish(step, all);
}

std::string refusal_of_decoupled_greedy(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_learner(problem, 1); !why.empty()) return why;
  const auto model = make_model(problem);
  if (!dynamic_cast<const NetworkModel*>(model.get()))
    return "needs a network, mlp or cnn; \"" + problem.model.kind() + "\" given";
  return refusal_of_stages(*model, problem.model.kind(), static_cast<std::size_t>(ranks));
}

Footprint footprint_of_decoupled_greedy(const TrainingProblem& problem, int ranks) {
  const auto model = make_model(problem);
  const Network& network = dynamic_cast<const NetworkModel&>(*model).network();
  const auto ends = ends_of(network, ranks);
  Footprint most;
  for (Rank rank = 0; rank < ranks; ++rank) {
    const Network own = own_network(network, ends, rank);
    Footprint mine = footprint_of_parameters(problem, static_cast<double>(own.size()));
    mine.activations = samples_of_a_gradient(problem, 1) * static_cast<double>(own.activations());
    if (mine.values() > most.values()) most = mine;
  }
  return most;
}

}  // namespace troupe::algorithms
