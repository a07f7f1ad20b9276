#include "platforms/measured_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/file_kind.hpp"
#include "core/text.hpp"
#include "platforms/json_reader.hpp"

namespace troupe::platforms {

namespace {

using Json = nlohmann::ordered_json;

void add(Json& json, const Timing& timing) {
  json["time_s"] = timing.time.count();
  json["p10_s"] = timing.p10.count();
  json["p90_s"] = timing.p90.count();
  json["repeats"] = timing.repeats;
}

std::string line_of(const KernelTime& point) {
  Json json;
  const auto names = find_kernel_kind(point.shape.kernel)->sizes;
  for (std::size_t i = 0; i < names.size(); ++i)
    json["sizes"][std::string{names[i]}] = point.shape.sizes[i];
  json["flops"] = point.work.flops.value;
  json["bytes"] = point.work.bytes.value;
  add(json, point.timing);
  if (point.device.count() > 0) json["device_s"] = point.device.count();
  if (point.launch.count() > 0) json["launch_s"] = point.launch.count();
  return json.dump();
}

std::string lines_of(const std::vector<CopyTime>& copies) {
  std::string lines;
  for (const auto& copy : copies) {
    Json json{{"bytes", copy.bytes.value}};
    add(json, copy.timing);
    lines += fmt::format("{}\n   {}", lines.empty() ? "" : ",", json.dump());
  }
  return lines;
}

bool one_kind(const KernelShape& a, const KernelShape& b) {
  return a.kernel == b.kernel && a.form == b.form && a.dtype == b.dtype;
}

/// A list with an entry for each run of points of one kernel, form and dtype.
std::string entries_of(const std::vector<KernelTime>& points) {
  std::string text;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& shape = points[i].shape;
    if (i > 0 && one_kind(points[i - 1].shape, shape)) {
      text += fmt::format(",\n   {}", line_of(points[i]));
      continue;
    }
    Json head{{"kernel", shape.kernel}};
    if (!shape.form.empty()) head["form"] = shape.form;
    head["dtype"] = name_of(shape.dtype);
    auto begin = head.dump();
    begin.pop_back();  // the brace
    text += fmt::format("{}\n  {}, \"points\": [\n   {}", i > 0 ? "]}," : "", begin,
                        line_of(points[i]));
  }
  return text.empty() ? text : text + "]}";
}

Timing read_timing(const JsonReader& point) {
  const auto seconds = [&](const char* key) { return Seconds{point[key].number(0, true)}; };
  Timing timing{.time = seconds("time_s"), .p10 = {}, .p90 = {}, .repeats = 1};
  timing.p10 = point.has("p10_s") ? seconds("p10_s") : timing.time;
  timing.p90 = point.has("p90_s") ? seconds("p90_s") : timing.time;
  if (point.has("repeats")) timing.repeats = point["repeats"].integer(1);
  return timing;
}

std::vector<CopyTime> read_copies(const JsonReader& list) {
  std::vector<CopyTime> copies;
  for (const auto& point : list.elements()) {
    point.expect_keys({"bytes", "time_s", "p10_s", "p90_s", "repeats"});
    copies.push_back(
        {Bytes{static_cast<std::uint64_t>(point["bytes"].number(1))}, read_timing(point)});
    if (copies.size() > 1 && copies.back().bytes <= copies[copies.size() - 2].bytes)
      point["bytes"].fail("more than the copy before it");
  }
  return copies;
}

/// Fails with the nearest of `names`.
[[noreturn]] void refuse(const JsonReader& value, std::span<const std::string_view> names,
                         const char* what) {
  const std::vector<std::string> all{names.begin(), names.end()};
  value.fail(fmt::format("{} ({}){}", what, fmt::join(all, ", "), did_you_mean(value.text(), all)));
}

/// Kernel, form and dtype of an entry.
KernelShape read_kind(const JsonReader& entry) {
  entry.expect_keys({"kernel", "form", "dtype", "points"});
  KernelShape shape;
  const auto* kind = find_kernel_kind(entry["kernel"].text());
  if (!kind) {
    std::vector<std::string_view> names;
    for (const auto& known : kernel_kinds()) names.push_back(known.name);
    refuse(entry["kernel"], names, "a kernel");
  }
  shape.kernel = kind->name;
  if (kind->forms.empty()) {
    if (entry.has("form")) entry["form"].fail(fmt::format("no form: {} has one only", kind->name));
  } else {
    const bool is_optional = std::ranges::find(kind->forms, "") != kind->forms.end();
    const std::string said = is_optional && !entry.has("form") ? "" : entry["form"].text();
    const auto form = std::ranges::find(kind->forms, said);
    if (form == kind->forms.end()) refuse(entry["form"], kind->forms, "a form of this kernel");
    shape.form = *form;
  }
  static constexpr std::array dtypes{Dtype::float32, Dtype::float64, Dtype::int32,
                                     Dtype::int64,   Dtype::uint32,  Dtype::uint8,
                                     Dtype::float16, Dtype::bfloat16};
  const auto dtype = entry["dtype"].text();
  const auto found =
      std::ranges::find_if(dtypes, [&](Dtype known) { return name_of(known) == dtype; });
  if (found == dtypes.end()) {
    std::vector<std::string_view> names;
    for (const Dtype known : dtypes) names.push_back(name_of(known));
    refuse(entry["dtype"], names, "a dtype");
  }
  shape.dtype = *found;
  return shape;
}

void read_sizes(const JsonReader& sizes, KernelShape& shape) {
  const auto names = find_kernel_kind(shape.kernel)->sizes;
  for (const auto& [name, value] : sizes.members())
    if (std::ranges::find(names, name) == names.end())
      refuse(JsonReader{nlohmann::json(name), sizes.file(), sizes.pointer()}, names,
             "sizes of this kernel");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const int least = names[i] == "padding" ? 0 : 1;
    shape.sizes[i] = static_cast<std::uint64_t>(sizes[names[i]].integer(least));
  }
}

