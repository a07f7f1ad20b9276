// Files of measured devices.

#include "platforms/measured_device.hpp"

#include <gmock/gmock.h>

#include "core/errors.hpp"
#include "tests/platforms/temporary_file.hpp"

namespace troupe::platforms {
namespace {

using testing::AllOf;
using testing::HasSubstr;

KernelTime point(const KernelShape& shape, double seconds) {
  return {shape,
          {Flops{2e9}, Bytes{123456789012}},
          {.time = Seconds{seconds},
           .p10 = Seconds{seconds / 3},
           .p90 = Seconds{seconds * 3},
           .repeats = 5},
          {}};
}

KernelTime launched(const KernelShape& shape, double seconds) {
  KernelTime time = point(shape, seconds);
  time.device = Seconds{seconds / 7};
  time.launch = Seconds{seconds / 0.7};
  return time;
}

MeasuredDevice device() {
  const KernelShape gemm{
      .kernel = "Gemm", .form = "nt", .dtype = Dtype::float64, .sizes = {3, 4, 5}};
  KernelShape other = gemm;
  other.sizes[2] = 50;
  const KernelShape narrow{
      .kernel = "Gemm", .form = "nt", .dtype = Dtype::bfloat16, .sizes = {3, 4, 5}};
  const KernelShape fill{.kernel = "Fill", .form = {}, .dtype = Dtype::float32, .sizes = {1}};
  return {
      .name = "a \"device\"",
      .backend = "cuda",
      .environment = {{"cuda", "13.0"}, {"device", "H\\100"}},
      .kernels = {point(gemm, 1e-3), point(other, 1.0 / 3), point(narrow, 1e-4), point(fill, 2e-6)},
      .exact = {launched(fill, 3e-6)},
      .host = {.to_device = {{Bytes{4096},
                              {.time = Seconds{1e-5},
                               .p10 = Seconds{1e-5},
                               .p90 = Seconds{2e-5},
                               .repeats = 7}}},
               .from_device = {},
               .speed = {1e11 / 3},
               .memory_bandwidth = {1e10 / 7}},
      .launch_overhead = Seconds{2e-6}};
}

TEST(MeasuredDevice, IsReadAsItWasWrittenToTheLastBit) {
  const auto text = to_json(device());
  const TemporaryFile file{"device.json", text};
  const auto again = read_measured_device(file.text());
  EXPECT_EQ(to_json(again), text);
  ASSERT_EQ(again.kernels.size(), 4u);
  EXPECT_EQ(again.kernels[1].timing.time.count(), 1.0 / 3);
  EXPECT_EQ(again.kernels[1].shape, device().kernels[1].shape);
  EXPECT_EQ(again.kernels[2].shape, device().kernels[2].shape);
  EXPECT_EQ(again.kernels[1].work.bytes.value, 123456789012u);
  ASSERT_EQ(again.exact.size(), 1u);
  EXPECT_EQ(again.exact[0].device.count(), 3e-6 / 7);
  EXPECT_EQ(again.exact[0].launch.count(), 3e-6 / 0.7);
  EXPECT_EQ(again.kernels[0].device.count(), 0);
  EXPECT_EQ(again.host.to_device.size(), 1u);
  EXPECT_EQ(again.host.speed.value, 1e11 / 3);
  EXPECT_EQ(again.host.memory_bandwidth.value, 1e10 / 7);
}

/// What the reader says of a file with this list of kernels.
std::string complaint(const std::string& kernels, const std::string& more = "") {
  const TemporaryFile file{"device.json", R"({"troupe_device": 1, "name": "d", )" + more +
                                              R"("kernels": )" + kernels + "}"};
  try {
    read_measured_device(file.text());
  } catch (const BadPlatform& error) {
    return error.what();
  }
  return "no error";
}
std::string of_point(const std::string& point) {
  return complaint(R"([{"kernel": "Gemm", "form": "nn", "dtype": "float32", "points": [)" + point +
                   "]}]");
}

TEST(MeasuredDevice, MayLeaveOutTheFormOfABiasWithoutActivation) {
  const auto bias = [](const std::string& form) {
    return R"([{"kernel": "AddBias", )" + form + R"("dtype": "float32", "points": [
        {"sizes": {"channels": 2, "spatial": 1, "batch": 3}, "flops": 1, "bytes": 1, "time_s": 1}]}])";
  };
  EXPECT_EQ(complaint(bias("")), "no error");
  EXPECT_EQ(complaint(bias(R"("form": "relu", )")), "no error");
  EXPECT_THAT(complaint(bias(R"("form": "rely", )")), HasSubstr("did you mean \"relu\""));
}

