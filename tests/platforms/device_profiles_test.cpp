// Profiles hold what vendors state, and say where.

#include "platforms/device_profiles.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "messages.hpp"

namespace troupe::platforms {
namespace {

using testing::HasSubstr;

TEST(DeviceProfile, EveryOneStatesItsSourcesAndIsPlausible) {
  for (const DeviceProfile& profile : device_profiles()) {
    SCOPED_TRACE(profile.name);
    EXPECT_FALSE(profile.peak_source.empty());
    EXPECT_FALSE(profile.memory_source.empty());
    EXPECT_FALSE(profile.capacity_source.empty());
    EXPECT_FALSE(profile.overhead_source.empty());
    EXPECT_FALSE(profile.peaks.empty());
    EXPECT_GT(profile.memory_bandwidth.value, 1e11);
    EXPECT_GE(profile.memory.value, 16'000'000'000u);
    EXPECT_GT(profile.efficiency, 0);
    EXPECT_LE(profile.efficiency, 1);
    for (const Peak& peak : profile.peaks) EXPECT_LE(peak.vector.value, peak.matrix.value);
    EXPECT_EQ(&device_profile(profile.name), &profile);
  }
}

TEST(DeviceProfile, RatesAreThoseOfTheDatasheets) {
  EXPECT_DOUBLE_EQ(device_profile("A100").rate(Dtype::float32, false)->value, 19.5e12);
  EXPECT_DOUBLE_EQ(device_profile("A100").rate(Dtype::bfloat16, true)->value, 312e12);
  EXPECT_DOUBLE_EQ(device_profile("H100").memory_bandwidth.value, 3.35e12);
  EXPECT_EQ(device_profile("H200").memory.value, 141'000'000'000u);
  EXPECT_EQ(device_profile("TPUv4").memory.value, std::uint64_t{32} << 30);
  EXPECT_FALSE(device_profile("TPUv4").rate(Dtype::float32, false)) << "Google states none";
}

TEST(DeviceProfile, UnknownNameIsAnErrorWithTheNearest) {
  EXPECT_THAT(complaint_of([] { device_profile("H101"); }), HasSubstr("did you mean \"H10"));
}

TEST(DeviceProfile, SchemaOfGpuClustersKnowsTheSameNames) {
  std::ifstream file{TROUPE_PLATFORMS_DIRECTORY "/gpu_cluster.schema.json"};
  const auto schema = nlohmann::json::parse(file);
  std::vector<std::string> names;
  for (const DeviceProfile& profile : device_profiles()) names.emplace_back(profile.name);
  EXPECT_EQ(schema.at(nlohmann::json::json_pointer{"/properties/node/properties/device/enum"}),
            names);
}

}  // namespace
}  // namespace troupe::platforms
