// Products of bfloat16 matrices into one of float32.

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "core/kernel.hpp"
#include "core/kernel_shape.hpp"
#include "core/random.hpp"
#include "tests/core/product_by_definition.hpp"

namespace troupe {
namespace {

using testing::HasSubstr;

/// Values of bfloat16 that begin `offset` values, of 2 bytes each, into their memory.
class Narrow {
 public:
  explicit Narrow(std::vector<float>& values, std::size_t offset = 0)
      : buffer_{offset + values.size(), Dtype::bfloat16}, slice_{buffer_.slice().drop(offset)} {
    run_on_host(Cast{slice_, Slice{std::span{values}}});
  }
  operator ConstSlice() const { return slice_; }

 private:
  Buffer buffer_;
  Slice slice_;
};

std::vector<float> whole_numbers(std::size_t count, std::uint64_t seed) {
  SplitMix64 random{seed};
  std::vector<float> values(count);
  for (float& x : values) x = static_cast<float>(random.below(9)) - 4;
  return values;
}
std::vector<float> fractions(std::size_t count, std::uint64_t seed) {
  SplitMix64 random{seed};
  std::vector<float> values(count);
  for (float& x : values) x = static_cast<float>(random.uniform(-1, 1));
  return values;
}

void run(const Kernel& kernel) {
  check(kernel);
  run_on_host(kernel);
}

/// All sums are of whole numbers below 2^24, so there is one right answer to the last bit.
TEST(GemmOfBfloat16, EqualsItsDefinitionExactlyOnSmallIntegers) {
  struct Shape {
    std::size_t m, n, k;
  };
  for (const auto& [m, n, k] : {Shape{1, 1, 1},
                                {1, 1, 40},
                                {3, 4, 5},
                                {17, 1, 33},
                                {1, 19, 33},
                                {17, 19, 0},
                                {0, 3, 2},
                                {3, 0, 2},
                                {20, 18, 511},
                                {20, 18, 512},
                                {5, 7, 1300}})
    for (const bool transpose_a : {false, true})
      for (const bool transpose_b : {false, true})
        for (const std::size_t offset : {0u, 1u, 3u}) {
          auto a = whole_numbers(m * k, 1), b = whole_numbers(k * n, 2);
          auto c = whole_numbers(m * n, 3);
          const auto expected =
              product_by_definition(m, n, k, 2.0f, a, transpose_a, b, transpose_b, -3.0f, c);
          run(Gemm{.m = m,
                   .n = n,
                   .k = k,
                   .alpha = 2,
                   .beta = -3,
                   .a = Narrow{a, offset},
                   .b = Narrow{b, offset},
                   .c = Slice{std::span{c}},
                   .transpose_a = transpose_a,
                   .transpose_b = transpose_b});
          ASSERT_EQ(c, expected) << m << 'x' << n << 'x' << k << " at " << offset;
        }
}

TEST(GemmOfBfloat16, EqualsTheFloat32OneOfRoundedOperands) {
  const std::size_t m = 37, n = 29, k = 700;
  auto a = fractions(m * k, 4), b = fractions(k * n, 5);
  const Narrow narrow_a{a}, narrow_b{b};
  run_on_host(Cast{Slice{std::span{a}}, narrow_a});
  run_on_host(Cast{Slice{std::span{b}}, narrow_b});
  std::vector<float> mixed(m * n, std::nanf("")), single(m * n);
  Gemm gemm{.m = m, .n = n, .k = k, .a = narrow_a, .b = narrow_b, .c = std::span{mixed}};
  run(gemm);
  gemm.a = std::span<const float>{a};
  gemm.b = std::span<const float>{b};
  gemm.c = std::span{single};
  run(gemm);
  // 700 products below 1, exact in float32; each of their sums, below 2^6 here, loses 2^-19.
  for (std::size_t i = 0; i < mixed.size(); ++i)
    ASSERT_NEAR(mixed[i], single[i], 2 * 700 * 0x1p-19) << i;
}

TEST(GemmOfBfloat16, TakesEveryValueAsItIs) {
  std::vector<std::uint16_t> bits(65536);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
  std::vector<float> one{1}, c(bits.size());
  const auto* const at = reinterpret_cast<const std::byte*>(bits.data());
  run(Gemm{.m = bits.size(),
           .n = 1,
           .k = 1,
           .a = {at, bits.size(), Dtype::bfloat16, host_memory()},
           .b = Narrow{one},
           .c = std::span{c}});
  for (std::uint32_t i = 0; i < bits.size(); ++i) {
    const auto value = std::bit_cast<float>(i << 16);
    if (std::isnan(value)) ASSERT_TRUE(std::isnan(c[i])) << i;
    else ASSERT_EQ(c[i], value) << i;
  }
}

TEST(GemmOfBfloat16, CostsTwoBytesForAnOperandAndFourForTheResult) {
  const auto narrow = [](std::size_t count) { return Slice::phantom(count, Dtype::bfloat16); };
  std::vector<float> c(6, 7);
  const Gemm gemm{.m = 2,
                  .n = 3,
                  .k = 10,
                  .a = narrow(20),
                  .b = narrow(30),
                  .c = std::span{c},
                  .transpose_b = true};
  EXPECT_EQ(work(gemm).flops.value, 2 * 2 * 3 * 10);
  EXPECT_EQ(work(gemm).bytes.value, 2u * 20 + 2u * 30 + 4u * 6);
  EXPECT_EQ(
      shape_of(gemm),
      (KernelShape{.kernel = "Gemm", .form = "nt", .dtype = Dtype::bfloat16, .sizes = {2, 3, 10}}));
  EXPECT_TRUE(is_phantom(gemm));
  run(gemm);
  EXPECT_EQ(c, std::vector<float>(6, 7));
}

TEST(GemmOfBfloat16, TakesNoOtherMixture) {
  const auto said = [](Dtype a, Dtype b, Dtype c) -> std::string {
    try {
      check(Gemm{.m = 2,
                 .n = 2,
                 .k = 2,
                 .a = Slice::phantom(4, a),
                 .b = Slice::phantom(4, b),
                 .c = Slice::phantom(4, c)});
    } catch (const ContractViolation& violation) {
      return violation.what();
    }
    return "nothing";
  };
  const Dtype single = Dtype::float32, wide = Dtype::float64, narrow = Dtype::bfloat16;
  EXPECT_EQ(said(narrow, narrow, single), "nothing");
  EXPECT_THAT(said(narrow, single, single), HasSubstr("one dtype, not bfloat16 and float32"));
  EXPECT_THAT(said(single, narrow, single), HasSubstr("one dtype, not float32 and bfloat16"));
  EXPECT_THAT(said(single, single, narrow), HasSubstr("one dtype, not float32 and bfloat16"));
  for (const Dtype into : {narrow, wide, Dtype::int32})
    EXPECT_THAT(said(narrow, narrow, into),
                HasSubstr("bfloat16 matrices makes float32, not " + std::string{name_of(into)}));
  EXPECT_THAT(said(Dtype::float16, Dtype::float16, single), HasSubstr("not float16"));
  EXPECT_THROW(check(Gemm{.m = 2,
                          .n = 2,
                          .k = 2,
                          .a = Slice::phantom(4, narrow),
                          .b = Slice::phantom(3, narrow),
                          .c = Slice::phantom(4)}),
               ContractViolation);
}

}  // namespace
}  // namespace troupe
