// Bias, activation and loss: what they cost and demand, and how the host computes them. Plain loops
// whose order of summation is fixed, so that nothing depends on alignment or vector width.

#include "core/kernel_network.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "core/kernel_description.hpp"
#include "core/kernel_host.hpp"

namespace troupe {

std::string_view name_of(ActivationKind kind) noexcept {
  static constexpr std::array<std::string_view, 5> names{"identity", "tanh", "sigmoid", "relu",
                                                         "gelu"};
  return names[static_cast<std::size_t>(kind)];
}
std::string_view name_of(LossKind kind) noexcept {
  static constexpr std::array<std::string_view, 3> names{"squared_error", "softmax_cross_entropy",
                                                         "binary_cross_entropy"};
  return names[static_cast<std::size_t>(kind)];
}

namespace description {

Work work(const AddBias& k) {
  const auto activated = work(Activation{k.activation, k.into, k.into}).flops;
  return {{real(k.into.size()) + activated.value}, bytes_of({k.bias, k.into, k.into})};
}
Work work(const BiasGradient& k) {
  return {{real(k.gradient.size())}, bytes_of({k.gradient, k.into})};
}
Work work(const Activation& k) {
  static constexpr std::array<double, 5> operations{0, 1, 4, 1, 5};
  return {{operations[static_cast<std::size_t>(k.kind)] * real(k.into.size())},
          bytes_of({k.from, k.into})};
}
Work work(const ActivationGradient& k) {
  static constexpr std::array<double, 5> operations{0, 3, 3, 1, 10};
  return {{operations[static_cast<std::size_t>(k.kind)] * real(k.gradient.size())},
          bytes_of({k.kept, k.gradient, k.gradient})};
}
Work work(const Loss& k) {
  const double operations =
      (k.kind == LossKind::squared_error ? 3 : 5) + (k.gradient.empty() ? 0 : 1);
  return {{operations * real(k.outputs.size())},
          bytes_of({k.outputs, k.targets, k.losses, k.gradient})};
}

Operands operands(const AddBias& k) { return {{k.bias, k.into}, {k.into}}; }
Operands operands(const BiasGradient& k) {
  Operands all{{k.gradient}, {k.into}};
  if (k.beta != 0) all.reads.push_back(k.into);
  return all;
}
Operands operands(const Activation& k) { return {{k.from}, {k.into}}; }
Operands operands(const ActivationGradient& k) { return {{k.kept, k.gradient}, {k.gradient}}; }
Operands operands(const Loss& k) { return {{k.outputs, k.targets}, {k.losses, k.gradient}}; }

void check(const AddBias& k) {
  check_matrix(k.bias, k.channels, 1, "bias");
  check_matrix(k.into, k.spatial * k.channels, k.batch, "into");
  check_same(k.into, k.bias);
}
void check(const BiasGradient& k) {
  check_matrix(k.gradient, k.spatial * k.channels, k.batch, "gradient");
  check_matrix(k.into, k.channels, 1, "into");
  check_same(k.into, k.gradient);
}
void check(const Activation& k) {
  check_real(k.into);
  check_same(k.into, k.from);
  check_same_size(k.into, k.from);
}
void check(const ActivationGradient& k) {
  check_real(k.gradient);
  check_same(k.gradient, k.kept);
  check_same_size(k.gradient, k.kept);
}
void check(const Loss& k) {
  check_matrix(k.outputs, k.rows, k.batch, "outputs");
  if (k.kind == LossKind::squared_error) {
    check_matrix(k.targets, k.rows, k.batch, "targets");
    check_same(k.outputs, k.targets);
  } else {
    EXPECTS(k.targets.dtype() == Dtype::int32 && k.targets.size() == k.batch,
            "a cross-entropy has one int32 label a sample, not " +
                std::to_string(k.targets.size()) + ' ' + std::string{name_of(k.targets.dtype())});
    EXPECTS(k.kind != LossKind::binary_cross_entropy || k.rows == 1,
            "binary cross-entropy has one output a sample, not " + std::to_string(k.rows));
  }
  if (!k.losses.empty()) {
    check_matrix(k.losses, k.batch, 1, "losses");
    check_same(k.outputs, k.losses);
  }
  if (!k.gradient.empty()) {
    check_matrix(k.gradient, k.rows, k.batch, "gradient");
    check_same(k.outputs, k.gradient);
  }
}

}  // namespace description

namespace host {

namespace {

/// Φ, the distribution function of the standard normal.
template <class T>
T normal_distribution(T z) {
  return T{0.5} * (1 + std::erf(z / std::numbers::sqrt2_v<T>));
}
template <class T>
T normal_density(T z) {
  return std::exp(T{-0.5} * z * z) * (std::numbers::inv_sqrtpi_v<T> / std::numbers::sqrt2_v<T>);
}
template <class T>
T logistic(T z) {
  return 1 / (1 + std::exp(-z));
}

/// Calls f with g as a function of one value.
template <class T, class F>
void with_activation(ActivationKind kind, F&& f) {
  switch (kind) {
    case ActivationKind::identity: return f([](T z) { return z; });
    case ActivationKind::tanh: return f([](T z) { return std::tanh(z); });
    case ActivationKind::sigmoid: return f([](T z) { return logistic(z); });
    case ActivationKind::relu: return f([](T z) { return z < 0 ? T{0} : z; });
    case ActivationKind::gelu: return f([](T z) { return z * normal_distribution(z); });
  }
}
/// Calls f with g' as a function of what is kept.
template <class T, class F>
void with_derivative(ActivationKind kind, F&& f) {
  switch (kind) {
    case ActivationKind::identity: return f([](T) { return T{1}; });
    case ActivationKind::tanh: return f([](T a) { return 1 - a * a; });
    case ActivationKind::sigmoid: return f([](T a) { return a * (1 - a); });
    case ActivationKind::relu: return f([](T a) { return a > 0 ? T{1} : T{0}; });
    case ActivationKind::gelu:
      return f([](T z) { return normal_distribution(z) + z * normal_density(z); });
  }
}

/// The label of a sample as an index below `classes`.
std::size_t label_of(std::span<const std::int32_t> labels, std::size_t sample,
                     std::size_t classes) {
  const std::int32_t label = labels[sample];
  if (label < 0 || static_cast<std::size_t>(label) >= classes)
    throw BackendError{"Loss: label " + std::to_string(label) + " of sample " +
                       std::to_string(sample) + " of the batch is no class, 0 to " +
                       std::to_string(classes - 1) + " are"};
  return static_cast<std::size_t>(label);
}

/// The loss of one sample; its gradient is written where `gradient` is not null, which may be `y`.
template <class T>
T squared_error(std::size_t rows, T weight, const T* y, const T* t, T* gradient) {
  T sum = 0;
  const T factor = 2 * weight / static_cast<T>(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const T difference = y[i] - t[i];
    sum += difference * difference;
    if (gradient) gradient[i] = factor * difference;
  }
  return sum / static_cast<T>(rows);
}
template <class T>
T softmax_cross_entropy(std::size_t rows, T weight, const T* y, std::size_t label, T* gradient) {
  const T largest = *std::max_element(y, y + rows), chosen = y[label];
  T sum = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const T power = std::exp(y[i] - largest);
    sum += power;
    if (gradient) gradient[i] = power;
  }
  if (gradient) {
    for (std::size_t i = 0; i < rows; ++i) gradient[i] *= weight / sum;
    gradient[label] -= weight;
  }
  return std::log(sum) + (largest - chosen);
}
template <class T>
T binary_cross_entropy(T weight, T y, std::size_t label, T* gradient) {
  const T power = std::exp(-std::abs(y));  // so that no exponential overflows
  const T positive = (y < 0 ? power : T{1}) / (1 + power);
  if (gradient) *gradient = weight * (positive - static_cast<T>(label));
  const T against = label == 1 ? -y : y;
  return std::log1p(power) + (against < 0 ? T{0} : against);
}

}  // namespace

void run(const AddBias& kernel) {
  with_real(kernel.into.dtype(), [&]<class T>(std::type_identity<T>) {
    const std::span<const T> bias = kernel.bias.host<T>();
    with_activation<T>(kernel.activation, [&](auto g) {
      T* into = kernel.into.host<T>().data();
      for (std::size_t j = 0; j < kernel.batch; ++j) {
        if (kernel.spatial == 1) {
          for (std::size_t c = 0; c < kernel.channels; ++c) into[c] = g(into[c] + bias[c]);
          into += kernel.channels;
        } else {
          for (const T value : bias)
            for (std::size_t s = 0; s < kernel.spatial; ++s, ++into) *into = g(*into + value);
        }
      }
    });
  });
}

void run(const BiasGradient& kernel) {
  with_real(kernel.into.dtype(), [&]<class T>(std::type_identity<T>) {
    const T* gradient = kernel.gradient.host<T>().data();
    const std::span<T> into = kernel.into.host<T>();
    if (kernel.beta == 0) std::ranges::fill(into, T{0});
    else
      for (T& x : into) x *= static_cast<T>(kernel.beta);
    for (std::size_t j = 0; j < kernel.batch; ++j) {
      if (kernel.spatial == 1) {
        for (std::size_t c = 0; c < kernel.channels; ++c) into[c] += gradient[c];
        gradient += kernel.channels;
      } else {
        for (T& channel : into) {
          T sum = 0;
          for (std::size_t s = 0; s < kernel.spatial; ++s) sum += *gradient++;
          channel += sum;
        }
      }
    }
  });
}

void run(const Activation& kernel) {
  with_real(kernel.into.dtype(), [&]<class T>(std::type_identity<T>) {
    const std::span<const T> from = kernel.from.host<T>();
    const std::span<T> into = kernel.into.host<T>();
    with_activation<T>(kernel.kind, [&](auto g) {
      for (std::size_t i = 0; i < into.size(); ++i) into[i] = g(from[i]);
    });
  });
}

void run(const ActivationGradient& kernel) {
  with_real(kernel.gradient.dtype(), [&]<class T>(std::type_identity<T>) {
    const std::span<const T> kept = kernel.kept.host<T>();
    const std::span<T> gradient = kernel.gradient.host<T>();
    with_derivative<T>(kernel.kind, [&](auto derivative) {
      for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] *= derivative(kept[i]);
    });
  });
}

