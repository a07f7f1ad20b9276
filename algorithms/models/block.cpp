#include "algorithms/models/block.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::algorithms {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;  // clang before 17 does not deduce it

std::size_t weights_of(const DenseBlock& b) { return b.inputs * b.outputs; }
std::size_t weights_of(const ConvolutionBlock& b) { return b.windows.window_size() * b.filters; }
std::size_t biases_of(const DenseBlock& b) { return b.has_bias ? b.outputs : 0; }
std::size_t biases_of(const ConvolutionBlock& b) { return b.filters; }

ActivationKind activation_of(const Block& block) {
  return std::visit(Overloaded{[](const PoolingBlock&) { return ActivationKind::identity; },
                               [](const auto& b) { return b.activation; }},
                    block);
}

/// Values that meet in one sum, and sums that one value goes into.
struct Fans {
  std::size_t in, out;
};
Fans fans_of(const DenseBlock& b) { return {b.inputs, b.outputs}; }
Fans fans_of(const ConvolutionBlock& b) {
  return {b.windows.window_size(), b.filters * b.windows.window_height * b.windows.window_width};
}

template <class T>
void draw_weights(std::span<T> weights, Fans fans, ActivationKind activation, SplitMix64& draws) {
  const auto in = static_cast<double>(fans.in), out = static_cast<double>(fans.out);
  const bool is_half_linear =
      activation == ActivationKind::relu || activation == ActivationKind::gelu;
  const double spread = is_half_linear ? std::sqrt(2 / in) : std::sqrt(6 / (in + out));
  for (T& weight : weights)
    weight = static_cast<T>(spread * (is_half_linear ? draws.normal() : draws.uniform(-1, 1)));
}

/// With the activation, unless what comes before that has to be kept.
ActivationKind activation_with_bias(ActivationKind kind) {
  return keeps_input(kind) ? ActivationKind::identity : kind;
}
AddBias bias_of(const DenseBlock& b, std::size_t count, ConstSlice bias, Slice into) {
  return {.channels = b.outputs,
          .batch = count,
          .bias = bias,
          .into = into,
          .activation = activation_with_bias(b.activation)};
}
AddBias bias_of(const ConvolutionBlock& b, std::size_t count, ConstSlice bias, Slice into) {
  return {.channels = b.filters,
          .spatial = b.windows.out_pixels(),
          .batch = count,
          .bias = bias,
          .into = into,
          .activation = activation_with_bias(b.activation)};
}
BiasGradient bias_gradient_of(const AddBias& forward, ConstSlice gradient, double beta,
                              Slice into) {
  return {.channels = forward.channels,
          .spatial = forward.spatial,
          .batch = forward.batch,
          .beta = beta,
          .gradient = gradient,
          .into = into};
}

Kernel weighted_sum(const DenseBlock& b, ConstSlice weights, ConstSlice inputs, std::size_t count,
                    Slice into) {
  return Gemm{.m = b.outputs, .n = count, .k = b.inputs, .a = weights, .b = inputs, .c = into};
}
Kernel weighted_sum(const ConvolutionBlock& b, ConstSlice weights, ConstSlice inputs,
                    std::size_t count, Slice into) {
  return Convolution{b.windows, b.filters, count, inputs, weights, into};
}

Kernel weight_gradient(const DenseBlock& b, ConstSlice inputs, std::size_t count,
                       ConstSlice gradient, double beta, Slice into) {
  return Gemm{.m = b.outputs,
              .n = b.inputs,
              .k = count,
              .beta = beta,
              .a = gradient,
              .b = inputs,
              .c = into,
              .transpose_b = true};
}
Kernel weight_gradient(const ConvolutionBlock& b, ConstSlice inputs, std::size_t count,
                       ConstSlice gradient, double beta, Slice into) {
  return ConvolutionFilterGradient{b.windows, b.filters, count, beta, inputs, gradient, into};
}

}  // namespace

