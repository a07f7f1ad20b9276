// Optimiser steps: what they cost and demand, and how the host computes them: one loop each, every
// element a function of its own operands alone.

#include "core/kernel_update.hpp"

#include <cmath>
#include <string>

#include "core/kernel_description.hpp"
#include "core/kernel_host.hpp"

namespace troupe {

namespace description {

namespace {

void check_alike(ConstSlice first, std::initializer_list<ConstSlice> others) {
  check_real(first);
  for (const ConstSlice& other : others) {
    check_same(first, other);
    check_same_size(first, other);
  }
}

}  // namespace

Work work(const MomentumStep& k) {
  const double operations = k.nesterov ? 7 : 5;
  return {{operations * real(k.gradient.size())},
          bytes_of({k.gradient, k.velocity, k.velocity, k.parameters, k.parameters})};
}
Work work(const AdamStep& k) {
  return {{14 * real(k.gradient.size())},
          bytes_of({k.gradient, k.mean, k.mean, k.squares, k.squares, k.parameters, k.parameters})};
}
Work work(const AdaGradStep& k) {
  return {{7 * real(k.gradient.size())},
          bytes_of({k.gradient, k.squares, k.squares, k.parameters, k.parameters})};
}
Work work(const DelayCompensation& k) {
  const double operations = k.squares.empty() ? 5 : 11;
  return {{operations * real(k.gradient.size())},
          bytes_of({k.parameters, k.old_parameters, k.squares, k.squares, k.gradient, k.gradient})};
}
Work work(const Interpolate& k) {
  return {{3 * real(k.into.size())}, bytes_of({k.from, k.into, k.into})};
}

Operands operands(const MomentumStep& k) {
  return {{k.gradient, k.velocity, k.parameters}, {k.velocity, k.parameters}};
}
Operands operands(const AdamStep& k) {
  return {{k.gradient, k.mean, k.squares, k.parameters}, {k.mean, k.squares, k.parameters}};
}
Operands operands(const AdaGradStep& k) {
  return {{k.gradient, k.squares, k.parameters}, {k.squares, k.parameters}};
}
Operands operands(const DelayCompensation& k) {
  return {{k.parameters, k.old_parameters, k.squares, k.gradient}, {k.squares, k.gradient}};
}
Operands operands(const Interpolate& k) { return {{k.from, k.into}, {k.into}}; }

void check(const MomentumStep& k) { check_alike(k.parameters, {k.gradient, k.velocity}); }
void check(const AdamStep& k) {
  check_alike(k.parameters, {k.gradient, k.mean, k.squares});
  EXPECTS(k.step >= 1, "steps of Adam count from 1, not " + std::to_string(k.step));
}
void check(const AdaGradStep& k) { check_alike(k.parameters, {k.gradient, k.squares}); }
void check(const DelayCompensation& k) {
  check_alike(k.gradient, {k.parameters, k.old_parameters});
  if (!k.squares.empty()) check_alike(k.gradient, {k.squares});
}
void check(const Interpolate& k) { check_alike(k.into, {k.from}); }

}  // namespace description

namespace host {

void run(const MomentumStep& kernel) {
  with_real(kernel.parameters.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto rate = static_cast<T>(kernel.rate), momentum = static_cast<T>(kernel.momentum);
    const auto share = static_cast<T>(1 - kernel.dampening);
    const std::span<const T> g = kernel.gradient.host<T>();
    const std::span<T> v = kernel.velocity.host<T>(), x = kernel.parameters.host<T>();
    if (kernel.nesterov) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        v[i] = momentum * v[i] + share * g[i];
        x[i] -= rate * (share * g[i] + momentum * v[i]);
      }
    } else {
      for (std::size_t i = 0; i < x.size(); ++i) {
        v[i] = momentum * v[i] + share * g[i];
        x[i] -= rate * v[i];
      }
    }
  });
}

void run(const AdamStep& kernel) {
  with_real(kernel.parameters.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto steps = static_cast<double>(kernel.step);
    const auto rate = static_cast<T>(kernel.rate), epsilon = static_cast<T>(kernel.epsilon);
    const auto decay = static_cast<T>(kernel.weight_decay);
    const auto keep1 = static_cast<T>(kernel.beta1), keep2 = static_cast<T>(kernel.beta2);
    const auto take1 = static_cast<T>(1 - kernel.beta1), take2 = static_cast<T>(1 - kernel.beta2);
    const auto unbias1 = static_cast<T>(1 / (1 - std::pow(kernel.beta1, steps)));
    const auto unbias2 = static_cast<T>(1 / (1 - std::pow(kernel.beta2, steps)));
    const std::span<const T> g = kernel.gradient.host<T>();
    const std::span<T> m = kernel.mean.host<T>(), s = kernel.squares.host<T>();
    const std::span<T> x = kernel.parameters.host<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      m[i] = keep1 * m[i] + take1 * g[i];
      s[i] = keep2 * s[i] + take2 * g[i] * g[i];
      x[i] -= rate * (unbias1 * m[i] / (std::sqrt(unbias2 * s[i]) + epsilon) + decay * x[i]);
    }
  });
}

void run(const AdaGradStep& kernel) {
  with_real(kernel.parameters.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto rate = static_cast<T>(kernel.rate), epsilon = static_cast<T>(kernel.epsilon);
    const std::span<const T> g = kernel.gradient.host<T>();
    const std::span<T> s = kernel.squares.host<T>(), x = kernel.parameters.host<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      s[i] += g[i] * g[i];
      x[i] -= rate * g[i] / (std::sqrt(s[i]) + epsilon);
    }
  });
}

void run(const DelayCompensation& kernel) {
  with_real(kernel.gradient.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto strength = static_cast<T>(kernel.strength), epsilon = static_cast<T>(kernel.epsilon);
    const auto keep = static_cast<T>(kernel.decay), take = static_cast<T>(1 - kernel.decay);
    const std::span<const T> x = kernel.parameters.host<T>(), old = kernel.old_parameters.host<T>();
    const std::span<T> g = kernel.gradient.host<T>();
    if (kernel.squares.empty()) {
      for (std::size_t i = 0; i < g.size(); ++i) g[i] += strength * g[i] * g[i] * (x[i] - old[i]);
      return;
    }
    const std::span<T> s = kernel.squares.host<T>();
    for (std::size_t i = 0; i < g.size(); ++i) {
      const T square = g[i] * g[i];
      s[i] = keep * s[i] + take * square;
      g[i] += strength / std::sqrt(s[i] + epsilon) * square * (x[i] - old[i]);
    }
  });
}

void run(const Interpolate& kernel) {
  with_real(kernel.into.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto weight = static_cast<T>(kernel.weight);
    const std::span<const T> from = kernel.from.host<T>();
    const std::span<T> into = kernel.into.host<T>();
    for (std::size_t i = 0; i < into.size(); ++i) into[i] += weight * (from[i] - into[i]);
  });
}

}  // namespace host

}  // namespace troupe
