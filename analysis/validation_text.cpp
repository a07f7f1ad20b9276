// Validations as text and as JSON.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analysis/table.hpp"
#include "analysis/validation.hpp"

namespace troupe::analysis {
namespace {

using Json = nlohmann::ordered_json;

std::string in_words(const std::vector<Share>& shares) {
  std::string text;
  for (const auto& share : shares)
    text += fmt::format("{}{} {:+.3g} us", text.empty() ? "" : ", ", share.name,
                        share.time.count() * 1e6);
  return text;
}

std::string parts_in_words(const ValidationPoint& point) {
  std::string text;
  Seconds rest = point.simulated;
  for (const auto& part : point.parts) {
    text += fmt::format("{} {} us, ", part.name, microseconds(part.time));
    rest -= part.time;
  }
  return text + fmt::format("rest {} us", microseconds(Seconds{std::max(0.0, rest.count())}));
}

std::vector<Share> causes_of(const Validation& validation, const ValidationPoint& point) {
  return point.op.empty() ? validation.step_causes : causes(point, validation.points);
}

Json to_json(const std::vector<Share>& shares) {
  Json json = Json::object();
  for (const auto& share : shares) json[share.name + "_s"] = share.time.count();
  return json;
}

Json to_json(const ValidationPoint& point) {
  Json json{{"what", point.name()}};
  if (!point.op.empty()) {
    json["op"] = point.op;
    json["algorithm"] = point.algorithm;
    json["ranks"] = point.ranks;
    json["bytes"] = point.bytes;
  }
  json["real_s"] = point.real.count();
  json["real_p10_s"] = point.p10.count();
  json["real_p90_s"] = point.p90.count();
  json["simulated_s"] = point.simulated.count();
  json["ratio"] = point.simulated / point.real;
  json["error"] = point.error();
  json["counts"] = point.counts();
  if (!point.parts.empty()) json["simulated_parts"] = to_json(point.parts);
  return json;
}

}  // namespace

std::string validation_table(const Validation& validation) {
  std::size_t width = 4;
  for (const auto& point : validation.points) width = std::max(width, point.name().size());
  std::string text = fmt::format(
      "# {} (real) and {} (simulated)\n"
      "# error = exp |ln(simulated / real)| - 1, of medians; * counts: the prediction "
      "is outside the real runs' p10 to p90\n"
      "{:<{}}  {:>10} {:>10} {:>10}  {:>10}  {:>6}  {:>7}\n",
      validation.real, validation.simulated, "what", width, "real us", "p10", "p90", "simulated",
      "ratio", "error");
  for (const auto& point : validation.points)
    text +=
        fmt::format("{:<{}}  {:>10} {:>10} {:>10}  {:>10}  {:>6.3f}  {:>5.1f} %{}\n", point.name(),
                    width, microseconds(point.real), microseconds(point.p10),
                    microseconds(point.p90), microseconds(point.simulated),
                    point.simulated / point.real, point.error() * 100, point.counts() ? " *" : "");
  for (const auto& note : validation.notes) text += fmt::format("# {}\n", note);
  const auto counting = std::ranges::count_if(validation.points, &ValidationPoint::counts);
  text += fmt::format(
      "geometric mean error {:.1f} % over the {} of {} points that count ({:.1f} % "
      "over all)\n",
      geometric_mean_error(validation.points) * 100, counting, validation.points.size(),
      geometric_mean_error(validation.points, true) * 100);
  if (const auto* point = worst(validation.points)) {
    text += fmt::format("worst {:.1f} %: {}\n", point->error() * 100, point->name());
    if (!point->parts.empty()) text += fmt::format("  simulated: {}\n", parts_in_words(*point));
    const auto why = causes_of(validation, *point);
    if (!why.empty())
      text += fmt::format("  real - simulated{}: {}\n", point->op.empty() ? ", a step" : "",
                          in_words(why));
  }
  return text;
}

std::string to_json(const Validation& validation) {
  Json json{{"troupe_validation", 1},
            {"real", validation.real},
            {"simulated", validation.simulated},
            {"points", Json::array()}};
  for (const auto& point : validation.points) json["points"].push_back(to_json(point));
  json["notes"] = validation.notes;
  json["counting_points"] = std::ranges::count_if(validation.points, &ValidationPoint::counts);
  json["geometric_mean_error"] = geometric_mean_error(validation.points);
  json["geometric_mean_error_of_all"] = geometric_mean_error(validation.points, true);
  json["worst"] = nullptr;
  if (const auto* point = worst(validation.points)) {
    json["worst"] = to_json(*point);
    json["worst"][point->op.empty() ? "causes_of_a_step" : "causes"] =
        to_json(causes_of(validation, *point));
  }
  return json.dump(1) + "\n";
}

}  // namespace troupe::analysis
