#pragma once
// Kernels on the device held against run_on_host: operands that are on both sides, values to fill
// them with, and what it means for both to be the same afterwards.

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/kernel.hpp"
#include "core/random.hpp"
#include "core/slice.hpp"
#include "real_backend/cuda/device.hpp"

namespace troupe::cuda {

inline constexpr std::array every_dtype{Dtype::float32, Dtype::float64, Dtype::int32,
                                        Dtype::int64,   Dtype::uint32,  Dtype::uint8,
                                        Dtype::float16, Dtype::bfloat16};
inline constexpr std::array arithmetic_dtypes{Dtype::float32, Dtype::float64, Dtype::int32,
                                              Dtype::int64,   Dtype::uint32,  Dtype::uint8};
inline constexpr std::array real_dtypes{Dtype::float32, Dtype::float64};

/// Fills with a function of the index, converted to the dtype (one that has arithmetic).
template <class F>
void fill(Slice slice, F&& value) {
  const auto all = [&](auto values) {
    using T = typename decltype(values)::value_type;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(value(i));
  };
  switch (slice.dtype()) {
    case Dtype::float32: return all(slice.host<float>());
    case Dtype::float64: return all(slice.host<double>());
    case Dtype::int32: return all(slice.host<std::int32_t>());
    case Dtype::int64: return all(slice.host<std::int64_t>());
    case Dtype::uint32: return all(slice.host<std::uint32_t>());
    case Dtype::uint8: return all(slice.host<std::uint8_t>());
    default: FAIL() << "a 16-bit float is filled by its bits";
  }
}

/// Small whole numbers: their sums and products are exact in every dtype, so that no order of
/// summation can hide behind a tolerance.
inline Buffer whole(std::size_t count, Dtype dtype, std::uint64_t seed) {
  Buffer buffer{count, dtype};
  SplitMix64 random{seed};
  fill(buffer, [&](std::size_t) { return static_cast<double>(random.below(7)) - 3; });
  return buffer;
}
/// Uniform in (low, high).
inline Buffer uniform(std::size_t count, Dtype dtype, std::uint64_t seed, double low = -1,
                      double high = 1) {
  Buffer buffer{count, dtype};
  SplitMix64 random{seed};
  fill(buffer, [&](std::size_t) { return random.uniform(low, high); });
  return buffer;
}

/// Where rounding, saturation and comparison go wrong first.
inline double awkward(SplitMix64& random) {
  using Limits = std::numeric_limits<double>;
  static constexpr double special[]{0.0,
                                    -0.0,
                                    Limits::infinity(),
                                    -Limits::infinity(),
                                    Limits::quiet_NaN(),
                                    Limits::denorm_min(),
                                    1e-40,
                                    -1e-45,
                                    3.4028235677973366e38,
                                    -1e300,
                                    0.5,
                                    -0.5,
                                    1.5,
                                    2.5,
                                    254.5,
                                    255.5,
                                    -1,
                                    256,
                                    2147483647,
                                    2147483647.5,
                                    2147483648,
                                    -2147483648,
                                    -2147483649,
                                    4294967295,
                                    4294967295.5,
                                    9.2233720368547758e18,
                                    -9.2233720368547758e18,
                                    1.8e19,
                                    65504,
                                    65519.99,
                                    65520,
                                    65536,
                                    0x1p-24,
                                    0x1p-25,
                                    0x1.8p-25,
                                    0x1p-14,
                                    0x1.ffcp-15,
                                    0x1p-133,
                                    0x1p-134,
                                    0x1.8p-134};
  switch (random.below(4)) {
    case 0: return special[random.below(std::size(special))];
    case 1: return std::bit_cast<double>(random.next());
    case 2: {  // halfway between neighbours of some narrower type, or a little beside it
      const double half = static_cast<double>(random.below(1 << 13)) - (1 << 12);
      const double beside = static_cast<double>(random.below(3)) - 1;
      return std::ldexp(half * (1 + beside * 0x1p-40), static_cast<int>(random.below(60)) - 40);
    }
    default: return random.uniform(-4, 4);
  }
}
/// Values of any size and kind: for kernels that must be the host's bit for bit.
inline Buffer any(std::size_t count, Dtype dtype, std::uint64_t seed) {
  Buffer buffer{count, dtype};
  SplitMix64 random{seed};
  const std::size_t size = size_of(dtype);
  for (std::size_t i = 0; i < count; ++i) {
    std::byte* const at = buffer.slice().bytes().data() + i * size;
    if (dtype == Dtype::float64) {
      const double value = awkward(random);
      std::memcpy(at, &value, size);
    } else if (dtype == Dtype::float32) {
      const auto value = random.below(4) > 0
                             ? static_cast<float>(awkward(random))
                             : std::bit_cast<float>(static_cast<std::uint32_t>(random.next()));
      std::memcpy(at, &value, size);
    } else {
      // An integer of any length; or some leading bits, and one less or more far below them.
      std::int64_t value = std::bit_cast<std::int64_t>(random.next()) >> random.below(64);
      if (random.below(2) == 0) {
        const auto leading = static_cast<std::int64_t>(random.below(1 << 13)) - (1 << 12);
        value = leading * (std::int64_t{1} << random.below(50)) +
                static_cast<std::int64_t>(random.below(3)) - 1;
      }
      std::memcpy(at, &value, size);  // the lowest bytes
    }
  }
  return buffer;
}

/// The value as a double; NaN for any NaN.
inline double as_double(ConstSlice slice, std::size_t i) {
  double value = 0;
  const ConstSlice one = slice.subslice(i, 1);
  run_on_host(Cast{Slice{std::span{&value, 1}}, one});
  return value;
}

/// One operand on both sides, `offset` values into an allocation.
class Twin {
 public:
  Twin(Device& device, const Buffer& values, std::size_t offset = 0)
      : offset_{offset},
        count_{values.slice().size()},
        host_{offset + count_ + after, values.slice().dtype()},
        device_{offset + count_ + after, values.slice().dtype(), device.memory()} {
    std::memset(host_.slice().bytes().data(), 0x5a, host_.slice().size_bytes());
    run_on_host(Copy{host_.slice().subslice(offset, count_), values});
    copy_from_host(device_, host_);
  }
  /// What was there before is not to be seen: NaN, where there is one.
  static Twin blank(Device& device, std::size_t count, Dtype dtype, std::size_t offset = 0) {
    Buffer values{count, dtype};
    fill(values, [](std::size_t) { return std::numeric_limits<float>::quiet_NaN(); });
    return {device, values, offset};
  }
  Slice host() const { return host_.slice().subslice(offset_, count_); }
  Slice device() const { return device_.slice().subslice(offset_, count_); }