void run(const Loss& kernel) {
  with_real(kernel.outputs.dtype(), [&]<class T>(std::type_identity<T>) {
    const std::size_t rows = kernel.rows;
    const auto weight = static_cast<T>(kernel.weight);
    const bool has_labels = kernel.kind != LossKind::squared_error;
    const auto labels =
        has_labels ? kernel.targets.host<std::int32_t>() : std::span<const std::int32_t>{};
    const auto targets = has_labels ? std::span<const T>{} : kernel.targets.host<T>();
    for (std::size_t j = 0; j < kernel.batch; ++j) {
      const T* const y = kernel.outputs.host<T>().data() + j * rows;
      T* const gradient =
          kernel.gradient.empty() ? nullptr : kernel.gradient.host<T>().data() + j * rows;
      T loss = 0;
      switch (kernel.kind) {
        case LossKind::squared_error:
          loss = squared_error(rows, weight, y, targets.data() + j * rows, gradient);
          break;
        case LossKind::softmax_cross_entropy:
          loss = softmax_cross_entropy(rows, weight, y, label_of(labels, j, rows), gradient);
          break;
        case LossKind::binary_cross_entropy:
          loss = binary_cross_entropy(weight, *y, label_of(labels, j, 2), gradient);
          break;
      }
      if (!kernel.losses.empty()) kernel.losses.host<T>()[j] = loss;
    }
  });
}

}  // namespace host

}  // namespace troupe
