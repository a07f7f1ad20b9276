// Convolution and pooling: what they cost and demand, and how the host computes them. A convolution
// is a product for each image: its windows, unfolded, are the rows of a matrix, and the filters the
// columns of another (Chellapilla, Puri and Simard 2006).

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "core/kernel_description.hpp"
#include "core/kernel_host.hpp"

namespace troupe {

std::string_view name_of(PoolingKind kind) noexcept {
  static constexpr std::array<std::string_view, 2> names{"max", "average"};
  return names[static_cast<std::size_t>(kind)];
}

namespace description {

namespace {

template <class K>
Flops product_flops(const K& k) {
  return {2 * real(k.batch) * real(k.filters) * real(k.windows.out_pixels()) *
          real(k.windows.window_size())};
}
template <class K>
Flops window_flops(const K& k) {
  return {real(k.batch) * real(k.windows.out_pixels()) * real(k.windows.window_size())};
}

void check_windows(const Windows& w) {
  EXPECTS(w.fits(), "a window of " + std::to_string(w.window_height) + "x" +
                        std::to_string(w.window_width) + " with stride " +
                        std::to_string(w.stride) + " does not slide over an image of " +
                        std::to_string(w.height) + "x" + std::to_string(w.width) +
                        " with padding " + std::to_string(w.padding));
}
void check_convolution(const Windows& w, std::size_t filters, std::size_t batch, ConstSlice image,
                       ConstSlice filter, ConstSlice output) {
  check_windows(w);
  check_matrix(image, w.in_size(), batch, "of the input");
  check_matrix(filter, w.window_size(), filters, "of the filter");
  check_matrix(output, w.out_pixels() * filters, batch, "of the output");
  check_same(image, filter);
  check_same(image, output);
}
void check_pooling(const Windows& w, std::size_t batch, ConstSlice image, ConstSlice output) {
  check_windows(w);
  EXPECTS(w.padding < std::min(w.window_height, w.window_width),
          "padding of " + std::to_string(w.padding) + " leaves windows of a pooling empty");
  check_matrix(image, w.in_size(), batch, "of the input");
  check_matrix(output, w.out_pixels() * w.channels, batch, "of the output");
  check_same(image, output);
}

}  // namespace

Work work(const Convolution& k) {
  return {product_flops(k), bytes_of({k.input, k.filter, k.output})};
}
Work work(const ConvolutionInputGradient& k) {
  return {product_flops(k), bytes_of({k.filter, k.output_gradient, k.input_gradient})};
}
Work work(const ConvolutionFilterGradient& k) {
  return {product_flops(k), bytes_of({k.input, k.output_gradient, k.filter_gradient})};
}
Work work(const Pooling& k) { return {window_flops(k), bytes_of({k.input, k.output})}; }
Work work(const PoolingGradient& k) {
  return {window_flops(k), bytes_of({k.input, k.output, k.output_gradient, k.input_gradient})};
}

Operands operands(const Convolution& k) { return {{k.input, k.filter}, {k.output}}; }
Operands operands(const ConvolutionInputGradient& k) {
  return {{k.filter, k.output_gradient}, {k.input_gradient}};
}
Operands operands(const ConvolutionFilterGradient& k) {
  Operands all{{k.input, k.output_gradient}, {k.filter_gradient}};
  if (k.beta != 0) all.reads.push_back(k.filter_gradient);
  return all;
}
Operands operands(const Pooling& k) { return {{k.input}, {k.output}}; }
Operands operands(const PoolingGradient& k) {
  return {{k.input, k.output, k.output_gradient}, {k.input_gradient}};
}

void check(const Convolution& k) {
  check_convolution(k.windows, k.filters, k.batch, k.input, k.filter, k.output);
}
void check(const ConvolutionInputGradient& k) {
  check_convolution(k.windows, k.filters, k.batch, k.input_gradient, k.filter, k.output_gradient);
}
void check(const ConvolutionFilterGradient& k) {
  check_convolution(k.windows, k.filters, k.batch, k.input, k.filter_gradient, k.output_gradient);
}
void check(const Pooling& k) { check_pooling(k.windows, k.batch, k.input, k.output); }
void check(const PoolingGradient& k) {
  check_pooling(k.windows, k.batch, k.input_gradient, k.output_gradient);
  if (k.kind == PoolingKind::average && k.input.empty() && k.output.empty()) return;
  check_pooling(k.windows, k.batch, k.input, k.output);
  check_same(k.input, k.input_gradient);
}

}  // namespace description

namespace host {

namespace {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
template <class T>
using View = Eigen::Map<Matrix<T>>;
template <class T>
using ConstView = Eigen::Map<const Matrix<T>>;

Eigen::Index index(std::size_t size) { return static_cast<Eigen::Index>(size); }

/// Outputs [begin, end) of a row of `length` whose windows have value `offset` inside an input row
/// of `width`.
struct Inside {
  std::size_t begin, end;
};
Inside inside(std::size_t offset, std::size_t padding, std::size_t stride, std::size_t width,
              std::size_t length) {
  const std::size_t begin = offset < padding ? (padding - offset + stride - 1) / stride : 0;
  const std::size_t end =
      width + padding > offset ? (width + padding - offset - 1) / stride + 1 : 0;
  return {std::min(begin, length), std::clamp(end, std::min(begin, length), length)};
}

/// For one value of the windows, (channel, row offset, column offset), calls f(place, pixel, count)
/// for each run of `count` outputs from `place` on that see image values from `pixel` on, a stride
/// apart. What no call covers is padding.
template <class F>
void for_each_run(const Windows& w, std::size_t channel, std::size_t row, std::size_t column,
                  F&& f) {
  const Inside rows = inside(row, w.padding, w.stride, w.height, w.out_height());
  const Inside columns = inside(column, w.padding, w.stride, w.width, w.out_width());
  if (columns.begin == columns.end) return;
  for (std::size_t y = rows.begin; y < rows.end; ++y)
    f(y * w.out_width() + columns.begin,
      (channel * w.height + y * w.stride + row - w.padding) * w.width + columns.begin * w.stride +
          column - w.padding,
      columns.end - columns.begin);
}

/// Calls f(column of the unfolded matrix, channel, row offset, column offset).
template <class F>
void for_each_window_value(const Windows& w, F&& f) {
  std::size_t value = 0;
  for (std::size_t channel = 0; channel < w.channels; ++channel)
    for (std::size_t row = 0; row < w.window_height; ++row)
      for (std::size_t column = 0; column < w.window_width; ++column)
        f(value++, channel, row, column);
}

/// unfolded: out_pixels × window_size, a row for each window.
template <class T>
void unfold(const Windows& w, const T* image, Matrix<T>& unfolded) {
  for_each_window_value(w, [&](std::size_t value, auto... place) {
    T* const column = unfolded.data() + value * w.out_pixels();
    if (w.padding > 0) std::fill_n(column, w.out_pixels(), T{0});
    for_each_run(w, place..., [&](std::size_t at, std::size_t pixel, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) column[at + i] = image[pixel + i * w.stride];
    });
  });
}
/// Its transpose: adds each value of `unfolded` to the pixel it would have come from.
template <class T>
void fold(const Windows& w, const Matrix<T>& unfolded, T* image) {
  for_each_window_value(w, [&](std::size_t value, auto... place) {
    const T* const column = unfolded.data() + value * w.out_pixels();
    for_each_run(w, place..., [&](std::size_t at, std::size_t pixel, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) image[pixel + i * w.stride] += column[at + i];
    });
  });
}

template <class T>
Matrix<T> unfolded_like(const Windows& w) {
  return {index(w.out_pixels()), index(w.window_size())};
}
template <class T>
ConstView<T> filter_view(const Windows& w, std::size_t filters, ConstSlice slice) {
  return {slice.host<T>().data(), index(w.window_size()), index(filters)};
}
/// The output of one sample as out_pixels × filters.
template <class T>
ConstView<T> output_view(const Windows& w, std::size_t filters, ConstSlice slice,
                         std::size_t sample) {
  return {slice.host<T>().data() + sample * w.out_pixels() * filters, index(w.out_pixels()),
          index(filters)};
}

/// The value that a max pooling takes from a window, as an index into the image of one channel.
template <class T>
std::size_t largest_in(const Windows& w, const T* channel, std::size_t y, std::size_t x) {
  const auto first = [&](std::size_t out) {
    return out * w.stride > w.padding ? out * w.stride - w.padding : 0;
  };
  const auto last = [&](std::size_t out, std::size_t window, std::size_t length) {
    return std::min(out * w.stride + window - w.padding, length);
  };
  std::size_t best = first(y) * w.width + first(x);
  for (std::size_t row = first(y); row < last(y, w.window_height, w.height); ++row)
    for (std::size_t column = first(x); column < last(x, w.window_width, w.width); ++column) {
      const T value = channel[row * w.width + column];
      if (value > channel[best] || std::isnan(value)) best = row * w.width + column;
    }
  return best;
}

/// How many values of the windows at each place are not padding.
template <class T>
std::vector<T> covered(const Windows& w) {
  std::vector<T> counts(w.out_pixels(), T{0});
  for (std::size_t row = 0; row < w.window_height; ++row)
    for (std::size_t column = 0; column < w.window_width; ++column)
      for_each_run(w, 0, row, column, [&](std::size_t at, std::size_t, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) counts[at + i] += 1;
      });
  return counts;
}

