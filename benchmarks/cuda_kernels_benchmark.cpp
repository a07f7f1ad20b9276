// How near the device's kernels are to what the device can do: passes over memory beside its own
// copy, cuBLAS and Thrust; products beside the same calls of cuBLAS; the step of a perceptron
// beside its products alone. Medians of rounds timed by events, all in one run. Prints tables, and
// JSON lines into a file.
//
//   cuda_kernels_benchmark [FILE]

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "benchmarks/cuda_thrust.cuh"
#include "core/kernel.hpp"
#include "core/random.hpp"
#include "real_backend/cuda/cuda_call.hpp"
#include "real_backend/cuda/device.hpp"
#include "real_backend/cuda/kernels.hpp"

namespace {

using namespace troupe;
using cuda::check_call, cuda::Device, cuda::Stream;

constexpr std::size_t MiB = std::size_t{1} << 20;
using Action = std::function<void()>;

class Events {
 public:
  Events() {
    for (cudaEvent_t* event : {&begin_, &end_})
      check_call(cudaEventCreate(event), "cudaEventCreate");
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events() {
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
  }
  /// Seconds from the beginning to the end of what `action` launches on the stream.
  double time(cudaStream_t stream, const Action& action) {
    check_call(cudaEventRecord(begin_, stream), "cudaEventRecord");
    action();
    check_call(cudaEventRecord(end_, stream), "cudaEventRecord");
    check_call(cudaEventSynchronize(end_), "cudaEventSynchronize");
    float milliseconds = 0;
    check_call(cudaEventElapsedTime(&milliseconds, begin_, end_), "cudaEventElapsedTime");
    return milliseconds * 1e-3;
  }

 private:
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

/// Seconds one call takes: the median of 21 rounds after warming up, each of as many calls in a row
/// as take 2 ms, so that what an event costs is not seen.
double median_time(cudaStream_t stream, const Action& action) {
  Events events;
  for (int i = 0; i < 2; ++i) action();
  const double once = events.time(stream, action);
  const int calls = std::clamp(static_cast<int>(2e-3 / once), 1, 50);
  std::vector<double> times(21);
  for (double& time : times)
    time = events.time(stream, [&] {
      for (int i = 0; i < calls; ++i) action();
    });
  std::ranges::sort(times);
  return times[times.size() / 2] / calls;
}

class Report {
 public:
  explicit Report(const char* path) : file_{path ? std::fopen(path, "w") : nullptr} {}
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;
  ~Report() {
    if (file_) std::fclose(file_);
  }
  void line(const std::string& json) {
    if (file_) fmt::print(file_, "{}\n", json);
  }

 private:
  std::FILE* file_;
};

Buffer random_values(Device& device, std::size_t count, Dtype dtype, std::uint64_t seed) {
  SplitMix64 random{seed};
  std::vector<double> values(std::min<std::size_t>(count, MiB));
  for (double& value : values) value = random.uniform(-1, 1);
  Buffer here{values.size(), dtype}, there{count, dtype, device.memory()};
  run_on_host(Cast{here, std::span{values}});
  for (std::size_t at = 0; at < count; at += values.size()) {
    const std::size_t part = std::min(values.size(), count - at);
    copy_from_host(there.slice().subslice(at, part), here.slice().first(part));
  }
  return there;
}

void launch(Stream& stream, const Kernel& kernel) {
  std::visit(
      [&]<class K>(const K& k) {
        if constexpr (!std::is_same_v<K, Opaque>) cuda::launch(stream, k);
      },
      kernel);
}

// ---- passes over memory

struct Pass {
  std::string name;
  Kernel kernel;
  Action by_cublas{}, by_thrust{};
};

void measure_passes(Device& device, Report& report) {
  const std::size_t n = 64 * MiB;  // 256 MiB of float32
  std::array<Buffer, 4> buffers;
  for (std::size_t i = 0; i < buffers.size(); ++i)
    buffers[i] = random_values(device, n, Dtype::float32, i + 1);
  const Slice x = buffers[0], y = buffers[1], m = buffers[2], s = buffers[3];
  Buffer halves{n, Dtype::float16, device.memory()},
      large{256 * MiB, Dtype::float32, device.memory()},
      larger{256 * MiB, Dtype::float32, device.memory()};
  Buffer channels{4096, Dtype::float32, device.memory()},
      losses{n / 4096, Dtype::float32, device.memory()};
  Stream stream;
  const cudaStream_t on = stream.get();
  const auto floats = [](Slice slice) { return reinterpret_cast<float*>(slice.address()); };
  check_call(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  for (const Slice zero : {large.slice(), larger.slice(), channels.slice()})
    launch(stream, Fill{0, zero});
  const float tiny = 1e-6f, near_one = 1.0000001f;

  const auto copy_rate = [&](Slice into, Slice from) {
    const double seconds = median_time(on, [&] {
      check_call(cudaMemcpyAsync(into.address(), from.address(), from.size_bytes(),
                                 cudaMemcpyDeviceToDevice, on),
                 "cudaMemcpyAsync");
    });
    return 2 * static_cast<double>(from.size_bytes()) / seconds;
  };
  const double copying = copy_rate(y, x), copying_large = copy_rate(larger, large);
  fmt::print("cudaMemcpyAsync on the device: {:.0f} GB/s for 256 MiB, {:.0f} GB/s for 1 GiB\n\n",
             copying / 1e9, copying_large / 1e9);

  std::vector<Pass> passes{
      {"Copy", Copy{y, x}},
      {"Copy, 1 GiB", Copy{larger, large}},
      {"Reduce, sum", Reduce{Op::sum, y, x},
       [&] {
         check_call(
             cublasSaxpy(stream.cublas(), static_cast<int>(n), &tiny, floats(x), 1, floats(y), 1),
             "cublasSaxpy");
       },
       [&] { bench::thrust_sum(on, n, floats(x), floats(y)); }},
      {"Reduce, both at 1", Reduce{Op::sum, y.drop(1), x.drop(1)}},
      {"Reduce, at 1 and 2", Reduce{Op::sum, y.subslice(1, n - 2), x.drop(2)}},
      {"Axpy", Axpy{1e-6, x, y},
       [&] {
         check_call(
             cublasSaxpy(stream.cublas(), static_cast<int>(n), &tiny, floats(x), 1, floats(y), 1),
             "cublasSaxpy");
       },
       [&] { bench::thrust_axpy(on, n, tiny, floats(x), floats(y)); }},
      {"Scale", Scale{near_one, y},
       [&] {
         check_call(cublasSscal(stream.cublas(), static_cast<int>(n), &near_one, floats(y), 1),
                    "cublasSscal");
       },
       [&] { bench::thrust_scale(on, n, near_one, floats(y)); }},
      {"Fill", Fill{0.5, m}, {}, [&] { bench::thrust_fill(on, n, 0.5f, floats(m)); }},
      {"Cast to float16", Cast{halves, x}},
      {"Interpolate", Interpolate{1e-6, x, y}},
      {"MomentumStep",
       MomentumStep{.rate = 1e-6, .momentum = 0.9, .gradient = x, .velocity = m, .parameters = y}},
      {"AdamStep", AdamStep{.rate = 1e-6, .gradient = x, .mean = m, .squares = s, .parameters = y}},
      {"Activation, ReLU", Activation{ActivationKind::relu, x, m}},
      {"Activation, GELU", Activation{ActivationKind::gelu, x, m}},
      {"AddBias, 4096x16384",
       AddBias{.channels = 4096, .batch = n / 4096, .bias = channels, .into = y}},
      {"BiasGradient, same",
       BiasGradient{.channels = 4096, .batch = n / 4096, .gradient = x, .into = channels}},
      {"Loss, squared error", Loss{.rows = 4096,
                                   .batch = n / 4096,
                                   .weight = 1e-6,
                                   .outputs = x,
                                   .targets = y,
                                   .losses = losses,
                                   .gradient = m}},
  };
  launch(stream, Fill{0.5, s});  // squares are not negative
  fmt::print("{:<22} {:>9} {:>8} {:>11} {:>13} {:>13}\n", "256 MiB an operand", "us", "GB/s",
             "% of copy", "cuBLAS GB/s", "Thrust GB/s");
  for (const Pass& pass : passes) {
    const auto bytes = static_cast<double>(work(pass.kernel).bytes.value);
    const auto rate = [&](const Action& action) {
      return action ? bytes / median_time(on, action) : 0;
    };
    const double ours = rate([&] { launch(stream, pass.kernel); });
    const double cublas = rate(pass.by_cublas), thrust = rate(pass.by_thrust);
    const double reference = pass.name == "Copy, 1 GiB" ? copying_large : copying;
    const auto text = [](double value) {
      return value > 0 ? fmt::format("{:.0f}", value / 1e9) : std::string{"-"};
    };
    fmt::print("{:<22} {:>9.1f} {:>8.0f} {:>11.1f} {:>13} {:>13}\n", pass.name, bytes / ours * 1e6,
               ours / 1e9, 100 * ours / reference, text(cublas), text(thrust));
    report.line(fmt::format(
        R"({{"pass": "{}", "bytes": {:.0f}, "bytes_per_second": {:.5g}, "of_copy": {:.4f}, "cublas": {:.5g}, "thrust": {:.5g}}})",
        pass.name, bytes, ours, ours / reference, cublas, thrust));
  }
  check_call(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
}

// ---- products

/// cuBLAS as it stands, with a handle of its own. In bf16 it gets operands that already are
/// bfloat16, where Gemm also has to round them.
class Direct {
 public:
  Direct(const Stream& stream, Float32Products products) : products_{products} {
    check_call(cublasCreate(&blas_), "cublasCreate");
    check_call(cublasSetStream(blas_, stream.get()), "cublasSetStream");
    if (products == Float32Products::tf32)
      check_call(cublasSetMathMode(blas_, CUBLAS_TF32_TENSOR_OP_MATH), "cublasSetMathMode");
  }
  Direct(const Direct&) = delete;
  Direct& operator=(const Direct&) = delete;
  ~Direct() { cublasDestroy(blas_); }
  void multiply(int n, Slice a, Slice b, Slice c) {
    const auto product = [&]<class T>(auto call, T one, T zero) {
      const auto values = [](Slice slice) { return reinterpret_cast<T*>(slice.address()); };
      check_call(call(blas_, CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, values(a), n, values(b), n,
                      &zero, values(c), n),
                 "cublas gemm");
    };
    if (products_ == Float32Products::bf16) {
      const float one = 1, zero = 0;
      check_call(cublasGemmEx(blas_, CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, a.address(),
                              CUDA_R_16BF, n, b.address(), CUDA_R_16BF, n, &zero, c.address(),
                              CUDA_R_32F, n, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
                 "cublasGemmEx");
    } else if (a.dtype() == Dtype::float32) product(&cublasSgemm, 1.0f, 0.0f);
    else product(&cublasDgemm, 1.0, 0.0);
  }

 private:
  cublasHandle_t blas_ = nullptr;
  Float32Products products_;
};

struct Precision {
  const char* name;
  Dtype dtype;
  Float32Products products;
};

void measure_products(Device& device, Report& report) {
  // bf16: our time includes rounding both operands, cuBLAS gets them rounded.
  fmt::print("\n{:<16} {:>6} {:>10} {:>10} {:>14} {:>10}\n", "Gemm", "n", "ms", "Tflop/s",
             "cuBLAS alone", "ratio");
  for (const Precision& precision :
       {Precision{"float32", Dtype::float32, Float32Products::exact},
        Precision{"tf32", Dtype::float32, Float32Products::tf32},
        Precision{"bf16 + rounding", Dtype::float32, Float32Products::bf16},
        Precision{"float64", Dtype::float64, Float32Products::exact}}) {
    Stream stream{precision.products};
    Direct direct{stream, precision.products};
    for (const std::size_t n : {1024u, 2048u, 4096u, 8192u}) {
      const Buffer a = random_values(device, n * n, precision.dtype, 11);
      const Buffer b = random_values(device, n * n, precision.dtype, 12);
      const Buffer c{n * n, precision.dtype, device.memory()};
      check_call(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
      const Gemm gemm{.m = n, .n = n, .k = n, .a = a, .b = b, .c = c};
      const auto through_us = [&] {
        return median_time(stream.get(), [&] { cuda::launch(stream, gemm); });
      };
      std::array<Buffer, 2> rounded;
      Slice direct_a = a, direct_b = b;
      if (precision.products == Float32Products::bf16) {
        for (Buffer& buffer : rounded) buffer = Buffer{n * n, Dtype::bfloat16, device.memory()};
        check_call(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
        launch(stream, Cast{direct_a = rounded[0], a});
        launch(stream, Cast{direct_b = rounded[1], b});
      }
      const auto by_itself = [&] {
        return median_time(stream.get(),
                           [&] { direct.multiply(static_cast<int>(n), direct_a, direct_b, c); });
      };
      // One, the other, the other, the one: what changes while they run (the clock, as the chip
      // warms up) falls on both.
      const double first = through_us(), second = by_itself(), third = by_itself();
      const double ours = (first + through_us()) / 2, alone = (second + third) / 2;
      const double flops = work(gemm).flops.value;
      fmt::print("{:<16} {:>6} {:>10.3f} {:>10.1f} {:>14.1f} {:>10.3f}\n", precision.name, n,
                 ours * 1e3, flops / ours / 1e12, flops / alone / 1e12, alone / ours);
      report.line(fmt::format(
          R"({{"gemm": "{}", "n": {}, "flops_per_second": {:.5g}, "cublas": {:.5g}, "ratio": {:.4f}}})",
          precision.name, n, flops / ours, flops / alone, alone / ours));
      check_call(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    }
  }
}

// ---- a step of training

/// A perceptron of 4096-4096-4096 with a ReLU, mean squared error, batch 8192, gradient descent:
/// the kernels of one step, and its products alone.
class Perceptron {
 public:
  static constexpr std::size_t width = 4096, batch = 8192;

  explicit Perceptron(Device& device) {
    std::uint64_t seed = 20;
    for (Buffer* matrix : {&w1_, &w2_}) {
      *matrix = random_values(device, width * width, Dtype::float32, ++seed);
      launch(setting_up_, Scale{0.02, *matrix});
    }
    for (Buffer* gradient : {&dw1_, &dw2_})
      *gradient = Buffer{width * width, Dtype::float32, device.memory()};
    for (Buffer* bias : {&b1_, &b2_, &db1_, &db2_}) {
      *bias = Buffer{width, Dtype::float32, device.memory()};
      check_call(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
      launch(setting_up_, Fill{0, *bias});
    }
    for (Buffer* values : {&x_, &t_})
      *values = random_values(device, width * batch, Dtype::float32, ++seed);
    for (Buffer* values : {&hidden_, &outputs_, &dhidden_})
      *values = Buffer{width * batch, Dtype::float32, device.memory()};
    losses_ = Buffer{batch, Dtype::float32, device.memory()};
    check_call(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }

  std::vector<Kernel> step() const {
    std::vector<Kernel> all;
    all.push_back(product(width, batch, width, w1_, x_, hidden_));
    all.push_back(AddBias{width, 1, batch, b1_, hidden_});
    all.push_back(Activation{ActivationKind::relu, hidden_, hidden_});
    all.push_back(product(width, batch, width, w2_, hidden_, outputs_));
    all.push_back(AddBias{width, 1, batch, b2_, outputs_});
    all.push_back(Loss{.rows = width,
                       .batch = batch,
                       .weight = 1.0 / batch,
                       .outputs = outputs_,
                       .targets = t_,
                       .losses = losses_,
                       .gradient = outputs_});
    all.push_back(BiasGradient{width, 1, batch, 0, outputs_, db2_});
    all.push_back(product(width, width, batch, outputs_, hidden_, dw2_, false, true));
    all.push_back(product(width, batch, width, w2_, outputs_, dhidden_, true));
    all.push_back(ActivationGradient{ActivationKind::relu, hidden_, dhidden_});
    all.push_back(BiasGradient{width, 1, batch, 0, dhidden_, db1_});
    all.push_back(product(width, width, batch, dhidden_, x_, dw1_, false, true));
    all.push_back(Axpy{-0.01, dw1_, w1_});
    all.push_back(Axpy{-0.01, dw2_, w2_});
    all.push_back(Axpy{-0.01, db1_, b1_});
    all.push_back(Axpy{-0.01, db2_, b2_});
    return all;
  }

 private:
  static Gemm product(std::size_t m, std::size_t n, std::size_t k, ConstSlice a, ConstSlice b,
                      Slice c, bool transpose_a = false, bool transpose_b = false) {
    return {.m = m,
            .n = n,
            .k = k,
            .a = a,
            .b = b,
            .c = c,
            .transpose_a = transpose_a,
            .transpose_b = transpose_b};
  }

  Stream setting_up_;
  Buffer w1_, w2_, b1_, b2_, dw1_, dw2_, db1_, db2_, x_, t_, hidden_, outputs_, dhidden_, losses_;
};

void measure_step(Device& device, Report& report) {
  const Perceptron perceptron{device};
  const std::vector<Kernel> step = perceptron.step();
  fmt::print("\n{:<28} {:>10} {:>18} {:>22}\n", "step of a perceptron", "ms", "products alone, ms",
             "products / step");
  for (const auto products :
       {Float32Products::exact, Float32Products::tf32, Float32Products::bf16}) {
    Stream stream{products};
    const auto run = [&](bool all) {
      return median_time(stream.get(), [&] {
        for (const Kernel& kernel : step)
          if (all || std::holds_alternative<Gemm>(kernel)) launch(stream, kernel);
      });
    };
    const double whole = run(true), alone = run(false);
    const auto name = products == Float32Products::exact ? "float32" : name_of(products);
    fmt::print("{:<28} {:>10.3f} {:>18.3f} {:>22.3f}\n",
               fmt::format("4096-4096-4096, 8192, {}", name), whole * 1e3, alone * 1e3,
               alone / whole);
    report.line(
        fmt::format(R"({{"step": "{}", "seconds": {:.5g}, "products": {:.5g}, "ratio": {:.4f}}})",
                    name, whole, alone, alone / whole));
  }
  check_call(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
}

}  // namespace

int main(int argc, char** argv) {
  if (const std::string why = cuda::why_no_device(); !why.empty()) {
    fmt::print("SKIPPED: {}\n", why);
    return 0;
  }
  Device device{0};
  Report report{argc > 1 ? argv[1] : nullptr};
  std::string facts = device.facts().name;
  for (const auto& [name, version] : cuda::versions()) facts += ", " + name + " " + version;
  fmt::print("{}\n", facts);
  report.line(fmt::format(R"({{"device": "{}"}})", facts));
  measure_passes(device, report);
  measure_products(device, report);
  measure_step(device, report);
}
