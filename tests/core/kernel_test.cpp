#include "core/kernel.hpp"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "core/random.hpp"
#include "tests/core/product_by_definition.hpp"

namespace troupe {
namespace {

template <class T>
Slice slice(std::vector<T>& values) {
  return Slice{std::span{values}};
}
Slice bits_as(std::vector<std::uint16_t>& bits, Dtype dtype) {
  return {reinterpret_cast<std::byte*>(bits.data()), bits.size(), dtype, host_memory()};
}
void run(const Kernel& kernel) {
  check(kernel);
  run_on_host(kernel);
}

template <class T>
class VectorKernel : public testing::Test {};
using Types =
    testing::Types<float, double, std::int32_t, std::int64_t, std::uint32_t, std::uint8_t>;
TYPED_TEST_SUITE(VectorKernel, Types);

TYPED_TEST(VectorKernel, EqualsItsDefinition) {
  using T = TypeParam;
  std::vector<T> x(37), y(37);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<T>(i % 11);
    y[i] = static_cast<T>(5 + i % 7);
  }
  const auto expect = [&](const Kernel& kernel, std::vector<T>& into, auto definition) {
    const std::vector<T> before = into;
    run(kernel);
    for (std::size_t i = 0; i < into.size(); ++i)
      ASSERT_EQ(into[i], static_cast<T>(definition(before[i], y[i]))) << name_of(kernel) << i;
  };
  std::vector<T> z = x;
  expect(Reduce{Op::sum, slice(z), slice(y)}, z, [](T a, T b) { return a + b; });
  expect(Reduce{Op::max, slice(z), slice(y)}, z, [](T a, T b) { return std::max(a, b); });
  expect(Reduce{Op::min, slice(z), slice(y)}, z, [](T a, T b) { return std::min(a, b); });
  z = x;
  expect(Reduce{Op::product, slice(z), slice(y)}, z, [](T a, T b) { return a * b; });
  z = x;
  expect(Axpy{3, slice(y), slice(z)}, z, [](T a, T b) { return a + 3 * b; });
  expect(Scale{2, slice(z)}, z, [](T a, T) { return a * 2; });
  expect(Fill{9, slice(z)}, z, [](T, T) { return 9; });
  expect(Copy{slice(z), slice(y)}, z, [](T, T b) { return b; });
}

TEST(Kernel, WrapsIntegersAround) {
  std::vector<std::int32_t> a{std::numeric_limits<std::int32_t>::max()}, b{1};
  run(Reduce{Op::sum, slice(a), slice(b)});
  EXPECT_EQ(a[0], std::numeric_limits<std::int32_t>::min());
  std::vector<std::uint8_t> c{200}, d{2};
  run(Reduce{Op::product, slice(c), slice(d)});
  EXPECT_EQ(c[0], 144);
}

TEST(Kernel, TruncatesScaledIntegersTowardsZero) {
  std::vector<std::int32_t> values{7, -7, 3};
  run(Scale{0.5, slice(values)});
  EXPECT_EQ(values, (std::vector<std::int32_t>{3, -3, 1}));
  run(Scale{1e30, slice(values)});
  EXPECT_EQ(values[0], std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ(values[1], std::numeric_limits<std::int32_t>::min());
}

/// Every float whose upper bits vary, and its neighbours, against Eigen's own conversion.
TEST(Cast, RoundsFloatsToHalfAndBfloat16AsEigenDoes) {
  std::vector<float> values;
  for (std::uint32_t upper = 0; upper <= 0xffff; ++upper)
    for (const std::uint32_t lower :
         {0x0000u, 0x0fffu, 0x1000u, 0x1001u, 0x7fffu, 0x8000u, 0x8001u, 0xf000u})
      values.push_back(std::bit_cast<float>(upper << 16 | lower));
  std::vector<std::uint16_t> half(values.size()), brain(values.size());
  run(Cast{bits_as(half, Dtype::float16), slice(values)});
  run(Cast{bits_as(brain, Dtype::bfloat16), slice(values)});
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      ASSERT_GT(half[i] & 0x7fff, 0x7c00);
      ASSERT_GT(brain[i] & 0x7fff, 0x7f80);
      continue;
    }
    ASSERT_EQ(half[i], Eigen::half{values[i]}.x) << values[i];
    ASSERT_EQ(brain[i], Eigen::bfloat16{values[i]}.value) << values[i];
  }
}

TEST(Cast, BringsEveryHalfAndBfloat16Back) {
  for (const Dtype narrow : {Dtype::float16, Dtype::bfloat16})
    for (const bool through_double : {false, true}) {
      std::vector<std::uint16_t> bits(65536), again(65536);
      for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
      std::vector<float> single(65536);
      std::vector<double> wide(65536);
      const Slice middle = through_double ? slice(wide) : slice(single);
      run(Cast{middle, bits_as(bits, narrow)});
      run(Cast{bits_as(again, narrow), middle});
      const int nan_from = narrow == Dtype::float16 ? 0x7c00 : 0x7f80;
      for (std::size_t i = 0; i < bits.size(); ++i)
        if ((bits[i] & 0x7fff) <= nan_from) ASSERT_EQ(again[i], bits[i]);
        else ASSERT_GT(again[i] & 0x7fff, nan_from);
    }
}