/// Calls f(image of a channel, its output) as offsets, for each channel of each sample.
template <class F>
void for_each_channel(const Windows& w, std::size_t batch, F&& f) {
  for (std::size_t c = 0; c < batch * w.channels; ++c)
    f(c * w.height * w.width, c * w.out_pixels());
}

}  // namespace

void run(const Convolution& kernel) {
  with_real(kernel.output.dtype(), [&]<class T>(std::type_identity<T>) {
    const Windows& w = kernel.windows;
    Matrix<T> unfolded = unfolded_like<T>(w);
    const auto filter = filter_view<T>(w, kernel.filters, kernel.filter);
    for (std::size_t j = 0; j < kernel.batch; ++j) {
      unfold(w, kernel.input.host<T>().data() + j * w.in_size(), unfolded);
      View<T>{kernel.output.host<T>().data() + j * w.out_pixels() * kernel.filters,
              index(w.out_pixels()), index(kernel.filters)}
          .noalias() = unfolded * filter;
    }
  });
}

void run(const ConvolutionInputGradient& kernel) {
  with_real(kernel.input_gradient.dtype(), [&]<class T>(std::type_identity<T>) {
    const Windows& w = kernel.windows;
    Matrix<T> unfolded = unfolded_like<T>(w);
    const auto filter = filter_view<T>(w, kernel.filters, kernel.filter);
    const std::span<T> images = kernel.input_gradient.host<T>();
    std::ranges::fill(images, T{0});
    for (std::size_t j = 0; j < kernel.batch; ++j) {
      unfolded.noalias() =
          output_view<T>(w, kernel.filters, kernel.output_gradient, j) * filter.transpose();
      fold(w, unfolded, images.data() + j * w.in_size());
    }
  });
}

