// Reports as comma-separated values.

#include <fmt/format.h>

#include <algorithm>

#include "analysis/report_json.hpp"
#include "analysis/targets.hpp"

namespace troupe::analysis {
namespace {

/// Quoted where the text needs it (RFC 4180).
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string field(const std::optional<Seconds>& time) {
  return time ? fmt::format("{}", time->count()) : std::string{};
}

std::string field(const std::optional<std::uint64_t>& number) {
  return number ? fmt::format("{}", *number) : std::string{};
}

std::string training_csv(const Report& report) {
  const auto names = figures_of(report);
  std::string text = "step,time_s";
  for (const auto& name : names) text += "," + field(name);
  text += "\n";
  for (const auto& point : report.training) {
    text += fmt::format("{},{}", point.step, point.time.count());
    for (const auto& name : names) {
      const auto at = std::find_if(point.values.begin(), point.values.end(),
                                   [&](const auto& entry) { return entry.first == name; });
      text += at == point.values.end() ? "," : fmt::format(",{}", at->second);
    }
    text += "\n";
  }
  return text;
}

}  // namespace

std::string to_csv(const Report& report) {
  if (report.results.empty() && !report.training.empty()) return training_csv(report);
  const bool on_devices =
      std::ranges::any_of(report.results, [](const auto& r) { return r.on_device.has_value(); });
  std::string text = fmt::format(
      "op,algorithm,dtype,redop,ranks,bytes,count,in_place,iterations,time_s,min_s,p10_s,p90_s,"
      "algbw_Bps,busbw_Bps,model_s,bound_s,messages,sent_bytes,messages_per_rank,"
      "sent_per_rank_bytes,{}wrong,best\n",
      on_devices ? "device_s," : "");
  const auto best = fastest(report.results);
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    const auto& r = report.results[i];
    text += fmt::format(
        "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}{},{}\n", field(r.op),
        field(r.algorithm), r.dtype, r.redop, r.ranks, r.bytes, r.count, r.in_place ? 1 : 0,
        r.iterations, r.time.count(), r.min.count(), r.p10.count(), r.p90.count(), r.algbw.value,
        r.busbw.value, field(r.model), field(r.bound), field(r.messages), field(r.sent_bytes),
        field(r.messages_per_rank), field(r.sent_bytes_per_rank),
        on_devices ? field(r.on_device) + "," : "", field(r.wrong), best[i] ? 1 : 0);
  }
  return text;
}

}  // namespace troupe::analysis
