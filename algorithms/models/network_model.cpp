#include "algorithms/models/network_model.hpp"

#include <algorithm>
#include <numeric>

#include "algorithms/models/off_the_clock.hpp"

namespace troupe::algorithms {
namespace {

constexpr std::size_t scored_together = 256;

/// Samples [begin, begin + count) of a batch.
Batch part(const Batch& batch, std::size_t begin, std::size_t count) {
  const auto columns = [&](ConstSlice values) {
    const std::size_t height = values.size() / batch.count;
    return values.subslice(begin * height, count * height);
  };
  return {columns(batch.inputs), columns(batch.targets), count};
}

template <class T>
bool is_right(std::span<const T> outputs, std::int32_t label) {
  if (outputs.size() == 1) return (outputs[0] > 0) == (label == 1);
  const auto largest = std::ranges::max_element(outputs);
  return largest - outputs.begin() == label;
}

}  // namespace

Tally tally(Communicator& comm, LossKind loss, std::size_t rows, ConstSlice outputs,
            const Batch& batch) {
  const Scratch losses{outputs, batch.count};
  compute(comm, Loss{.kind = loss,
                     .rows = rows,
                     .batch = batch.count,
                     .outputs = outputs,
                     .targets = batch.targets,
                     .losses = losses.all()});
  const std::vector<double> each = to_doubles(losses.all());
  Tally all{.loss = std::accumulate(each.begin(), each.end(), 0.0)};
  if (loss == LossKind::squared_error) return all;
  const HostView targets{batch.targets};
  const auto labels = targets.slice().host<std::int32_t>();
  const std::vector<double> values = to_doubles(outputs);
  all.right = 0;
  for (std::size_t j = 0; j < batch.count; ++j)
    *all.right += is_right(std::span{values}.subspan(j * rows, rows), labels[j]);
  return all;
}

std::size_t largest_part(std::size_t samples) { return std::min(samples, scored_together); }

Score score_in_parts(const Batch& batch, const std::function<Tally(const Batch& part)>& count,
                     double decay, ConstSlice parameters) {
  Tally all;
  for (std::size_t begin = 0; begin < batch.count; begin += scored_together) {
    const Tally some = count(part(batch, begin, largest_part(batch.count - begin)));
    all.loss += some.loss;
    if (some.right) all.right = all.right.value_or(0) + *some.right;
  }
  const auto samples = static_cast<double>(batch.count);
  Score score{.loss = all.loss / samples};
  if (all.right) score.accuracy = static_cast<double>(*all.right) / samples;
  if (decay == 0) return score;
  const std::vector<double> values = to_doubles(parameters);
  score.loss += decay / 2 * std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
  return score;
}

NetworkModel::NetworkModel(Network network, LossKind loss, double decay)
    : network_{std::move(network)}, loss_{loss}, decay_{decay} {
  EXPECTS(loss != LossKind::binary_cross_entropy || network_.outputs() == 1,
          "binary cross-entropy has one output");
}

void NetworkModel::initialise(Communicator& comm, Slice parameters, SplitMix64 draws) const {
  network_.initialise(comm, parameters, draws);
}

/// ∂F/∂θ = (1/B) Σ ∂ℓ/∂θ + λθ, times the weight; the loss carries weight/B backwards.
void NetworkModel::gradient(Communicator& comm, ConstSlice parameters, const Batch& batch,
                            double weight, Slice into, const LayerReady& ready) {
  if (!pass_ || pass_->capacity() < batch.count) pass_.emplace(network_, into, batch.count);
  const ConstSlice outputs = network_.forward(comm, parameters, batch.inputs, batch.count, *pass_);
  compute(comm, Loss{.kind = loss_,
                     .rows = network_.outputs(),
                     .batch = batch.count,
                     .weight = weight / static_cast<double>(batch.count),
                     .outputs = outputs,
                     .targets = batch.targets,
                     .gradient = pass_->output_gradient()});
  network_.backward(comm, parameters, *pass_, into, 0, {}, [&](std::size_t layer) {
    const auto& [name, offset, count] = network_.layers()[layer];
    if (decay_ != 0)
      compute(comm, Axpy{weight * decay_, parameters.subslice(offset, count),
                         into.subslice(offset, count)});
    if (ready) ready(layer);
  });
}

Score NetworkModel::score(ConstSlice parameters, const Batch& batch) const {
  OffTheClock alone;
  Pass pass{network_, parameters, largest_part(batch.count)};
  const auto count = [&](const Batch& some) {
    const ConstSlice outputs = network_.forward(alone, parameters, some.inputs, some.count, pass);
    return tally(alone, loss_, network_.outputs(), outputs, some);
  };
  return score_in_parts(batch, count, decay_, parameters);
}

}  // namespace troupe::algorithms
