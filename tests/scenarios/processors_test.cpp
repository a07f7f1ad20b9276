// The processors of simulated ranks: from devices that a platform names, from measured ones, or
// from both.

#include <gtest/gtest.h>

#include "scenarios/backend_simulated.hpp"

namespace troupe::scenarios {
namespace {

/// One rank on a host with that device.
class OneHost final : public platforms::PlacedPlatform {
 public:
  explicit OneHost(const char* device) {
    hosts.push_back({.name = "host", .speed = {1e12}, .device = device});
    ranks.emplace_back();
  }
  platforms::Way way(int, int) const override { return {}; }
};

/// A product of each of those types, measured at 2 TFLOP/s.
ComputeChoice measured(std::initializer_list<Dtype> dtypes) {
  MeasuredDevice device;
  for (const Dtype dtype : dtypes)
    device.kernels.push_back(
        {.shape = {.kernel = "Gemm", .form = "nn", .dtype = dtype, .sizes = {100, 100, 100}},
         .work = {Flops{2e6}, Bytes{}},
         .timing = {.time = Seconds{1e-6}}});
  ComputeChoice choice;
  choice.device.emplace().measured = std::make_shared<MeasuredDevice>(device);
  return choice;
}

TEST(Processors, MultiplyBfloat16AtTheRateOfTheirDevicesMatrixUnits) {
  const auto speed = [](const char* device) {
    return processors_of(OneHost{device}, {}).front().bfloat16_speed.value;
  };
  EXPECT_DOUBLE_EQ(speed("H100"), 989e12);
  EXPECT_DOUBLE_EQ(speed("A100"), 312e12);
  EXPECT_EQ(speed("V100"), 0) << "it has none for bfloat16";
  EXPECT_EQ(speed(""), 0);
}

TEST(Processors, KeepTheRateOfADtypeThatWasNotMeasured) {
  const OneHost host{"H100"};
  const auto single = processors_of(host, measured({Dtype::float32})).front();
  EXPECT_DOUBLE_EQ(single.speed.value, 2e12);
  EXPECT_DOUBLE_EQ(single.bfloat16_speed.value, 989e12);
  const auto narrow = processors_of(host, measured({Dtype::bfloat16})).front();
  EXPECT_DOUBLE_EQ(narrow.speed.value, 67e12);
  EXPECT_DOUBLE_EQ(narrow.bfloat16_speed.value, 2e12);
}

TEST(Processors, AreSlowerByTheirFactorInEveryDtype) {
  ComputeChoice half;
  half.speed = {0.5};
  const auto processor = processors_of(OneHost{"H100"}, half).front();
  EXPECT_DOUBLE_EQ(processor.speed.value, 67e12 / 2);
  EXPECT_DOUBLE_EQ(processor.double_speed.value, 34e12 / 2);
  EXPECT_DOUBLE_EQ(processor.bfloat16_speed.value, 989e12 / 2);
}

}  // namespace
}  // namespace troupe::scenarios