TEST(MeasuredDevice, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(complaint(R"([{"kernel": "Gem", "dtype": "float32", "points": []}])"),
              AllOf(HasSubstr("device.json: /kernels/0/kernel: \"Gem\": expected a kernel"),
                    HasSubstr("did you mean \"Gemm\"")));
  EXPECT_THAT(
      complaint(R"([{"kernel": "Gemm", "form": "mm", "dtype": "float32", "points": []}])"),
      HasSubstr("/kernels/0/form: \"mm\": expected a form of this kernel (nn, nt, tn, tt)"));
  EXPECT_THAT(complaint(R"([{"kernel": "Copy", "form": "nn", "dtype": "float32", "points": []}])"),
              HasSubstr("/kernels/0/form: \"nn\": expected no form: Copy has one only"));
  EXPECT_THAT(complaint(R"([{"kernel": "Copy", "dtype": "float", "points": []}])"),
              AllOf(HasSubstr("/kernels/0/dtype"), HasSubstr("did you mean \"float32\"")));
  EXPECT_THAT(complaint(R"([{"kernel": "Copy", "dtype": "float32", "points": []}])"),
              HasSubstr("/kernels/0/points: []: expected an array of at least 1"));
  EXPECT_THAT(complaint("[]", R"("host_link": {"to_device": [{"bytes": 10, "time_s": 1},
                                  {"bytes": 10, "time_s": 2}], "from_device": []}, )"),
              HasSubstr("/host_link/to_device/1/bytes: 10: expected more than the copy before it"));
  EXPECT_THAT(complaint("[]", R"("host_link": {"to_device": [], "from_device": [],
                                  "host_flops_per_s": 0}, )"),
              HasSubstr("/host_link/host_flops_per_s: 0: expected a number above 0"));
  EXPECT_THAT(complaint("[]", R"("launch_overheads_s": 1, )"),
              HasSubstr("unknown key, did you mean \"launch_overhead_s\""));
  EXPECT_THAT(of_point(R"({"sizes": {"m": 1, "n": 1}, "flops": 1, "bytes": 1, "time_s": 1})"),
              HasSubstr("expected the key \"k\""));
  EXPECT_THAT(
      of_point(R"({"sizes": {"m": 1, "n": 1, "k": 0}, "flops": 1, "bytes": 1, "time_s": 1})"),
      HasSubstr("/kernels/0/points/0/sizes/k: 0: expected a whole number of at least 1"));
  EXPECT_THAT(
      of_point(R"({"sizes": {"m": 1, "n": 1, "k": 1}, "flops": 1, "bytes": 1, "time_s": 0})"),
      HasSubstr("/kernels/0/points/0/time_s: 0: expected a number above 0"));
  const std::string once =
      R"({"sizes": {"m": 1, "n": 1, "k": 1}, "flops": 1, "bytes": 1, "time_s": 1})";
  EXPECT_EQ(of_point(once), "no error");
  EXPECT_THAT(of_point(R"({"sizes": {"m": 1, "n": 1, "k": 1}, "flops": 1, "bytes": 1, "time_s": 1,
                           "launch_s": 1})"),
              HasSubstr("/kernels/0/points/0/launch_s: 1: expected \"device_s\" beside it"));
  EXPECT_THAT(
      of_point(once + "," + once),
      HasSubstr("/kernels/0/points/1/sizes: {\"k\":1,\"m\":1,\"n\":1}: expected sizes that no "
                "other point"));
}

TEST(MeasuredDevice, RefusesOtherFiles) {
  const TemporaryFile report{"report.json", R"({"troupe_report": 1})"};
  EXPECT_THROW(read_measured_device(report.text()), BadPlatform);
  const TemporaryFile broken{"broken.json", "{"};
  EXPECT_THROW(read_measured_device(broken.text()), BadPlatform);
  EXPECT_THROW(read_measured_device("/no/such/file.json"), BadPlatform);
  const TemporaryFile newer{"newer.json", R"({"troupe_device": 2, "name": "d", "kernels": []})"};
  EXPECT_THROW(read_measured_device(newer.text()), BadPlatform);
}

}  // namespace
}  // namespace troupe::platforms
