#include "platforms/device_profiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::platforms {
namespace {

constexpr FlopsPerSecond tera(double value) { return {value * 1e12}; }
constexpr BytesPerSecond giga(double value) { return {value * 1e9}; }
constexpr Bytes gigabytes(std::uint64_t value) { return {value * 1'000'000'000}; }
constexpr Bytes gibibytes(std::uint64_t value) { return {value << 30}; }

constexpr std::string_view assumed_launch =
    "assumption: the order of magnitude of launching an empty kernel; no vendor states it";

// Half-precision vector rates stand where the sheet has them; elsewhere the rate of float32, which
// every one of these devices reaches by converting.

constexpr Peak v100[] = {{Dtype::float64, tera(7.8), tera(7.8)},
                         {Dtype::float32, tera(15.7), tera(15.7)},
                         {Dtype::float16, tera(15.7), tera(125)}};

constexpr Peak a100[] = {{Dtype::float64, tera(9.7), tera(19.5)},
                         {Dtype::float32, tera(19.5), tera(19.5)},
                         {Dtype::float16, tera(78), tera(312)},
                         {Dtype::bfloat16, tera(39), tera(312)}};

constexpr Peak h100[] = {{Dtype::float64, tera(34), tera(67)},
                         {Dtype::float32, tera(67), tera(67)},
                         {Dtype::float16, tera(67), tera(989)},
                         {Dtype::bfloat16, tera(67), tera(989)}};

constexpr Peak b200[] = {{Dtype::float64, tera(40), tera(40)},
                         {Dtype::float32, tera(80), tera(80)},
                         {Dtype::float16, tera(80), tera(2250)},
                         {Dtype::bfloat16, tera(80), tera(2250)}};

// Google states the rate of the matrix units only.
constexpr Peak tpu_v4[] = {{Dtype::bfloat16, tera(275), tera(275)}};

// 64 cores × 2.45 GHz × 2 fused multiply-adds of 256 bits a cycle.
constexpr Peak epyc_7763[] = {{Dtype::float64, tera(2.5088), tera(2.5088)},
                              {Dtype::float32, tera(5.0176), tera(5.0176)}};

constexpr DeviceProfile profiles[] = {
    {.name = "V100",
     .description = "NVIDIA Tesla V100 SXM2",
     .peaks = v100,
     .memory_bandwidth = giga(900),
     .memory = gigabytes(32),
     .efficiency = 1,
     .launch_overhead = Seconds{3e-6},
     .peak_source = "NVIDIA V100 Tensor Core GPU datasheet, column SXM2",
     .memory_source = "the same",
     .capacity_source =
         "NVIDIA V100 Tensor Core GPU datasheet: 32 GB, the larger of the two there are",
     .overhead_source = assumed_launch},
    {.name = "A100",
     .description = "NVIDIA A100 SXM4 80 GB",
     .peaks = a100,
     .memory_bandwidth = giga(2039),
     .memory = gigabytes(80),
     .efficiency = 1,
     .launch_overhead = Seconds{3e-6},
     .peak_source =
         "NVIDIA A100 Tensor Core GPU datasheet; vector rates of 16-bit types: NVIDIA A100 "
         "Tensor Core GPU Architecture (white paper)",
     .memory_source = "NVIDIA A100 Tensor Core GPU datasheet, column A100 80GB SXM",
     .capacity_source = "NVIDIA A100 Tensor Core GPU datasheet, column A100 80GB SXM",
     .overhead_source = assumed_launch},
    {.name = "H100",
     .description = "NVIDIA H100 SXM5 80 GB",
     .peaks = h100,
     .memory_bandwidth = giga(3350),
     .memory = gigabytes(80),
     .efficiency = 1,
     .launch_overhead = Seconds{3e-6},
     .peak_source =
         "NVIDIA H100 Tensor Core GPU datasheet, column SXM; 16-bit matrix rates are half of "
         "those stated with sparsity",
     .memory_source = "the same",
     .capacity_source = "NVIDIA H100 Tensor Core GPU datasheet, column SXM",
     .overhead_source = assumed_launch},
    {.name = "H200",
     .description = "NVIDIA H200 SXM 141 GB",
     .peaks = h100,
     .memory_bandwidth = giga(4800),
     .memory = gigabytes(141),
     .efficiency = 1,
     .launch_overhead = Seconds{3e-6},
     .peak_source = "NVIDIA H200 Tensor Core GPU datasheet, column SXM: the rates of the H100",
     .memory_source = "the same",
     .capacity_source = "NVIDIA H200 Tensor Core GPU datasheet, column SXM",
     .overhead_source = assumed_launch},
    {.name = "B200",
     .description = "NVIDIA B200 at 1000 W, one of an HGX B200",
     .peaks = b200,
     .memory_bandwidth = giga(8000),
     .memory = gigabytes(180),
     .efficiency = 1,
     .launch_overhead = Seconds{3e-6},
     .peak_source = "NVIDIA Blackwell Architecture Technical Brief, HGX B200, dense",
     .memory_source = "the same",
     .capacity_source = "NVIDIA DGX B200 user guide: 1,440 GB of eight GPUs",
     .overhead_source = assumed_launch},
    {.name = "TPUv4",
     .description = "Google TPU v4, one chip",
     .peaks = tpu_v4,
     .memory_bandwidth = giga(1200),
     .memory = gibibytes(32),
     .efficiency = 1,
     .launch_overhead = Seconds{0},
     .peak_source = "Google Cloud documentation, TPU v4: peak compute per chip (bf16)",
     .memory_source = "Google Cloud documentation, TPU v4: HBM2 bandwidth",
     .capacity_source = "Google Cloud documentation, TPU v4: HBM2 capacity",
     .overhead_source = "assumption: none, a step is compiled into one program"},
    {.name = "EPYC7763",
     .description = "AMD EPYC 7763, one socket of 64 cores",
     .peaks = epyc_7763,
     .memory_bandwidth = giga(204.8),
     .memory = gibibytes(4096),
     .efficiency = 1,
     .launch_overhead = Seconds{0},
     .peak_source =
         "AMD EPYC 7763 product page: 64 cores, 2.45 GHz base; Zen 3 issues two 256-bit fused "
         "multiply-adds a cycle",
     .memory_source = "AMD EPYC 7763 product page: per socket memory bandwidth",
     .capacity_source = "AMD EPYC 7003 datasheet: 4 TB of DDR4 a socket at most",
     .overhead_source = "a function call"}};

}  // namespace

std::optional<FlopsPerSecond> DeviceProfile::rate(Dtype dtype, bool matrix) const {
  const auto peak = std::ranges::find(peaks, dtype, &Peak::dtype);
  if (peak == peaks.end()) return std::nullopt;
  return efficiency * (matrix ? peak->matrix : peak->vector);
}

std::span<const DeviceProfile> device_profiles() { return profiles; }

const DeviceProfile& device_profile(std::string_view name) {
  const auto found = std::ranges::find(profiles, name, &DeviceProfile::name);
  if (found != std::end(profiles)) return *found;
  std::vector<std::string> names;
  for (const DeviceProfile& profile : profiles) names.emplace_back(profile.name);
  throw BadPlatform(fmt::format("device \"{}\": expected one of {}{}", name, fmt::join(names, ", "),
                                did_you_mean(name, names)));
}

}  // namespace troupe::platforms