  /// What is different, in words; empty if nothing is, neither in it nor beside it. A NaN is like
  /// any other (its bits differ between processors), a zero is like its own sign only. With a
  /// tolerance, |difference| ≤ tolerance · max(1, |host|) is no difference.
  std::string difference(double tolerance = -1) const {
    const HostView there{device_};
    const std::size_t size = size_of(host_.slice().dtype());
    const std::byte* const a = there.slice().bytes().data();
    const std::byte* const b = host_.slice().bytes().data();
    if (std::memcmp(a, b, host_.slice().size_bytes()) == 0) return {};
    for (std::size_t i = 0; i < host_.slice().size(); ++i) {
      if (std::memcmp(a + i * size, b + i * size, size) == 0) continue;
      const double x = as_double(there, i), y = as_double(host_, i);
      if (std::isnan(x) && std::isnan(y)) continue;
      const bool is_outside = i < offset_ || i >= offset_ + count_;
      if (!is_outside && std::abs(x - y) <= tolerance * std::max(1.0, std::abs(y))) continue;
      return (is_outside ? "beside the slice, at " : "at ") +
             std::to_string(static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(offset_)) +
             " of " + std::to_string(count_) + ": device " + text(x) + ", host " + text(y);
    }
    return {};
  }

 private:
  static constexpr std::size_t after = 5;
  static std::string text(double value) {
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, "%.17g", value);
    return buffer;
  }
  std::size_t offset_, count_;
  Buffer host_, device_;
};

/// A device for all tests of a suite, which are skipped where there is none.
class KernelsOnAGpu : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!devices().empty()) device_ = std::make_unique<Device>(0);
  }
  static void TearDownTestSuite() { device_.reset(); }
  void SetUp() override {
    if (!device_) GTEST_SKIP() << why_no_device();
    lane_ = device_->make_lane(false);
    device_->enter(lane_.get());
  }
  void TearDown() override {
    if (device_) device_->enter(nullptr);
  }

  Twin twin(const Buffer& values, std::size_t offset = 0) { return {*device_, values, offset}; }
  Twin blank(std::size_t count, Dtype dtype, std::size_t offset = 0) {
    return Twin::blank(*device_, count, dtype, offset);
  }
  /// Runs make(side) on both sides, where side(twin) is the operand there.
  template <class F>
  void run(F&& make) {
    const Kernel here = make([](const Twin& twin) { return twin.host(); });
    const Kernel there = make([](const Twin& twin) { return twin.device(); });
    check(here);
    check(there);
    run_on_host(here);
    lane_->launch(there);
  }

  inline static std::unique_ptr<Device> device_;
  std::unique_ptr<mpi::AcceleratorLane> lane_;
};

/// Lengths and places of two operands: none, fewer than a vector, odd, several blocks; together off
/// the alignment of vectors, each in its own way, or not at all.
struct Placed {
  std::size_t count, first, second;
};
inline const std::vector<Placed> placements{
    {0, 0, 0},    {1, 0, 0},    {3, 1, 1},    {5, 3, 2},    {31, 0, 0},     {64, 1, 1},
    {1000, 2, 2}, {1021, 3, 0}, {4096, 0, 0}, {4099, 1, 1}, {20'000, 3, 1}, {131'075, 3, 3}};

inline std::string placed_text(Dtype dtype, const Placed& at) {
  return std::string{name_of(dtype)} + ", " + std::to_string(at.count) + " values at " +
         std::to_string(at.first) + " and " + std::to_string(at.second);
}

}  // namespace troupe::cuda
