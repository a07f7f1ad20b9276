// Dense kernels (products, factors, singular values) on the device against the host's.

#include <algorithm>
#include <array>
#include <functional>

#include "core/errors.hpp"
#include "tests/cuda/twins.hpp"

namespace troupe::cuda {
namespace {

/// Those values in another dtype.
Buffer cast(ConstSlice values, Dtype dtype) {
  Buffer into{values.size(), dtype};
  run_on_host(Cast{into, values});
  return into;
}

TEST_F(KernelsOnAGpu, MultiplyMatricesOfAnyShape) {
  struct Shape {
    std::size_t m, n, k;
  };
  for (const Dtype dtype : {Dtype::float32, Dtype::float64, Dtype::bfloat16})
    for (const Shape& shape : {Shape{1, 1, 1},
                               {3, 5, 7},
                               {64, 64, 64},
                               {130, 33, 257},
                               {1, 200, 3},
                               {200, 1, 50},
                               {0, 4, 3},
                               {4, 0, 3},
                               {4, 3, 0},
                               {512, 384, 128}})
      for (const bool transpose_a : {false, true})
        for (const bool transpose_b : {false, true})
          for (const double beta : {0.0, 1.0, -2.0}) {
            const auto [m, n, k] = shape;
            SCOPED_TRACE(std::string{name_of(dtype)} + " " + std::to_string(m) + "x" +
                         std::to_string(n) + "x" + std::to_string(k));
            const std::size_t offset = m == 3 ? 1 : 0;
            const Dtype into = dtype == Dtype::bfloat16 ? Dtype::float32 : dtype;
            const Twin a = twin(cast(whole(m * k, into, 30), dtype), offset);
            const Twin b = twin(cast(whole(k * n, into, 31), dtype), offset);
            // Exact, since all sums are of whole numbers; what beta = 0 overwrites may be NaN.
            const Twin c =
                beta == 0 ? blank(m * n, into, offset) : twin(whole(m * n, into, 32), offset);
            run([&](auto side) {
              return Gemm{.m = m,
                          .n = n,
                          .k = k,
                          .alpha = 0.5,
                          .beta = beta,
                          .a = side(a),
                          .b = side(b),
                          .c = side(c),
                          .transpose_a = transpose_a,
                          .transpose_b = transpose_b};
            });
            EXPECT_EQ(c.difference(0), "");
          }
}

TEST_F(KernelsOnAGpu, MultiplyFloat32WithAllItsBitsUnlessToldOtherwise) {
  const std::size_t n = 256;
  const Buffer left = uniform(n * n, Dtype::float32, 33),
               right = uniform(n * n, Dtype::float32, 34);
  const auto error = [&](Float32Products products) {
    device_->enter(nullptr);
    Device device{0, products};
    const auto lane = device.make_lane(false);
    device.enter(lane.get());
    double largest = 0;
    {
      const Twin a{device, left}, b{device, right}, c = Twin::blank(device, n * n, Dtype::float32);
      const auto product = [&](auto side) {
        return Gemm{.m = n, .n = n, .k = n, .a = side(a), .b = side(b), .c = side(c)};
      };
      run_on_host(product([](const Twin& twin) { return twin.host(); }));
      lane->launch(product([](const Twin& twin) { return twin.device(); }));
      const HostView there{c.device()};
      for (std::size_t i = 0; i < n * n; ++i)
        largest = std::max(largest, std::abs(as_double(there, i) - as_double(c.host(), i)));
    }
    device.enter(nullptr);
    return largest;
  };
  // 256 products below 1: float32 loses some 1e-6 of them, 10 bits of mantissa some 1e-3. With 7
  // bits each of the two factors is off by up to 2^-8 of itself, so all of them by less than
  // 256 * 2^-7 = 2; a C left at 0 is off by 20. Rounded on a host, such matrices lose 0.05 with 7
  // bits, 0.006 with 10, 0.017 if the other bits are cut off: what loses more is bf16.
  const double exact = error(Float32Products::exact), tf32 = error(Float32Products::tf32),
               bf16 = error(Float32Products::bf16);
  EXPECT_LT(exact, 2e-5);
  EXPECT_GT(tf32, 1e-4);
  EXPECT_GT(bf16, 0.03) << "tf32: " << tf32;
  EXPECT_LT(bf16, 256 * 0x1p-7);
  device_->enter(lane_.get());
}

TEST_F(KernelsOnAGpu, MultiplyInBf16WhatACastToBfloat16Leaves) {
  device_->enter(nullptr);
  Device device{0, Float32Products::bf16};
  const auto lane = device.make_lane(false);
  device.enter(lane.get());
  const auto rounded = [](ConstSlice values) {
    return cast(cast(values, Dtype::bfloat16), Dtype::float32);
  };
  struct Shape {
    std::size_t m, n, k;
  };
  // Operands that begin where vectors do, or beside, alike or not.
  for (const Shape& shape : {Shape{3, 5, 7}, {130, 33, 256}, {64, 128, 192}, {1, 200, 3}})
    for (const auto& [at_a, at_b, at_c] :
         {std::array{0u, 0u, 0u}, {1u, 1u, 1u}, {0u, 3u, 2u}, {4u, 2u, 0u}})
      for (const bool transpose_a : {false, true})
        for (const bool transpose_b : {false, true}) {
          const auto [m, n, k] = shape;
          SCOPED_TRACE(std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) +
                       " at " + std::to_string(at_a) + ", " + std::to_string(at_b));
          const Twin a{device, uniform(m * k, Dtype::float32, 38), at_a};
          const Twin b{device, uniform(k * n, Dtype::float32, 39), at_b};
          const Twin c{device, uniform(m * n, Dtype::float32, 40), at_c};
          const auto product = [&](ConstSlice left, ConstSlice right, Slice into) {
            return Gemm{.m = m,
                        .n = n,
                        .k = k,
                        .alpha = 0.5,
                        .beta = -2,
                        .a = left,
                        .b = right,
                        .c = into,
                        .transpose_a = transpose_a,
                        .transpose_b = transpose_b};
          };
          const Buffer left = rounded(a.host()), right = rounded(b.host());
          run_on_host(product(left, right, c.host()));
          lane->launch(product(a.device(), b.device(), c.device()));
          // Products of bfloat16 are exact in float32. Of up to 256 sums below 32 each loses at
          // most 2^-19 on the device, whose tensor cores may cut off, and half of it on the host.
          EXPECT_EQ(c.difference(256 * 0x1.8p-19), "");
          EXPECT_EQ(a.difference(0), "");
          EXPECT_EQ(b.difference(0), "");
        }
  device.enter(nullptr);
  device_->enter(lane_.get());
}

TEST_F(KernelsOnAGpu, MultiplyBfloat16WhereverItBegins) {
  struct Shape {
    std::size_t m, n, k;
  };
  device_->enter(nullptr);
  for (const auto products :
       {Float32Products::exact, Float32Products::tf32, Float32Products::bf16}) {
    Device device{0, products};
    const auto lane = device.make_lane(false);
    device.enter(lane.get());
    for (const Shape& shape :
         {Shape{3, 5, 7}, {130, 33, 256}, {64, 128, 192}, {1, 200, 3}, {200, 1, 50}, {1, 1, 100}})
      for (const auto& [at_a, at_b, at_c] :
           {std::array{0u, 0u, 0u}, {1u, 1u, 1u}, {0u, 3u, 2u}, {4u, 2u, 0u}, {8u, 7u, 4u}})
        for (const bool transpose_a : {false, true})
          for (const bool transpose_b : {false, true}) {
            const auto [m, n, k] = shape;
            SCOPED_TRACE(std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) +
                         " at " + std::to_string(at_a) + ", " + std::to_string(at_b) + ", " +
                         std::string{name_of(products)});
            const auto operand = [](std::size_t count, std::uint64_t seed) {
              return cast(uniform(count, Dtype::float32, seed), Dtype::bfloat16);
            };
            const Twin a{device, operand(m * k, 41), at_a}, b{device, operand(k * n, 42), at_b};
            const Twin c{device, uniform(m * n, Dtype::float32, 43), at_c};
            const auto product = [&](auto side) {
              return Gemm{.m = m,
                          .n = n,
                          .k = k,
                          .alpha = 0.5,
                          .beta = -2,
                          .a = side(a),
                          .b = side(b),
                          .c = side(c),
                          .transpose_a = transpose_a,
                          .transpose_b = transpose_b};
            };
            run_on_host(product([](const Twin& twin) { return twin.host(); }));
            lane->launch(product([](const Twin& twin) { return twin.device(); }));
            EXPECT_EQ(c.difference(256 * 0x1.8p-19), "");  // as above
            EXPECT_EQ(a.difference(0), "");
            EXPECT_EQ(b.difference(0), "");
          }
    device.enter(nullptr);
  }
  device_->enter(lane_.get());
}