/// 0 where it is not there.
Seconds positive_or_nothing(const JsonReader& point, const char* key) {
  return point.has(key) ? Seconds{point[key].number(0, true)} : Seconds{};
}

std::vector<KernelTime> read_kernels(const JsonReader& list) {
  std::vector<KernelTime> kernels;
  for (const auto& entry : list.elements()) {
    KernelShape shape = read_kind(entry);
    for (const auto& point : entry["points"].elements(1)) {
      point.expect_keys({"sizes", "flops", "bytes", "time_s", "p10_s", "p90_s", "repeats",
                         "device_s", "launch_s"});
      if (point.has("launch_s") && !point.has("device_s"))
        point["launch_s"].fail(
            "\"device_s\" beside it: of what runs longer than it is launched, neither is known");
      read_sizes(point["sizes"], shape);
      if (std::ranges::find(kernels, shape, &KernelTime::shape) != kernels.end())
        point["sizes"].fail("sizes that no other point of this kernel has");
      kernels.push_back({.shape = shape,
                         .work = {Flops{point["flops"].number(0)},
                                  Bytes{static_cast<std::uint64_t>(point["bytes"].number(0))}},
                         .timing = read_timing(point),
                         .device = positive_or_nothing(point, "device_s"),
                         .launch = positive_or_nothing(point, "launch_s")});
    }
  }
  return kernels;
}

}  // namespace

std::string to_json(const MeasuredDevice& device) {
  const auto text = [](const std::string& value) { return Json(value).dump(); };
  std::string environment;
  for (const auto& [key, value] : device.environment)
    environment += fmt::format("{}{}: {}", environment.empty() ? "" : ", ", text(key), text(value));
  std::string json = fmt::format(
      "{{\"troupe_device\": 1,\n \"name\": {},\n \"backend\": {},\n \"environment\": {{{}}},\n "
      "\"launch_overhead_s\": {},\n",
      text(device.name), text(device.backend), environment,
      Json(device.launch_overhead.count()).dump());
  if (const HostLink& host = device.host; !host.to_device.empty() || !host.from_device.empty()) {
    json += fmt::format(" \"host_link\": {{\"to_device\": [{}],\n  \"from_device\": [{}]",
                        lines_of(host.to_device), lines_of(host.from_device));
    const auto rate = [&](const char* key, double value) {
      if (value > 0) json += fmt::format(",\n  {}: {}", text(key), Json(value).dump());
    };
    rate("host_flops_per_s", host.speed.value);
    rate("host_bytes_per_s", host.memory_bandwidth.value);
    json += "},\n";
  }
  json += fmt::format(" \"kernels\": [{}]", entries_of(device.kernels));
  if (!device.exact.empty()) json += fmt::format(",\n \"exact\": [{}]", entries_of(device.exact));
  return json + "}\n";
}

MeasuredDevice read_measured_device(const std::string& file) {
  const auto json = read_json_file(file);
  const JsonReader top{json, file};
  if (!top.is_object() || !top.has("troupe_device")) {
    const auto kind =
        kind_of_file([&](const char* key) { return top.is_object() && top.has(key); }, file);
    throw BadPlatform{
        fmt::format("{}: no measured device (\"troupe_device\": 1){}: troupe calibrate --device -o "
                    "FILE writes one",
                    file, kind.empty() ? kind : " but " + kind)};
  }
  top.expect_keys({"troupe_device", "name", "backend", "environment", "launch_overhead_s",
                   "host_link", "kernels", "exact"});
  top["troupe_device"].integer(1, 1);
  MeasuredDevice device;
  device.name = top["name"].text();
  if (top.has("backend")) device.backend = top["backend"].text();
  if (top.has("environment"))
    for (const auto& [key, value] : top["environment"].members())
      device.environment.emplace_back(key, value.text());
  if (top.has("launch_overhead_s"))
    device.launch_overhead = Seconds{top["launch_overhead_s"].number(0)};
  if (top.has("host_link")) {
    const auto link = top["host_link"];
    link.expect_keys({"to_device", "from_device", "host_flops_per_s", "host_bytes_per_s"});
    device.host.to_device = read_copies(link["to_device"]);
    device.host.from_device = read_copies(link["from_device"]);
    const auto rate = [&](const char* key) {
      return link.has(key) ? link[key].number(0, true) : 0;
    };
    device.host.speed = FlopsPerSecond{rate("host_flops_per_s")};
    device.host.memory_bandwidth = BytesPerSecond{rate("host_bytes_per_s")};
  }
  device.kernels = read_kernels(top["kernels"]);
  if (top.has("exact")) device.exact = read_kernels(top["exact"]);
  return device;
}

}  // namespace troupe::platforms
