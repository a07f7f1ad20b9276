#pragma once
// Blocks in a row, forwards and backwards, for whoever trains the whole or, in a pipeline, a part
// of it. No loss and no data here.

#include <cstddef>
#include <span>
#include <vector>

#include "algorithms/models/block.hpp"
#include "algorithms/models/model.hpp"

namespace troupe::algorithms {

class Pass;

/// A sequential network: its shape, not its parameters, which are one vector, block after block.
class Network {
 public:
  /// EXPECTS at least one block, each taking what the one before gives.
  explicit Network(std::vector<Block> blocks);

  std::size_t size() const { return size_; }
  std::size_t inputs() const { return inputs_of(blocks_.front()); }
  std::size_t outputs() const { return outputs_of(blocks_.back()); }
  /// Values that one sample leaves in a Pass, gradients not counted.
  std::size_t activations() const;
  std::span<const Block> blocks() const { return blocks_; }
  /// One for each block that has parameters, "dense0", "convolution2", …, by the block's place.
  std::span<const Layer> layers() const { return layers_; }
  /// Blocks [first, last) as a network of their own: a stage of a pipeline.
  Network part(std::size_t first, std::size_t last) const;

  /// Block after block as block.hpp says, from `draws`.
  void initialise(Communicator& comm, Slice parameters, SplitMix64 draws) const;
  /// Divides the weights of each block by their root mean square and multiplies them by `scale`;
  /// biases stay. A block of zeros stays too.
  void scale_weights(Communicator& comm, Slice parameters, double scale) const;
  /// inputs (inputs × count) → outputs (outputs × count), which stay in the pass with all that the
  /// way back needs. The inputs are not copied: they must live until backward.
  ConstSlice forward(Communicator& comm, ConstSlice parameters, ConstSlice inputs,
                     std::size_t count, Pass& pass) const;
  /// The way back of the samples of the last forward, from pass.output_gradient(), which is used
  /// up. into ← the gradient of the parameters + beta · into; tells `ready` which layer's part is
  /// final, last layer first, before going on to the layer in front. `input_gradient` (inputs ×
  /// count) is written unless empty.
  void backward(Communicator& comm, ConstSlice parameters, Pass& pass, Slice into, double beta = 0,
                Slice input_gradient = {}, const LayerReady& ready = {}) const;

 private:
  std::vector<Block> blocks_;
  std::vector<std::size_t> offsets_;  // of the parameters of each block, and their end
  std::vector<Layer> layers_;
  std::size_t size_ = 0;
};

/// One micro-batch on its way through a network: all outputs, and room for gradients.
class Pass {
 public:
  /// For up to `capacity` samples, in memory like `like`.
  Pass(const Network& network, ConstSlice like, std::size_t capacity);
  std::size_t capacity() const { return capacity_; }
  std::size_t count() const { return count_; }
  /// outputs × count: what the last forward gave, and where its gradient is put before backward.
  Slice outputs() const { return outputs_of_block(widths_.size() - 1); }
  /// What block `block` gave.
  Slice outputs_of_block(std::size_t block) const { return trace(block).outputs; }
  Slice output_gradient() const { return gradient_at(widths_.size()); }

 private:
  friend class Network;
  BlockTrace trace(std::size_t block) const;
  /// Of what stands before block `place`, in turns one of two buffers.
  Slice gradient_at(std::size_t place) const;

  std::size_t capacity_, count_ = 0;
  ConstSlice inputs_;
  std::vector<std::size_t> widths_;  // outputs of each block
  std::vector<Scratch> outputs_, sums_;
  std::vector<Scratch> gradients_;
};

}  // namespace troupe::algorithms
