// Passes over memory beside the device's own copy, cuBLAS and Thrust.

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "benchmarks/cuda_kernels_benchmark.hpp"
#include "benchmarks/cuda_thrust.cuh"
#include "real_backend/cuda/cuda_call.hpp"

namespace troupe::bench {
namespace {

using cuda::check_call, cuda::Device, cuda::Stream;

struct Pass {
  std::string name;
  Kernel kernel;
  Action by_cublas{}, by_thrust{};
};

}  // namespace

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
  synchronise();
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
  synchronise();
}

}  // namespace troupe::bench
