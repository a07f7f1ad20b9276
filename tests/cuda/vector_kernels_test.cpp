// Vector and update kernels on the device against the host's.

#include "tests/cuda/twins.hpp"

namespace troupe::cuda {
namespace {

// ---- vector

TEST_F(KernelsOnAGpu, ReduceAsTheHostBitForBit) {
  for (const Op op : {Op::sum, Op::product, Op::min, Op::max})
    for (const Dtype dtype : arithmetic_dtypes)
      for (const Placed& at : placements) {
        SCOPED_TRACE(std::string{name_of(op)} + " of " + placed_text(dtype, at));
        const Twin into = twin(any(at.count, dtype, 1), at.first);
        const Twin from = twin(any(at.count, dtype, 2), at.second);
        run([&](auto side) { return Reduce{op, side(into), side(from)}; });
        EXPECT_EQ(into.difference(), "");
        EXPECT_EQ(from.difference(), "");
      }
}

TEST_F(KernelsOnAGpu, AddAScaledVectorAsTheHostBitForBit) {
  for (const double a : {-0.37, 1.0, 3e9})
    for (const Dtype dtype : arithmetic_dtypes)
      for (const Placed& at : placements) {
        SCOPED_TRACE(placed_text(dtype, at));
        const Twin y = twin(any(at.count, dtype, 3), at.first);
        const Twin x = twin(any(at.count, dtype, 4), at.second);
        run([&](auto side) { return Axpy{a, side(x), side(y)}; });
        EXPECT_EQ(y.difference(), "");
      }
}

TEST_F(KernelsOnAGpu, ScaleAndFillAsTheHostBitForBit) {
  for (const double a : {0.5, -1.7, 1e10, std::numeric_limits<double>::quiet_NaN()})
    for (const Dtype dtype : arithmetic_dtypes)
      for (const Placed& at : placements) {
        SCOPED_TRACE(placed_text(dtype, at));
        const Twin x = twin(any(at.count, dtype, 5), at.first);
        run([&](auto side) { return Scale{a, side(x)}; });
        EXPECT_EQ(x.difference(), "");
        run([&](auto side) { return Fill{a, side(x)}; });
        EXPECT_EQ(x.difference(), "");
      }
}

TEST_F(KernelsOnAGpu, CopyEveryDtype) {
  for (const Dtype dtype : every_dtype)
    for (const Placed& at : placements) {
      SCOPED_TRACE(placed_text(dtype, at));
      const Twin into = twin(any(at.count, dtype, 6), at.first);
      const Twin from = twin(any(at.count, dtype, 7), at.second);
      run([&](auto side) { return Copy{side(into), side(from)}; });
      EXPECT_EQ(into.difference(), "");
    }
}

TEST_F(KernelsOnAGpu, CopyWhatOverlapsAsIfThroughAnotherPlace) {
  for (const std::size_t apart : {1u, 3u, 64u}) {
    const Twin up = twin(any(10'000, Dtype::int32, 8)), down = twin(any(10'000, Dtype::int32, 9));
    const std::size_t count = 10'000 - apart;
    run([&](auto side) { return Copy{side(up).subslice(apart, count), side(up).first(count)}; });
    run([&](auto side) {
      return Copy{side(down).first(count), side(down).subslice(apart, count)};
    });
    EXPECT_EQ(up.difference(), "");
    EXPECT_EQ(down.difference(), "");
  }
}

TEST_F(KernelsOnAGpu, CastAnyDtypeIntoAnyOtherAsTheHostBitForBit) {
  for (const Dtype from_dtype : every_dtype)
    for (const Dtype into_dtype : every_dtype)
      for (const Placed& at : placements) {
        SCOPED_TRACE(std::string{name_of(from_dtype)} + " into " + placed_text(into_dtype, at));
        const Twin into = twin(any(at.count, into_dtype, 10), at.first);
        const Twin from = twin(any(at.count, from_dtype, 11 + at.count), at.second);
        run([&](auto side) { return Cast{side(into), side(from)}; });
        EXPECT_EQ(into.difference(), "");
      }
}

TEST_F(KernelsOnAGpu, CastEvery16BitFloat) {
  Buffer all{1 << 16, Dtype::float16}, brains{1 << 16, Dtype::bfloat16};
  for (std::uint32_t bits = 0; bits < 1 << 16; ++bits) {
    std::memcpy(all.slice().bytes().data() + 2 * bits, &bits, 2);
    std::memcpy(brains.slice().bytes().data() + 2 * bits, &bits, 2);
  }
  for (const Buffer* const values : {&all, &brains})
    for (const Dtype dtype : every_dtype) {
      SCOPED_TRACE(name_of(dtype));
      const Twin from = twin(*values), into = twin(any(1 << 16, dtype, 12));
      run([&](auto side) { return Cast{side(into), side(from)}; });
      EXPECT_EQ(into.difference(), "");
    }
}

TEST_F(KernelsOnAGpu, GatherColumnsInAnyOrder) {
  const std::vector<std::size_t> columns{4, 0, 0, 8, 3, 7, 1};
  std::vector<std::size_t> many(4097);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = i * 5 % 9;
  // They travel with the launch in room for 256, 1000 and 4096; more are copied.
  const auto first = [&](std::ptrdiff_t count) {
    return std::vector(many.begin(), many.begin() + count);
  };
  for (const Dtype dtype : every_dtype)
    for (const std::size_t width : {1u, 3u, 4u, 10u, 784u})
      for (const std::size_t offset : {0u, 1u, 2u})
        for (const auto& chosen : {columns, first(256), first(257), first(1001), many, first(0)}) {
          SCOPED_TRACE(std::string{name_of(dtype)} + " of " + std::to_string(width));
          const Twin from = twin(any(9 * width, dtype, 13), offset);
          const Twin into = twin(any(chosen.size() * width, dtype, 14), offset);
          run([&](auto side) { return Gather{width, chosen, side(into), side(from)}; });
          EXPECT_EQ(into.difference(), "");
        }
}

// ---- update: the same operations in the same order. A host that contracts a product and a sum
// into one rounding, which the device does not do, differs by that rounding.
#ifdef __FP_FAST_FMA
constexpr double rounding = 1e-5;
#else
constexpr double rounding = -1;  // none
#endif

TEST_F(KernelsOnAGpu, TakeStepsOfOptimisersAsTheHostBitForBit) {
  for (const Dtype dtype : real_dtypes)
    for (const Placed& at : placements) {
      SCOPED_TRACE(placed_text(dtype, at));
      const std::size_t n = at.count;
      const Twin x = twin(uniform(n, dtype, 20), at.first), g = twin(any(n, dtype, 21), at.second);
      const Twin v = twin(uniform(n, dtype, 22), at.first), old = twin(uniform(n, dtype, 23), 1);
      const Twin s = twin(uniform(n, dtype, 24, 0, 1), at.second);
      const Twin tame = twin(uniform(n, dtype, 25), at.first);
      for (const bool nesterov : {false, true})
        run([&](auto side) {
          return MomentumStep{.rate = 0.1,
                              .momentum = 0.9,
                              .dampening = 0.3,
                              .nesterov = nesterov,
                              .gradient = side(tame),
                              .velocity = side(v),
                              .parameters = side(x)};
        });
      EXPECT_EQ(x.difference(rounding), "") << "momentum";
      EXPECT_EQ(v.difference(rounding), "") << "momentum, the velocity";
      for (const double decay : {0.0, 0.01})
        run([&](auto side) {
          return AdamStep{.rate = 0.01,
                          .weight_decay = decay,
                          .step = 7,
                          .gradient = side(tame),
                          .mean = side(v),
                          .squares = side(s),
                          .parameters = side(x)};
        });
      EXPECT_EQ(x.difference(rounding), "") << "Adam";
      EXPECT_EQ(s.difference(rounding), "") << "Adam, the squares";
      run([&](auto side) {
        return AdaGradStep{
            .rate = 0.1, .gradient = side(tame), .squares = side(s), .parameters = side(x)};
      });
      EXPECT_EQ(x.difference(rounding), "") << "AdaGrad";
      run([&](auto side) {
        return DelayCompensation{
            .parameters = side(x), .old_parameters = side(old), .gradient = side(tame)};
      });
      EXPECT_EQ(tame.difference(rounding), "") << "delay compensation";
      run([&](auto side) {
        return DelayCompensation{.parameters = side(x),
                                 .old_parameters = side(old),
                                 .squares = side(s),
                                 .gradient = side(tame)};
      });
      EXPECT_EQ(tame.difference(rounding), "") << "adaptive delay compensation";
      EXPECT_EQ(s.difference(rounding), "") << "adaptive delay compensation, the squares";
      run([&](auto side) { return Interpolate{0.3, side(g), side(x)}; });
      EXPECT_EQ(x.difference(rounding), "") << "interpolation, towards anything";
      run([&](auto side) {
        return AdamStep{.rate = 0.01,
                        .gradient = side(g),
                        .mean = side(v),
                        .squares = side(s),
                        .parameters = side(x)};
      });
      EXPECT_EQ(s.difference(rounding), "") << "Adam with any gradient";
      EXPECT_EQ(x.difference(rounding), "") << "Adam with any gradient";
    }
}

}  // namespace
}  // namespace troupe::cuda
