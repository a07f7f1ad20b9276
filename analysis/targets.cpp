#include "analysis/targets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/errors.hpp"

namespace troupe::analysis {
namespace {

bool has_reached(const Target& target, double value) {
  return target.figure.ends_with("accuracy") ? value >= target.value : value <= target.value;
}

}  // namespace

Target target_from(const std::string& text) {
  const auto equals = text.find('=');
  try {
    std::size_t end = 0;
    const std::string number = equals == std::string::npos ? "" : text.substr(equals + 1);
    const double value = std::stod(number, &end);
    if (equals > 0 && end == number.size() && std::isfinite(value))
      return {text.substr(0, equals), value};
  } catch (const std::exception&) {
  }
  throw BadInput{fmt::format("target \"{}\": expected FIGURE=NUMBER, such as loss=0.1", text)};
}

std::string in_words(const Target& target) {
  return fmt::format("{} {:.6g}", target.figure, target.value);
}

std::optional<Reached> reached(const Report& report, const Target& target) {
  for (const auto& point : report.training)
    if (const auto value = value_of(point, target.figure); value && has_reached(target, *value))
      return Reached{.step = point.step,
                     .time = point.time,
                     .sent_bytes = value_of(point, "sent_bytes"),
                     .messages = value_of(point, "messages")};
  return {};
}

std::optional<double> value_of(const TrainingPoint& point, std::string_view figure) {
  for (const auto& [name, value] : point.values)
    if (name == figure && !std::isnan(value)) return value;
  return {};
}

std::vector<std::string> figures_of(const Report& report) {
  std::vector<std::string> names;
  for (const auto& point : report.training)
    for (const auto& [name, value] : point.values)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

}  // namespace troupe::analysis
