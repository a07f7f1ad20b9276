#include "algorithms/models/network.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::algorithms {
namespace {

template <class T>
void scale_to(double scale, std::span<T> values) {
  double squares = 0;
  for (const T value : values) squares += static_cast<double>(value) * static_cast<double>(value);
  if (squares == 0) return;
  const double factor = scale / std::sqrt(squares / static_cast<double>(values.size()));
  for (T& value : values) value = static_cast<T>(factor * static_cast<double>(value));
}

}  // namespace

Network::Network(std::vector<Block> blocks) : blocks_{std::move(blocks)} {
  EXPECTS(!blocks_.empty(), "a network has a block at least");
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    EXPECTS(i == 0 || inputs_of(blocks_[i]) == outputs_of(blocks_[i - 1]),
            "block " + std::to_string(i) + " takes " + std::to_string(inputs_of(blocks_[i])) +
                " values, the one before gives " + std::to_string(outputs_of(blocks_[i - 1])));
    const std::size_t count = parameters_of(blocks_[i]);
    offsets_.push_back(size_);
    if (count > 0) layers_.push_back({name_of(blocks_[i]) + std::to_string(i), size_, count});
    size_ += count;
  }
  offsets_.push_back(size_);
}

std::size_t Network::activations() const {
  std::size_t values = 0;
  for (const Block& block : blocks_) values += outputs_of(block) * (keeps_sum(block) ? 2 : 1);
  return values;
}

Network Network::part(std::size_t first, std::size_t last) const {
  EXPECTS(first < last && last <= blocks_.size(), "a part of a network is a range of its blocks");
  const auto at = [&](std::size_t i) { return blocks_.begin() + static_cast<std::ptrdiff_t>(i); };
  return Network{{at(first), at(last)}};
}

void Network::initialise(Communicator& comm, Slice parameters, SplitMix64 draws) const {
  EXPECTS(parameters.size() == size_, "the parameters are those of the network");
  const auto draw = [this, parameters, draws]() mutable {
    for (std::size_t i = 0; i < blocks_.size(); ++i)
      algorithms::initialise(
          blocks_[i], parameters.subslice(offsets_[i], offsets_[i + 1] - offsets_[i]), draws);
  };
  compute(comm, Opaque{.reads = {},
                       .writes = {parameters},
                       .work = {Flops{}, Bytes{parameters.size_bytes()}},
                       .body = draw});
}

void Network::scale_weights(Communicator& comm, Slice parameters, double scale) const {
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const Slice weights = parameters.subslice(offsets_[i], weights_of(blocks_[i]));
    const auto body = [scale, weights] {
      if (weights.dtype() == Dtype::float32) scale_to(scale, weights.host<float>());
      else scale_to(scale, weights.host<double>());
    };
    if (!weights.empty())
      compute(comm, Opaque{.reads = {weights},
                           .writes = {weights},
                           .work = {Flops{3 * static_cast<double>(weights.size())},
                                    Bytes{3 * weights.size_bytes()}},
                           .body = body});
  }
}

ConstSlice Network::forward(Communicator& comm, ConstSlice parameters, ConstSlice inputs,
                            std::size_t count, Pass& pass) const {
  EXPECTS(count <= pass.capacity(), "a pass has room for the samples that take it");
  pass.inputs_ = inputs;
  pass.count_ = count;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const BlockTrace trace = pass.trace(i);
    algorithms::forward(comm, blocks_[i],
                        parameters.subslice(offsets_[i], offsets_[i + 1] - offsets_[i]), inputs,
                        count, trace);
    inputs = trace.outputs;
  }
  return inputs;
}

void Network::backward(Communicator& comm, ConstSlice parameters, Pass& pass, Slice into,
                       double beta, Slice input_gradient, const LayerReady& ready) const {
  std::size_t layer = layers_.size();
  for (std::size_t i = blocks_.size(); i-- > 0;) {
    const std::size_t offset = offsets_[i], size = offsets_[i + 1] - offset;
    const ConstSlice inputs = i == 0 ? pass.inputs_ : ConstSlice{pass.trace(i - 1).outputs};
    const Slice gradient = pass.gradient_at(i + 1);
    through_activation(comm, blocks_[i], pass.trace(i), gradient);
    if (size > 0) {
      parameter_gradient(comm, blocks_[i], inputs, pass.count(), gradient, beta,
                         into.subslice(offset, size));
      --layer;
      if (ready) ready(layer);
    }
    const Slice further = i == 0 ? input_gradient : pass.gradient_at(i);
    if (!further.empty())
      algorithms::input_gradient(comm, blocks_[i], parameters.subslice(offset, size), inputs,
                                 pass.count(), pass.trace(i), gradient, further);
  }
}

Pass::Pass(const Network& network, ConstSlice like, std::size_t capacity) : capacity_{capacity} {
  for (const Block& block : network.blocks()) {
    const std::size_t width = outputs_of(block);
    widths_.push_back(width);
    outputs_.emplace_back(like, width * capacity);
    sums_.emplace_back(like, keeps_sum(block) ? width * capacity : 0);
  }
  for (int i = 0; i < 2; ++i) gradients_.emplace_back(like, std::ranges::max(widths_) * capacity);
}

BlockTrace Pass::trace(std::size_t block) const {
  const std::size_t values = widths_[block] * count_;
  const Slice sums = sums_[block].all();
  return {outputs_[block].first(values), sums.empty() ? sums : sums.first(values)};
}

Slice Pass::gradient_at(std::size_t place) const {
  return gradients_[place % 2].first(widths_[place - 1] * count_);
}

}  // namespace troupe::algorithms