TEST(Cast, RoundsOnceFromDoubleAndFromInt64) {
  // Just above a tie of float16: through float it would round down to 1.
  std::vector<double> wide{1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11, 1 + 3 * 0x1p-11};
  std::vector<std::uint16_t> bits(3);
  run(Cast{bits_as(bits, Dtype::float16), slice(wide)});
  EXPECT_EQ(bits, (std::vector<std::uint16_t>{0x3c01, 0x3c00, 0x3c02}));
  // Just above a tie of bfloat16, where double already loses the last bit.
  const std::int64_t tie = std::int64_t{257} << 53;
  std::vector<std::int64_t> integers{tie + 1, tie, -tie - 1};
  run(Cast{bits_as(bits, Dtype::bfloat16), slice(integers)});
  EXPECT_EQ(bits, (std::vector<std::uint16_t>{0x5e01, 0x5e00, 0xde01}));
}

TEST(Cast, SaturatesIntegersAndRoundsToEven) {
  std::vector<double> from{0.5, 1.5, 2.5, -0.5, 1e20, -1e20, std::nan("")};
  std::vector<std::int32_t> into(from.size());
  run(Cast{slice(into), slice(from)});
  EXPECT_EQ(into, (std::vector<std::int32_t>{0, 2, 2, 0, 2147483647, -2147483647 - 1, 0}));
  std::vector<std::int64_t> large{std::numeric_limits<std::int64_t>::max(), -5, 300};
  std::vector<std::uint8_t> small(3);
  run(Cast{slice(small), slice(large)});
  EXPECT_EQ(small, (std::vector<std::uint8_t>{255, 0, 255}));
  std::vector<std::int64_t> same(3);
  run(Cast{slice(same), slice(large)});
  EXPECT_EQ(same, large);
}

template <class T>
std::vector<T> random_values(std::size_t count, std::uint64_t seed) {
  SplitMix64 random{seed};
  std::vector<T> values(count);
  for (T& x : values) x = static_cast<T>(static_cast<int>(random.below(9)) - 4);
  return values;
}

template <class T>
void gemm_equals_its_definition(bool transpose_a, bool transpose_b) {
  for (const std::size_t m : {1u, 3u, 17u})
    for (const std::size_t n : {1u, 4u, 19u})
      for (const std::size_t k : {0u, 1u, 5u, 33u}) {
        auto a = random_values<T>(m * k, 1), b = random_values<T>(k * n, 2);
        auto c = random_values<T>(m * n, 3);
        const auto expected =
            product_by_definition(m, n, k, T{2}, a, transpose_a, b, transpose_b, T{-3}, c);
        run(Gemm{.m = m,
                 .n = n,
                 .k = k,
                 .alpha = 2,
                 .beta = -3,
                 .a = slice(a),
                 .b = slice(b),
                 .c = slice(c),
                 .transpose_a = transpose_a,
                 .transpose_b = transpose_b});
        ASSERT_EQ(c, expected) << m << 'x' << n << 'x' << k;
      }
}
TEST(Gemm, EqualsItsDefinitionExactlyOnSmallIntegers) {
  for (const bool a : {false, true})
    for (const bool b : {false, true}) {
      gemm_equals_its_definition<float>(a, b);
      gemm_equals_its_definition<double>(a, b);
    }
}
TEST(Gemm, DoesNotReadTheResultWhenBetaIsZero) {
  std::vector<double> a{2}, b{3}, c{std::nan("")};
  run(Gemm{.m = 1, .n = 1, .k = 1, .a = slice(a), .b = slice(b), .c = slice(c)});
  EXPECT_EQ(c[0], 6.0);
  EXPECT_EQ(operands(Gemm{.m = 1, .n = 1, .k = 1}).reads.size(), 2u);
  EXPECT_EQ(operands(Gemm{.m = 1, .n = 1, .k = 1, .beta = 1}).reads.size(), 3u);
}

TEST(Cholesky, FactorsAndSolvesExactly) {
  // L = [2 0 0; 1 3 0; 4 5 6]; the strict upper half of A is not looked at, and is kept.
  std::vector<double> a{4, 2, 8, 99, 10, 19, 99, 99, 77};
  run(Cholesky{3, slice(a)});
  EXPECT_EQ(a, (std::vector<double>{2, 1, 4, 99, 3, 5, 99, 99, 6}));
  // L Lᵀ (1, -2, 3) and L Lᵀ (0, 1, 0).
  std::vector<double> b{4 - 4 + 24, 2 - 20 + 57, 8 - 38 + 231, 2, 10, 19};
  run(CholeskySolve{.n = 3, .columns = 2, .factor = slice(a), .b = slice(b)});
  const std::vector<double> expected{1, -2, 3, 0, 1, 0};
  for (std::size_t i = 0; i < b.size(); ++i) EXPECT_NEAR(b[i], expected[i], 1e-12);
  std::vector<float> indefinite{1, 2, 2, 1};
  EXPECT_THROW(run(Cholesky{2, slice(indefinite)}), BackendError);
}