std::size_t inputs_of(const Block& block) {
  return std::visit(Overloaded{[](const DenseBlock& b) { return b.inputs; },
                               [](const auto& b) { return b.windows.in_size(); }},
                    block);
}
std::size_t outputs_of(const Block& block) {
  return std::visit(
      Overloaded{[](const DenseBlock& b) { return b.outputs; },
                 [](const ConvolutionBlock& b) { return b.filters * b.windows.out_pixels(); },
                 [](const PoolingBlock& b) { return b.windows.channels * b.windows.out_pixels(); }},
      block);
}
std::size_t parameters_of(const Block& block) {
  return std::visit(Overloaded{[](const PoolingBlock&) { return std::size_t{0}; },
                               [](const auto& b) { return weights_of(b) + biases_of(b); }},
                    block);
}
std::size_t weights_of(const Block& block) {
  return std::visit(Overloaded{[](const PoolingBlock&) { return std::size_t{0}; },
                               [](const auto& b) { return weights_of(b); }},
                    block);
}
std::string name_of(const Block& block) {
  return std::visit(Overloaded{[](const DenseBlock&) { return "dense"; },
                               [](const ConvolutionBlock&) { return "convolution"; },
                               [](const PoolingBlock&) { return "pooling"; }},
                    block);
}
bool keeps_sum(const Block& block) { return keeps_input(activation_of(block)); }

void initialise(const Block& block, Slice parameters, SplitMix64& draws) {
  const auto draw = [&](const auto& b, auto values) {
    draw_weights(values.first(weights_of(b)), fans_of(b), b.activation, draws);
    std::ranges::fill(values.subspan(weights_of(b)), 0);
  };
  std::visit(Overloaded{[](const PoolingBlock&) {},
                        [&](const auto& b) {
                          if (parameters.dtype() == Dtype::float32)
                            draw(b, parameters.host<float>());
                          else draw(b, parameters.host<double>());
                        }},
             block);
}

void forward(Communicator& comm, const Block& block, ConstSlice parameters, ConstSlice inputs,
             std::size_t count, const BlockTrace& trace) {
  std::visit(
      Overloaded{[&](const PoolingBlock& b) {
                   compute(comm, Pooling{b.kind, b.windows, count, inputs, trace.outputs});
                 },
                 [&](const auto& b) {
                   const Slice sums = keeps_input(b.activation) ? trace.sums : trace.outputs;
                   const std::size_t weights = weights_of(b);
                   compute(comm, weighted_sum(b, parameters.first(weights), inputs, count, sums));
                   const bool has_bias = biases_of(b) > 0;
                   if (has_bias) compute(comm, bias_of(b, count, parameters.drop(weights), sums));
                   const auto done =
                       has_bias ? activation_with_bias(b.activation) : ActivationKind::identity;
                   if (b.activation != done)
                     compute(comm, Activation{b.activation, sums, trace.outputs});
                 }},
      block);
}

void through_activation(Communicator& comm, const Block& block, const BlockTrace& trace,
                        Slice gradient) {
  const ActivationKind activation = activation_of(block);
  if (activation == ActivationKind::identity) return;
  compute(comm,
          ActivationGradient{activation, keeps_sum(block) ? trace.sums : trace.outputs, gradient});
}

void parameter_gradient(Communicator& comm, const Block& block, ConstSlice inputs,
                        std::size_t count, ConstSlice sum_gradient, double beta, Slice into) {
  std::visit(Overloaded{[](const PoolingBlock&) {},
                        [&](const auto& b) {
                          const std::size_t weights = weights_of(b);
                          compute(comm, weight_gradient(b, inputs, count, sum_gradient, beta,
                                                        into.first(weights)));
                          if (biases_of(b) > 0)
                            compute(comm, bias_gradient_of(bias_of(b, count, {}, {}), sum_gradient,
                                                           beta, into.drop(weights)));
                        }},
             block);
}

void input_gradient(Communicator& comm, const Block& block, ConstSlice parameters,
                    ConstSlice inputs, std::size_t count, const BlockTrace& trace,
                    ConstSlice sum_gradient, Slice into) {
  std::visit(Overloaded{[&](const DenseBlock& b) {
                          compute(comm, Gemm{.m = b.inputs,
                                             .n = count,
                                             .k = b.outputs,
                                             .a = parameters.first(weights_of(b)),
                                             .b = sum_gradient,
                                             .c = into,
                                             .transpose_a = true});
                        },
                        [&](const ConvolutionBlock& b) {
                          compute(comm, ConvolutionInputGradient{b.windows, b.filters, count,
                                                                 parameters.first(weights_of(b)),
                                                                 sum_gradient, into});
                        },
                        [&](const PoolingBlock& b) {
                          compute(comm, PoolingGradient{b.kind, b.windows, count, inputs,
                                                        trace.outputs, sum_gradient, into});
                        }},
             block);
}

}  // namespace troupe::algorithms
