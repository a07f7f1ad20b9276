// Kernels of neural networks on the device against the host's.

#include <algorithm>
#include <functional>
#include <string>

#include "core/errors.hpp"
#include "tests/cuda/twins.hpp"

namespace troupe::cuda {
namespace {

/// What the elementary functions of two libraries may differ by, each being right within 2 units in
/// the last place of what it adds up.
double of_functions(Dtype dtype) { return dtype == Dtype::float32 ? 2e-6 : 1e-14; }

struct Channels {
  std::size_t channels, spatial, batch;
};
const std::vector<Channels> shapes_of_biases{
    {1, 1, 1},    {10, 1, 33},  {4096, 1, 300}, {1001, 1, 9},    {3, 1, 5000},
    {64, 49, 16}, {3, 1024, 5}, {1, 20'001, 2}, {7, 6, 130},     {256, 1, 1},
    {33, 64, 8},  {12, 1, 0},   {0, 4, 3},      {128, 1, 70'001}};

TEST_F(KernelsOnAGpu, AddBiasesAsTheHostBitForBit) {
  for (const Dtype dtype : real_dtypes)
    for (const auto [channels, spatial, batch] : shapes_of_biases)
      for (const std::size_t offset : {0u, 1u}) {
        SCOPED_TRACE(std::to_string(channels) + " channels of " + std::to_string(spatial) + ", " +
                     std::to_string(batch) + " samples");
        const Twin bias = twin(any(channels, dtype, 1), offset);
        for (const std::size_t other : {offset, 2 * offset}) {
          const Twin into = twin(uniform(channels * spatial * batch, dtype, 2), other);
          run([&](auto side) { return AddBias{channels, spatial, batch, side(bias), side(into)}; });
          EXPECT_EQ(into.difference(), "");
        }
      }
}

TEST_F(KernelsOnAGpu, SumTheGradientsOfBiases) {
  for (const Dtype dtype : real_dtypes)
    for (const auto [channels, spatial, batch] : shapes_of_biases)
      for (const double beta : {0.0, 1.0, 0.5}) {
        SCOPED_TRACE(std::to_string(channels) + " channels of " + std::to_string(spatial) + ", " +
                     std::to_string(batch) + " samples");
        const std::size_t offset = batch == 9 ? 1 : 0;
        // Exact in any order; what beta = 0 overwrites may be NaN.
        const Twin gradient = twin(whole(channels * spatial * batch, dtype, 3), offset);
        const Twin into =
            beta == 0 ? blank(channels, dtype, offset) : twin(whole(channels, dtype, 4), offset);
        run([&](auto side) {
          return BiasGradient{channels, spatial, batch, beta, side(gradient), side(into)};
        });
        EXPECT_EQ(into.difference(0), "");
      }
}

TEST_F(KernelsOnAGpu, SumInTheSameOrderEachTime) {
  const std::size_t channels = 100, batch = 5000;
  const Twin gradient = twin(uniform(channels * batch, Dtype::float32, 5));
  const Twin once = blank(channels, Dtype::float32), again = blank(channels, Dtype::float32);
  for (const Twin* const into : {&once, &again})
    lane_->launch(BiasGradient{.channels = channels,
                               .batch = batch,
                               .gradient = gradient.device(),
                               .into = into->device()});
  const HostView first{once.device()}, second{again.device()};
  EXPECT_TRUE(std::ranges::equal(first.slice().bytes(), second.slice().bytes()));
}

constexpr std::array every_activation{ActivationKind::identity, ActivationKind::tanh,
                                      ActivationKind::sigmoid, ActivationKind::relu,
                                      ActivationKind::gelu};
bool is_exact(ActivationKind kind) {
  return kind == ActivationKind::identity || kind == ActivationKind::relu;
}

TEST_F(KernelsOnAGpu, ActivateAsTheHostWithinRounding) {
  for (const ActivationKind kind : every_activation)
    for (const Dtype dtype : real_dtypes)
      for (const Placed& at : placements) {
        SCOPED_TRACE(std::string{name_of(kind)} + " of " + placed_text(dtype, at));
        const double tolerance = is_exact(kind) ? -1 : of_functions(dtype);
        const Twin from = twin(uniform(at.count, dtype, 6, -9, 9), at.second);
        const Twin special = twin(any(at.count, dtype, 7), at.first);
        const Twin into = blank(at.count, dtype, at.first);
        run([&](auto side) { return Activation{kind, side(from), side(into)}; });
        EXPECT_EQ(into.difference(tolerance), "");
        run([&](auto side) { return Activation{kind, side(special), side(special)}; });
        EXPECT_EQ(special.difference(tolerance), "") << "in place";
      }
}

TEST_F(KernelsOnAGpu, AddBiasesAndActivateInOnePass) {
  for (const ActivationKind kind : every_activation)
    for (const Dtype dtype : real_dtypes)
      for (const auto [channels, spatial, batch] : shapes_of_biases) {
        SCOPED_TRACE(std::string{name_of(kind)} + ", " + std::to_string(channels) +
                     " channels of " + std::to_string(spatial) + ", " + std::to_string(batch) +
                     " samples");
        const Twin bias = twin(any(channels, dtype, 1), batch == 9 ? 1 : 0);
        const Twin into = twin(uniform(channels * spatial * batch, dtype, 2), 1);
        run([&](auto side) {
          return AddBias{channels, spatial, batch, side(bias), side(into), kind};
        });
        EXPECT_EQ(into.difference(is_exact(kind) ? -1 : of_functions(dtype)), "");
      }
}

TEST_F(KernelsOnAGpu, MultiplyByDerivativesAsTheHostWithinRounding) {
  for (const ActivationKind kind : every_activation)
    for (const Dtype dtype : real_dtypes)
      for (const Placed& at : placements) {
        SCOPED_TRACE(std::string{name_of(kind)} + " of " + placed_text(dtype, at));
        const Twin kept = twin(uniform(at.count, dtype, 8, -5, 5), at.second);
        const Twin special = twin(any(at.count, dtype, 9), at.second);
        const Twin gradient = twin(uniform(at.count, dtype, 10), at.first);
        run([&](auto side) { return ActivationGradient{kind, side(kept), side(gradient)}; });
        EXPECT_EQ(gradient.difference(kind == ActivationKind::gelu ? of_functions(dtype) : -1), "");
        if (!is_exact(kind)) continue;
        run([&](auto side) { return ActivationGradient{kind, side(special), side(gradient)}; });
        EXPECT_EQ(gradient.difference(), "");
      }
}

// ---- losses

struct Batch {
  std::size_t rows, batch;
};
const std::vector<Batch> batches{{1, 1},  {2, 7},    {10, 1000}, {1000, 33}, {1024, 3},
                                 {33, 9}, {1025, 5}, {5003, 4},  {4096, 17}, {10, 0}};

Buffer labels(std::size_t count, std::size_t classes) {
  Buffer buffer{count, Dtype::int32};
  SplitMix64 random{11};
  fill(buffer, [&](std::size_t) { return static_cast<double>(random.below(classes)); });
  return buffer;
}

TEST_F(KernelsOnAGpu, MeasureSquaredErrors) {
  for (const Dtype dtype : real_dtypes)
    for (const auto [rows, batch] : batches) {
      SCOPED_TRACE(std::to_string(rows) + "x" + std::to_string(batch));
      const Twin y = twin(whole(rows * batch, dtype, 12)), t = twin(whole(rows * batch, dtype, 13));
      const Twin losses = blank(batch, dtype), gradient = blank(rows * batch, dtype);
      run([&](auto side) {
        return Loss{.kind = LossKind::squared_error,
                    .rows = rows,
                    .batch = batch,
                    .weight = 1.0 / 3,
                    .outputs = side(y),
                    .targets = side(t),
                    .losses = side(losses),
                    .gradient = side(gradient)};
      });
      EXPECT_EQ(losses.difference(), "");  // sums of whole numbers are exact
      EXPECT_EQ(gradient.difference(), "");
    }
}

TEST_F(KernelsOnAGpu, MeasureCrossEntropies) {
  for (const Dtype dtype : real_dtypes)
    for (const LossKind kind : {LossKind::softmax_cross_entropy, LossKind::binary_cross_entropy})
      for (const auto [some, batch] : batches)
        for (const double range : {3.0, 1e4, 1e30}) {
          const bool is_binary = kind == LossKind::binary_cross_entropy;
          const std::size_t rows = is_binary ? 1 : some;
          SCOPED_TRACE(std::string{name_of(kind)} + " of " + std::to_string(rows) + "x" +
                       std::to_string(batch) + ", outputs below " + std::to_string(range));
          const double tolerance = dtype == Dtype::float32 ? 1e-5 : 1e-12;
          const Buffer outputs = uniform(rows * batch, dtype, 14, -range, range);
          const Twin y = twin(outputs), kept = twin(outputs);
          const Twin t = twin(labels(batch, is_binary ? 2 : rows));
          const Twin losses = blank(batch, dtype), gradient = blank(rows * batch, dtype);
          Loss loss{.kind = kind, .rows = rows, .batch = batch, .weight = 0.125};
          run([&](auto side) {
            Loss both = loss;
            both.outputs = side(kept), both.targets = side(t);
            both.losses = side(losses), both.gradient = side(gradient);
            return both;
          });
          EXPECT_EQ(losses.difference(tolerance), "");
          EXPECT_EQ(gradient.difference(tolerance), "");
          EXPECT_EQ(kept.difference(), "") << "outputs are kept";
          run([&](auto side) {
            Loss alone = loss;
            alone.outputs = side(y), alone.targets = side(t), alone.losses = side(losses);
            return alone;
          });
          EXPECT_EQ(losses.difference(tolerance), "") << "losses alone";
          run([&](auto side) {
            Loss in_place = loss;
            in_place.outputs = side(y), in_place.targets = side(t), in_place.gradient = side(y);
            return in_place;
          });
          EXPECT_EQ(y.difference(tolerance), "") << "the gradient in place of the outputs";
        }
}

TEST_F(KernelsOnAGpu, KeepNaNAndInfinityInLosses) {
  for (const LossKind kind : {LossKind::softmax_cross_entropy, LossKind::squared_error}) {
    Buffer outputs = uniform(4 * 5, Dtype::float32, 15);
    const auto values = outputs.slice().host<float>();
    values[0] = values[7] = std::numeric_limits<float>::quiet_NaN();
    values[9] = std::numeric_limits<float>::infinity();
    values[14] = -std::numeric_limits<float>::infinity();
    const Twin y = twin(outputs), losses = blank(5, Dtype::float32);
    const Twin gradient = blank(20, Dtype::float32);
    const Twin t = kind == LossKind::squared_error ? twin(uniform(20, Dtype::float32, 16))
                                                   : twin(labels(5, 4));
    run([&](auto side) {
      return Loss{.kind = kind,
                  .rows = 4,
                  .batch = 5,
                  .outputs = side(y),
                  .targets = side(t),
                  .losses = side(losses),
                  .gradient = side(gradient)};
    });
    EXPECT_EQ(losses.difference(1e-5), "");
    EXPECT_EQ(gradient.difference(1e-5), "");
  }
}

std::string said(const std::function<void()>& action) {
  try {
    action();
  } catch (const BackendError& error) {
    return error.what();
  }
  return "nothing";
}

TEST_F(KernelsOnAGpu, NameTheFirstLabelThatIsNoClassAsTheHostDoes) {
  for (const LossKind kind : {LossKind::softmax_cross_entropy, LossKind::binary_cross_entropy})
    for (const std::size_t some : {10u, 2000u})
      for (const std::int32_t wrong : {-1, 2'000'000'000, std::numeric_limits<std::int32_t>::min(),
                                       static_cast<std::int32_t>(some)}) {
        const std::size_t rows = kind == LossKind::binary_cross_entropy ? 1 : some, batch = 700;
        Buffer values = labels(batch, 2);
        for (const std::size_t at : {300u, 301u, 699u})
          values.slice().host<std::int32_t>()[at] = wrong;
        const Twin y = twin(uniform(rows * batch, Dtype::float32, 17)), t = twin(values);
        const Twin losses = blank(batch, Dtype::float32);
        const auto loss = [&](auto side) {
          return Loss{.kind = kind,
                      .rows = rows,
                      .batch = batch,
                      .outputs = side(y),
                      .targets = side(t),
                      .losses = side(losses)};
        };
        const std::string on_host =
            said([&] { run_on_host(loss([](const Twin& twin) { return twin.host(); })); });
        EXPECT_EQ(said([&] {
                    lane_->launch(loss([](const Twin& twin) { return twin.device(); }));
                    HostView{losses.device()};
                  }),
                  on_host);
        EXPECT_NE(on_host, "nothing");
        EXPECT_EQ(said([&] { HostView{losses.device()}; }), "nothing") << "it is said once";
      }
}

// ---- images

const std::vector<Windows> every_windows{
    {.channels = 1, .height = 1, .width = 1},
    {.channels = 3, .height = 9, .width = 7, .window_height = 3, .window_width = 3},
    {.channels = 2, .height = 8, .width = 8, .window_height = 2, .window_width = 2, .stride = 2},
    {.channels = 4,
     .height = 11,
     .width = 13,
     .window_height = 5,
     .window_width = 3,
     .stride = 2,
     .padding = 2},
    {.channels = 3,
     .height = 10,
     .width = 6,
     .window_height = 3,
     .window_width = 3,
     .stride = 1,
     .padding = 1},
    {.channels = 2, .height = 7, .width = 7, .window_height = 7, .window_width = 7},
    {.channels = 1, .height = 5, .width = 40, .window_height = 1, .window_width = 4, .stride = 3},
    {.channels = 5,
     .height = 6,
     .width = 6,
     .window_height = 2,
     .window_width = 2,
     .stride = 3,
     .padding = 1}};

std::string windows_text(const Windows& w, std::size_t batch) {
  return std::to_string(batch) + " of " + std::to_string(w.channels) + "x" +
         std::to_string(w.height) + "x" + std::to_string(w.width) + ", windows of " +
         std::to_string(w.window_height) + "x" + std::to_string(w.window_width) + ", stride " +
         std::to_string(w.stride) + ", padding " + std::to_string(w.padding);
}

TEST_F(KernelsOnAGpu, PoolAsTheHostBitForBit) {
  for (const Dtype dtype : real_dtypes)
    for (const PoolingKind kind : {PoolingKind::max, PoolingKind::average})
      for (const Windows& w : every_windows)
        for (const std::size_t batch : {0u, 1u, 6u})
          for (const bool has_ties : {false, true}) {
            if (w.padding >= std::min(w.window_height, w.window_width)) continue;
            SCOPED_TRACE(std::string{name_of(kind)} + ", " + windows_text(w, batch));
            const std::size_t in = batch * w.in_size(), out = batch * w.channels * w.out_pixels();
            // Small whole numbers are often equal; the others have NaN and infinities among them.
            const Twin input = twin(has_ties ? whole(in, dtype, 18) : any(in, dtype, 19));
            const Twin output = blank(out, dtype), from = twin(uniform(out, dtype, 20));
            const Twin into = blank(in, dtype);
            run([&](auto side) { return Pooling{kind, w, batch, side(input), side(output)}; });
            EXPECT_EQ(output.difference(), "");
            run([&](auto side) {
              return PoolingGradient{kind,         w,          batch,     side(input),
                                     side(output), side(from), side(into)};
            });
            EXPECT_EQ(into.difference(), "") << "the gradient";
          }
}

TEST_F(KernelsOnAGpu, ConvolveAndDifferentiateConvolutions) {
  for (const Dtype dtype : real_dtypes)
    for (const Windows& w : every_windows)
      for (const std::size_t filters : {1u, 6u})
        for (const std::size_t batch : {0u, 1u, 5u})
          for (const double beta : {0.0, 0.5}) {
            SCOPED_TRACE(std::string{name_of(dtype)} + ", " + windows_text(w, batch) + ", " +
                         std::to_string(filters) + " filters");
            // Exact, since all sums are of small whole numbers.
            const std::size_t out = batch * filters * w.out_pixels();
            const Twin input = twin(whole(batch * w.in_size(), dtype, 21));
            const Twin filter = twin(whole(filters * w.window_size(), dtype, 22));
            const Twin output = blank(out, dtype), from = twin(whole(out, dtype, 23));
            const Twin input_gradient = blank(batch * w.in_size(), dtype);
            const Twin filter_gradient = beta == 0
                                             ? blank(filters * w.window_size(), dtype)
                                             : twin(whole(filters * w.window_size(), dtype, 24));
            run([&](auto side) {
              return Convolution{w, filters, batch, side(input), side(filter), side(output)};
            });
            EXPECT_EQ(output.difference(0), "");
            run([&](auto side) {
              return ConvolutionInputGradient{
                  w, filters, batch, side(filter), side(from), side(input_gradient)};
            });
            EXPECT_EQ(input_gradient.difference(0), "") << "the gradient of the input";
            run([&](auto side) {
              return ConvolutionFilterGradient{
                  w, filters, batch, beta, side(input), side(from), side(filter_gradient)};
            });
            EXPECT_EQ(filter_gradient.difference(0), "") << "the gradient of the filter";
          }
}

TEST_F(KernelsOnAGpu, ConvolveFloat32WithAllItsBits) {
  const Windows w{.channels = 32,
                  .height = 14,
                  .width = 14,
                  .window_height = 3,
                  .window_width = 3,
                  .padding = 1};
  const Twin input = twin(uniform(8 * w.in_size(), Dtype::float32, 25));
  const Twin filter = twin(uniform(32 * w.window_size(), Dtype::float32, 26));
  const Twin output = blank(8 * 32 * w.out_pixels(), Dtype::float32);
  run([&](auto side) { return Convolution{w, 32, 8, side(input), side(filter), side(output)}; });
  // 288 products below 1: float32 loses some 1e-6 of them, 10 bits of mantissa some 1e-3.
  EXPECT_EQ(output.difference(2e-5), "");
}

/// The first launch of a shape is by cuDNN's call, the others by a plan that had the same bits
/// then: of other operands, too, which the first is launched with here on a lane that knows no
/// plan.
TEST_F(KernelsOnAGpu, KeepTheBitsOfConvolutionsInPlans) {
  const Windows w{.channels = 4,
                  .height = 14,
                  .width = 14,
                  .window_height = 5,
                  .window_width = 5,
                  .padding = 2};
  constexpr std::size_t filters = 8, batch = 16, launches = 3;
  const std::size_t in = batch * w.in_size(), out = batch * filters * w.out_pixels();
  for (const std::size_t offset : {0u, 1u}) {
    const auto drawn = [&](std::size_t count, std::uint64_t seed) {
      return twin(uniform(count, Dtype::float32, seed), offset);
    };
    const Twin filter = drawn(filters * w.window_size(), 31);
    const auto convolved = [&](mpi::AcceleratorLane& lane, std::uint64_t seed) {
      const Twin input = drawn(in, seed), from = drawn(out, seed + 1);
      const Twin output = blank(out, Dtype::float32, offset);
      const Twin input_gradient = blank(in, Dtype::float32, offset);
      const Twin filter_gradient = blank(filters * w.window_size(), Dtype::float32, offset);
      device_->enter(&lane);
      lane.launch(Convolution{w, filters, batch, input.device(), filter.device(), output.device()});
      lane.launch(ConvolutionInputGradient{w, filters, batch, filter.device(), from.device(),
                                           input_gradient.device()});
      lane.launch(ConvolutionFilterGradient{w, filters, batch, 0, input.device(), from.device(),
                                            filter_gradient.device()});
      std::vector<std::byte> bits;
      for (const Twin* const result : {&output, &input_gradient, &filter_gradient}) {
        const HostView view{result->device()};
        bits.insert(bits.end(), view.slice().bytes().begin(), view.slice().bytes().end());
      }
      device_->enter(lane_.get());
      return bits;
    };
    const std::uint64_t before = device_->counters().planned;
    for (std::uint64_t seed = 40; seed < 40 + 2 * launches; seed += 2) {
      const auto fresh = device_->make_lane(false);
      EXPECT_EQ(convolved(*lane_, seed), convolved(*fresh, seed)) << seed;
    }
    EXPECT_EQ(device_->counters().planned - before, 3 * (launches - 1));
  }
}

}  // namespace
}  // namespace troupe::cuda
