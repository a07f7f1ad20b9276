#pragma once
// The blocks that sequential networks are made of, as values: shape and activation, no parameters.
// What a block does is a few kernels; how blocks stand in a row is in network.hpp.

#include <cstddef>
#include <string>
#include <variant>

#include "core/communicator.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {

/// a = g(W x + b). Parameters: W (outputs × inputs, column-major), then b: together the matrix [W
/// b].
struct DenseBlock {
  std::size_t inputs = 0, outputs = 0;
  ActivationKind activation = ActivationKind::identity;
  bool has_bias = true;
};
/// a = g(filters ∗ x + b). Parameters: the filters (as Convolution has them), then a bias for each.
struct ConvolutionBlock {
  Windows windows{};
  std::size_t filters = 0;
  ActivationKind activation = ActivationKind::identity;
};
/// No parameters.
struct PoolingBlock {
  PoolingKind kind = PoolingKind::max;
  Windows windows{};
};
using Block = std::variant<DenseBlock, ConvolutionBlock, PoolingBlock>;

/// Values of one sample before and after the block, and parameters.
std::size_t inputs_of(const Block&);
std::size_t outputs_of(const Block&);
std::size_t parameters_of(const Block&);
/// Those that are no biases; they come first.
std::size_t weights_of(const Block&);
/// "dense", "convolution", "pooling"
std::string name_of(const Block&);
/// True if the sum before the activation has to be kept beside what comes after it.
bool keeps_sum(const Block&);

/// Starting values: weights normal with variance 2/fan_in before ReLU and GELU (He et al. 2015),
/// uniform in ±√(6/(fan_in + fan_out)) otherwise (Glorot and Bengio 2010), drawn in the order of
/// memory; biases 0. EXPECTS host memory.
void initialise(const Block&, Slice parameters, SplitMix64& draws);

/// What a block leaves of `count` samples: outputs × count values, and as many before the
/// activation where keeps_sum.
struct BlockTrace {
  Slice outputs{}, sums{};
};

/// inputs (inputs × count) → trace
void forward(Communicator&, const Block&, ConstSlice parameters, ConstSlice inputs,
             std::size_t count, const BlockTrace& trace);

/// Turns the gradient of the outputs, in place, into that of the sums before the activation.
void through_activation(Communicator&, const Block&, const BlockTrace& trace, Slice gradient);
/// into ← Σ over samples of the gradient of the parameters + beta · into, from that of the sums.
void parameter_gradient(Communicator&, const Block&, ConstSlice inputs, std::size_t count,
                        ConstSlice sum_gradient, double beta, Slice into);
/// into (inputs × count) ← the gradient of the inputs, from that of the sums.
void input_gradient(Communicator&, const Block&, ConstSlice parameters, ConstSlice inputs,
                    std::size_t count, const BlockTrace& trace, ConstSlice sum_gradient,
                    Slice into);

}  // namespace troupe::algorithms
