// Products beside the same calls of cuBLAS.

#include <fmt/format.h>

#include <array>

#include "benchmarks/cuda_kernels_benchmark.hpp"
#include "real_backend/cuda/cuda_call.hpp"

namespace troupe::bench {
namespace {

using cuda::check_call, cuda::Device, cuda::Stream;

/// cuBLAS as it stands, with a handle of its own. For Float32Products::bf16 it gets operands that
/// already are bfloat16, where Gemm also has to round them.
class Direct {
 public:
  Direct(const Stream& stream, Float32Products products) {
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
    if (a.dtype() == Dtype::bfloat16) {
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
};

struct Precision {
  const char* name;
  Dtype dtype;
  Float32Products products;
};

}  // namespace

void measure_products(Device& device, Report& report) {
  // bf16 + rounding: our time includes rounding both operands, cuBLAS gets them rounded.
  fmt::print("\n{:<16} {:>6} {:>10} {:>10} {:>14} {:>10}\n", "Gemm", "n", "ms", "Tflop/s",
             "cuBLAS alone", "ratio");
  for (const Precision& precision :
       {Precision{"float32", Dtype::float32, Float32Products::exact},
        Precision{"tf32", Dtype::float32, Float32Products::tf32},
        Precision{"bf16 + rounding", Dtype::float32, Float32Products::bf16},
        Precision{"bfloat16", Dtype::bfloat16, Float32Products::exact},
        Precision{"float64", Dtype::float64, Float32Products::exact}}) {
    Stream stream{precision.products};
    Direct direct{stream, precision.products};
    for (const std::size_t n : {1024u, 2048u, 4096u, 8192u}) {
      const Buffer a = random_values(device, n * n, precision.dtype, 11);
      const Buffer b = random_values(device, n * n, precision.dtype, 12);
      const bool is_narrow = precision.dtype == Dtype::bfloat16;
      const Buffer c{n * n, is_narrow ? Dtype::float32 : precision.dtype, device.memory()};
      synchronise();
      const Gemm gemm{.m = n, .n = n, .k = n, .a = a, .b = b, .c = c};
      const auto through_us = [&] {
        return median_time(stream.get(), [&] { cuda::launch(stream, gemm); });
      };
      std::array<Buffer, 2> rounded;
      Slice direct_a = a, direct_b = b;
      if (precision.products == Float32Products::bf16) {
        for (Buffer& buffer : rounded) buffer = Buffer{n * n, Dtype::bfloat16, device.memory()};
        synchronise();
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
      synchronise();
    }
  }
}

}  // namespace troupe::bench
