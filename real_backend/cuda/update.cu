// Optimiser steps on the device: one pass over memory, every element a function of its own operands
// alone, computed as core/kernel_update.cpp does, operation by operation.

#include <cmath>

#include "real_backend/cuda/elementwise.cuh"
#include "real_backend/cuda/kernels.hpp"

namespace troupe::cuda {

namespace {

using elementwise::for_each, elementwise::In, elementwise::InOut;

template <class T>
InOut<T> updated(Slice slice) {
  return {values<T>(slice)};
}
template <class T>
In<T> read(ConstSlice slice) {
  return {values<T>(slice)};
}

template <class T, bool nesterov>
struct Momentum {
  T rate, momentum, share;
  __device__ void operator()(T& x, T& v, T g) const {
    v = momentum * v + share * g;
    if constexpr (nesterov) x -= rate * (share * g + momentum * v);
    else x -= rate * v;
  }
};

template <class T>
struct Adam {
  T rate, epsilon, decay, keep1, take1, keep2, take2, unbias1, unbias2;
  __device__ void operator()(T& x, T& m, T& s, T g) const {
    m = keep1 * m + take1 * g;
    s = keep2 * s + take2 * g * g;
    x -= rate * (unbias1 * m / (std::sqrt(unbias2 * s) + epsilon) + decay * x);
  }
};

template <class T>
struct AdaGrad {
  T rate, epsilon;
  __device__ void operator()(T& x, T& s, T g) const {
    s += g * g;
    x -= rate * g / (std::sqrt(s) + epsilon);
  }
};

template <class T>
struct ConstantCompensation {
  T strength;
  __device__ void operator()(T& g, T x, T old) const { g += strength * g * g * (x - old); }
};
template <class T>
struct AdaptiveCompensation {
  T strength, epsilon, keep, take;
  __device__ void operator()(T& g, T& s, T x, T old) const {
    const T square = g * g;
    s = keep * s + take * square;
    g += strength / std::sqrt(s + epsilon) * square * (x - old);
  }
};

template <class T>
struct Pull {
  T weight;
  __device__ void operator()(T& into, T from) const { into += weight * (from - into); }
};

}  // namespace

void launch(Stream& stream, const MomentumStep& kernel) {
  with_real(kernel.parameters.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto rate = static_cast<T>(kernel.rate), momentum = static_cast<T>(kernel.momentum);
    const auto share = static_cast<T>(1 - kernel.dampening);
    const auto step = [&](auto f) {
      for_each(stream, kernel.parameters.size(), f, updated<T>(kernel.parameters),
               updated<T>(kernel.velocity), read<T>(kernel.gradient));
    };
    if (kernel.nesterov) step(Momentum<T, true>{rate, momentum, share});
    else step(Momentum<T, false>{rate, momentum, share});
  });
}

void launch(Stream& stream, const AdamStep& kernel) {
  with_real(kernel.parameters.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto steps = static_cast<double>(kernel.step);
    const Adam<T> adam{.rate = static_cast<T>(kernel.rate),
                       .epsilon = static_cast<T>(kernel.epsilon),
                       .decay = static_cast<T>(kernel.weight_decay),
                       .keep1 = static_cast<T>(kernel.beta1),
                       .take1 = static_cast<T>(1 - kernel.beta1),
                       .keep2 = static_cast<T>(kernel.beta2),
                       .take2 = static_cast<T>(1 - kernel.beta2),
                       .unbias1 = static_cast<T>(1 / (1 - std::pow(kernel.beta1, steps))),
                       .unbias2 = static_cast<T>(1 / (1 - std::pow(kernel.beta2, steps)))};
    for_each(stream, kernel.parameters.size(), adam, updated<T>(kernel.parameters),
             updated<T>(kernel.mean), updated<T>(kernel.squares), read<T>(kernel.gradient));
  });
}

void launch(Stream& stream, const AdaGradStep& kernel) {
  with_real(kernel.parameters.dtype(), [&]<class T>(std::type_identity<T>) {
    const AdaGrad<T> adagrad{static_cast<T>(kernel.rate), static_cast<T>(kernel.epsilon)};
    for_each(stream, kernel.parameters.size(), adagrad, updated<T>(kernel.parameters),
             updated<T>(kernel.squares), read<T>(kernel.gradient));
  });
}

void launch(Stream& stream, const DelayCompensation& kernel) {
  with_real(kernel.gradient.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto strength = static_cast<T>(kernel.strength);
    const In<T> x = read<T>(kernel.parameters), old = read<T>(kernel.old_parameters);
    if (kernel.squares.empty())
      return for_each(stream, kernel.gradient.size(), ConstantCompensation<T>{strength},
                      updated<T>(kernel.gradient), x, old);
    const AdaptiveCompensation<T> adaptive{strength, static_cast<T>(kernel.epsilon),
                                           static_cast<T>(kernel.decay),
                                           static_cast<T>(1 - kernel.decay)};
    for_each(stream, kernel.gradient.size(), adaptive, updated<T>(kernel.gradient),
             updated<T>(kernel.squares), x, old);
  });
}

void launch(Stream& stream, const Interpolate& kernel) {
  with_real(kernel.into.dtype(), [&]<class T>(std::type_identity<T>) {
    for_each(stream, kernel.into.size(), Pull<T>{static_cast<T>(kernel.weight)},
             updated<T>(kernel.into), read<T>(kernel.from));
  });
}

}  // namespace troupe::cuda