template <class T>
void svd_reconstructs(std::size_t m, std::size_t n, double tolerance) {
  const std::size_t r = std::min(m, n);
  auto a = random_values<T>(m * n, 4);
  const auto kept = a;
  std::vector<T> u(m * r), s(r), v(n * r);
  run(Svd{m, n, slice(a), slice(u), slice(s), slice(v)});
  EXPECT_EQ(a, kept);
  for (std::size_t l = 1; l < r; ++l) EXPECT_GE(s[l - 1], s[l]);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t l = 0; l < r; ++l)
        sum += static_cast<double>(u[l * m + i]) * static_cast<double>(s[l]) *
               static_cast<double>(v[l * n + j]);
      EXPECT_NEAR(sum, static_cast<double>(a[j * m + i]), tolerance);
    }
}
TEST(Svd, ReconstructsTallAndWideMatrices) {
  svd_reconstructs<double>(9, 4, 1e-12);
  svd_reconstructs<double>(4, 9, 1e-12);
  svd_reconstructs<double>(40, 30, 1e-11);
  svd_reconstructs<float>(7, 7, 1e-4);
}

TEST(Kernel, CostsWhatItsFormulaSays) {
  const Slice x = Slice::phantom(100, Dtype::float64), y = Slice::phantom(100, Dtype::float64);
  const auto cost = [](const Kernel& kernel) {
    const Work w = work(kernel);
    return std::pair{w.flops.value, w.bytes.value};
  };
  using Pair = std::pair<double, std::uint64_t>;
  EXPECT_EQ(cost(Reduce{Op::sum, x, y}), Pair(100, 2400));
  EXPECT_EQ(cost(Axpy{1, x, y}), Pair(200, 2400));
  EXPECT_EQ(cost(Scale{1, x}), Pair(100, 1600));
  EXPECT_EQ(cost(Copy{x, y}), Pair(0, 1600));
  EXPECT_EQ(cost(Fill{1, x}), Pair(0, 800));
  EXPECT_EQ(cost(Cast{Slice::phantom(100, Dtype::float16), x}), Pair(100, 1000));
  EXPECT_EQ(cost(Gemm{.m = 10, .n = 10, .k = 10, .a = x, .b = x, .c = y}), Pair(2000, 2400));
  EXPECT_EQ(cost(CholeskySolve{10, 10, x, y}), Pair(2000, 1600));
  EXPECT_EQ(cost(Opaque{{}, {}, {{5}, {6}}, [] {}}), Pair(5, 6));
  EXPECT_EQ(name_of(Kernel{CholeskySolve{}}), "CholeskySolve");
  EXPECT_EQ(name_of(Op::product), "product");
}

TEST(Kernel, IsSkippedWithAPhantomOperand) {
  std::vector<float> values{1, 2};
  const Kernel kernel = Reduce{Op::sum, slice(values), ConstSlice{Slice::phantom(2)}};
  EXPECT_TRUE(is_phantom(kernel));
  run(kernel);
  EXPECT_EQ(values[0], 1.0f);
  std::vector<float> none;
  EXPECT_FALSE(is_phantom(Scale{2, slice(none)}));
}

TEST(Kernel, IsCheckedBeforeItRuns) {
  std::vector<float> two(2), three(3), four(4);
  std::vector<double> wide(2);
  std::vector<std::uint16_t> bits(2);
  std::vector<std::int32_t> integers(4);
  EXPECT_THROW(check(Reduce{Op::sum, slice(two), slice(three)}), ContractViolation);
  EXPECT_THROW(check(Reduce{Op::sum, slice(two), slice(wide)}), ContractViolation);
  EXPECT_THROW(check(Scale{1, bits_as(bits, Dtype::float16)}), ContractViolation);
  EXPECT_THROW(check(Copy{slice(two), slice(wide)}), ContractViolation);
  EXPECT_THROW(check(Cast{slice(two), slice(three)}), ContractViolation);
  EXPECT_NO_THROW(check(Cast{bits_as(bits, Dtype::float16), slice(wide)}));
  EXPECT_THROW(check(Cholesky{2, slice(three)}), ContractViolation);
  EXPECT_THROW(check(Cholesky{2, slice(integers)}), ContractViolation);
  EXPECT_THROW(
      check(Gemm{.m = 2, .n = 1, .k = 2, .a = slice(four), .b = slice(three), .c = slice(two)}),
      ContractViolation);
  EXPECT_THROW(check(Opaque{}), ContractViolation);
}

TEST(Kernel, AStandInForWorkHasPhantomsAndNoCode) {
  for (const std::size_t count : {0, 3}) {  // of no samples, too
    const Kernel stand_in = Opaque{.writes = {Slice::phantom(count)}};
    EXPECT_NO_THROW(check(stand_in));
    EXPECT_NO_THROW(run_on_host(stand_in));
  }
  std::vector<float> values(3);
  EXPECT_THROW(check(Opaque{.reads = {Slice::phantom(3)}, .writes = {std::span{values}}}),
               ContractViolation);
}

}  // namespace
}  // namespace troupe