/// B Bᵀ + n 1, symmetric positive definite.
Buffer positive_definite(std::size_t n, Dtype dtype) {
  const Buffer b = uniform(n * n, dtype, 35);
  Buffer a{n * n, dtype};
  fill(a, [&](std::size_t i) { return i / n == i % n ? static_cast<double>(n) : 0.0; });
  run_on_host(Gemm{.m = n, .n = n, .k = n, .beta = 1, .a = b, .b = b, .c = a, .transpose_b = true});
  return a;
}

TEST_F(KernelsOnAGpu, FactoriseAndSolve) {
  for (const Dtype dtype : real_dtypes)
    for (const std::size_t n : {0u, 1u, 2u, 5u, 64u, 200u})
      for (const std::size_t columns : {0u, 1u, 3u, 40u}) {
        SCOPED_TRACE(std::string{name_of(dtype)} + " " + std::to_string(n));
        // The matrices are well conditioned: what rounding leaves is some times its unit.
        const double tolerance = dtype == Dtype::float32 ? 2e-5 : 1e-12;
        const Twin a = twin(positive_definite(n, dtype));
        const Twin b = twin(uniform(n * columns, dtype, 36));
        run([&](auto side) { return Cholesky{n, side(a)}; });
        EXPECT_EQ(a.difference(tolerance), "") << "the factor, or what is above it";
        run([&](auto side) { return CholeskySolve{n, columns, side(a), side(b)}; });
        EXPECT_EQ(b.difference(tolerance), "") << "the solution";
      }
}

