// The step of a perceptron beside its products alone.

#include <fmt/format.h>

#include <vector>

#include "benchmarks/cuda_kernels_benchmark.hpp"

namespace troupe::bench {
namespace {

using cuda::Device, cuda::Stream;

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
      synchronise();
      launch(setting_up_, Fill{0, *bias});
    }
    for (Buffer* values : {&x_, &t_})
      *values = random_values(device, width * batch, Dtype::float32, ++seed);
    for (Buffer* values : {&hidden_, &outputs_, &dhidden_})
      *values = Buffer{width * batch, Dtype::float32, device.memory()};
    losses_ = Buffer{batch, Dtype::float32, device.memory()};
    synchronise();
  }

  std::vector<Kernel> step() const {
    std::vector<Kernel> all;
    all.push_back(product(width, batch, width, w1_, x_, hidden_));
    all.push_back(AddBias{width, 1, batch, b1_, hidden_, ActivationKind::relu});
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

}  // namespace

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
  synchronise();
}

}  // namespace troupe::bench