void run(const ConvolutionFilterGradient& kernel) {
  with_real(kernel.filter_gradient.dtype(), [&]<class T>(std::type_identity<T>) {
    const Windows& w = kernel.windows;
    Matrix<T> unfolded = unfolded_like<T>(w);
    View<T> gradient{kernel.filter_gradient.host<T>().data(), index(w.window_size()),
                     index(kernel.filters)};
    if (kernel.beta == 0) gradient.setZero();
    else gradient *= static_cast<T>(kernel.beta);
    for (std::size_t j = 0; j < kernel.batch; ++j) {
      unfold(w, kernel.input.host<T>().data() + j * w.in_size(), unfolded);
      gradient.noalias() +=
          unfolded.transpose() * output_view<T>(w, kernel.filters, kernel.output_gradient, j);
    }
  });
}

void run(const Pooling& kernel) {
  with_real(kernel.output.dtype(), [&]<class T>(std::type_identity<T>) {
    const Windows& w = kernel.windows;
    const T* const input = kernel.input.host<T>().data();
    T* const output = kernel.output.host<T>().data();
    if (kernel.kind == PoolingKind::max) {
      for_each_channel(w, kernel.batch, [&](std::size_t image, std::size_t out) {
        for (std::size_t y = 0; y < w.out_height(); ++y)
          for (std::size_t x = 0; x < w.out_width(); ++x)
            output[out++] = input[image + largest_in(w, input + image, y, x)];
      });
      return;
    }
    const std::vector<T> counts = covered<T>(w);
    for_each_channel(w, kernel.batch, [&](std::size_t image, std::size_t out) {
      std::fill_n(output + out, w.out_pixels(), T{0});
      for (std::size_t row = 0; row < w.window_height; ++row)
        for (std::size_t column = 0; column < w.window_width; ++column)
          for_each_run(w, 0, row, column,
                       [&](std::size_t at, std::size_t pixel, std::size_t count) {
                         for (std::size_t i = 0; i < count; ++i)
                           output[out + at + i] += input[image + pixel + i * w.stride];
                       });
      for (std::size_t i = 0; i < w.out_pixels(); ++i) output[out + i] /= counts[i];
    });
  });
}

void run(const PoolingGradient& kernel) {
  with_real(kernel.input_gradient.dtype(), [&]<class T>(std::type_identity<T>) {
    const Windows& w = kernel.windows;
    const T* const from = kernel.output_gradient.host<T>().data();
    const std::span<T> into = kernel.input_gradient.host<T>();
    std::ranges::fill(into, T{0});
    if (kernel.kind == PoolingKind::max) {
      const T* const input = kernel.input.host<T>().data();
      for_each_channel(w, kernel.batch, [&](std::size_t image, std::size_t out) {
        for (std::size_t y = 0; y < w.out_height(); ++y)
          for (std::size_t x = 0; x < w.out_width(); ++x)
            into[image + largest_in(w, input + image, y, x)] += from[out++];
      });
      return;
    }
    const std::vector<T> counts = covered<T>(w);
    for_each_channel(w, kernel.batch, [&](std::size_t image, std::size_t out) {
      for (std::size_t row = 0; row < w.window_height; ++row)
        for (std::size_t column = 0; column < w.window_width; ++column)
          for_each_run(
              w, 0, row, column, [&](std::size_t at, std::size_t pixel, std::size_t count) {
                for (std::size_t i = 0; i < count; ++i)
                  into[image + pixel + i * w.stride] += from[out + at + i] / counts[at + i];
              });
    });
  });
}

}  // namespace host

}  // namespace troupe