TEST_F(KernelsOnAGpu, SayThatAMatrixIsNotPositiveDefiniteAsTheHostDoes) {
  const auto said = [](const std::function<void()>& action) -> std::string {
    try {
      action();
    } catch (const BackendError& error) {
      return error.what();
    }
    return "nothing";
  };
  Buffer values = positive_definite(6, Dtype::float64);
  values.slice().host<double>()[4 * 6 + 4] = -1;
  const Twin a = twin(values);
  const std::string on_host = said([&] { run_on_host(Cholesky{6, a.host()}); });
  EXPECT_EQ(said([&] { lane_->launch(Cholesky{6, a.device()}); }), on_host);
  EXPECT_NE(on_host, "nothing");
}

TEST_F(KernelsOnAGpu, TakeMatricesApartIntoSingularValues) {
  struct Shape {
    std::size_t m, n;
  };
  for (const Dtype dtype : real_dtypes)
    for (const Shape& shape :
         {Shape{1, 1}, {5, 3}, {3, 5}, {40, 40}, {100, 20}, {17, 90}, {0, 3}, {3, 0}}) {
      const auto [m, n] = shape;
      const std::size_t r = std::min(m, n);
      SCOPED_TRACE(std::string{name_of(dtype)} + " " + std::to_string(m) + "x" + std::to_string(n));
      const double tolerance = dtype == Dtype::float32 ? 2e-5 : 1e-12;
      const Twin a = twin(uniform(m * n, dtype, 37)), s = blank(r, dtype);
      const Twin u = blank(m * r, dtype), v = blank(n * r, dtype);
      run([&](auto side) { return Svd{m, n, side(a), side(u), side(s), side(v)}; });
      EXPECT_EQ(a.difference(), "") << "A is kept";
      EXPECT_EQ(s.difference(tolerance), "") << "singular values are unique";
      // Vectors are so up to their sign: together they are A again, and U is orthogonal.
      const HostView left{u.device()}, values{s.device()}, right{v.device()};
      const auto at = [](ConstSlice x, std::size_t i) { return as_double(x, i); };
      double largest = 0;
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < n; ++j) {
          double sum = -at(a.host(), j * m + i);
          for (std::size_t k = 0; k < r; ++k)
            sum += at(left, k * m + i) * at(values, k) * at(right, k * n + j);
          largest = std::max(largest, std::abs(sum));
        }
      for (std::size_t k = 0; k < r; ++k)
        for (std::size_t l = 0; l < r; ++l) {
          double sum = k == l ? -1 : 0;
          for (std::size_t i = 0; i < m; ++i) sum += at(left, k * m + i) * at(left, l * m + i);
          largest = std::max(largest, std::abs(sum));
        }
      EXPECT_LT(largest, tolerance);
    }
}

}  // namespace
}  // namespace troupe::cuda
