#include "analysis/measured_validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/table.hpp"

namespace troupe::analysis {
namespace {

using Json = nlohmann::ordered_json;

double total_error(const std::vector<ValidationPoint>& points) {
  return geometric_mean_error(points, true);
}

std::string error_line(const char* what, const std::vector<ValidationPoint>& points) {
  if (points.empty()) return "";
  const auto counting = std::ranges::count_if(points, &ValidationPoint::counts);
  auto text = fmt::format(
      "  {}: geometric mean error {:.1f} % over {} points; {:.1f} % over the {} outside "
      "the measured p10 to p90",
      what, total_error(points) * 100, points.size(), geometric_mean_error(points) * 100, counting);
  if (const auto* point = worst(points))
    text += fmt::format("; worst {:.0f} %: {}, {} us measured, {} predicted", point->error() * 100,
                        point->name(), microseconds(point->real), microseconds(point->simulated));
  return text + "\n";
}

std::string causes_line(const MachineValidation& machine) {
  const auto* point = worst(machine.predicted);
  if (!point) return "";
  std::string text;
  for (const auto& share : causes(*point, machine.predicted))
    text += fmt::format("{}{} {:+.3g} us", text.empty() ? "" : ", ", share.name,
                        share.time.count() * 1e6);
  return text.empty() ? text : fmt::format("  worst, measured - predicted: {}\n", text);
}

const Regret* worst_regret(const std::vector<Regret>& regrets) {
  if (regrets.empty()) return nullptr;
  return &*std::ranges::max_element(regrets, {}, &Regret::ratio);
}

std::string regret_line(const std::vector<Regret>& regrets) {
  const auto* worst_one = worst_regret(regrets);
  if (!worst_one) return "";
  auto text = fmt::format("  regret: geometric mean {:.3f} over {} choices, worst {:.3f}",
                          geometric_mean_regret(regrets), regrets.size(), worst_one->ratio);
  if (worst_one->ratio > 1)
    text += fmt::format(" ({} on {} ranks, {}: {} recommended, {} was fastest)", worst_one->op,
                        worst_one->ranks, size_in_words(worst_one->bytes), worst_one->recommended,
                        worst_one->fastest);
  return text + "\n";
}

std::string terms_line(const MachineTerms& terms) {
  Seconds message = terms.alpha;
  std::string text = fmt::format("  a message: {} us", microseconds(message));
  for (std::size_t i = 0; i < terms.knots.size(); ++i) {
    if (i > 0 && (i % 3 == 0))
      text += fmt::format(", {} of {}", microseconds(message) + " us",
                          size_in_words(static_cast<std::uint64_t>(terms.knots[i])));
    message += terms.ramps[i];
  }
  text += fmt::format("; a MiB reduced: {} us", microseconds(Seconds{terms.gamma * (1 << 20)}));
  text += fmt::format(", {} beyond caches",
                      microseconds(Seconds{(terms.gamma + terms.gamma_beyond_caches) * (1 << 20)}));
  for (const auto& term : terms.untold) text += fmt::format("; not told apart: {}", term);
  return text + "\n";
}

std::string points_table(const std::vector<ValidationPoint>& points) {
  std::string text;
  for (const auto& point : points)
    text += fmt::format("    {:<50} {:>11} us measured {:>11} predicted {:>6.3f}{}\n", point.name(),
                        microseconds(point.real), microseconds(point.simulated),
                        point.simulated / point.real, point.counts() ? " *" : "");
  return text;
}

Json to_json(const std::vector<ValidationPoint>& points) {
  Json list = Json::array();
  for (const auto& point : points)
    list.push_back({{"op", point.op},
                    {"algorithm", point.algorithm},
                    {"ranks", point.ranks},
                    {"bytes", point.bytes},
                    {"real_s", point.real.count()},
                    {"real_p10_s", point.p10.count()},
                    {"real_p90_s", point.p90.count()},
                    {"predicted_s", point.simulated.count()},
                    {"ratio", point.simulated / point.real},
                    {"counts", point.counts()}});
  return list;
}

Json to_json(const MachineTerms& terms) {
  Json ramps = Json::array();
  for (std::size_t i = 0; i < terms.knots.size(); ++i)
    ramps.push_back({{"from_bytes", terms.knots[i]}, {"adds_s", terms.ramps[i].count()}});
  return {{"alpha_s", terms.alpha.count()},
          {"ramps", ramps},
          {"gamma_s_per_byte", terms.gamma},
          {"gamma_beyond_caches_s_per_byte", terms.gamma + terms.gamma_beyond_caches},
          {"not_told_apart", terms.untold}};
}

Json errors(const std::vector<ValidationPoint>& points) {
  return {{"points", points.size()},
          {"geometric_mean_error_of_all", total_error(points)},
          {"geometric_mean_error", geometric_mean_error(points)}};
}

}  // namespace

std::vector<ValidationPoint> of_size(const std::vector<ValidationPoint>& points, bool large) {
  std::vector<ValidationPoint> found;
  std::ranges::copy_if(points, std::back_inserter(found),
                       [&](const auto& point) { return (point.bytes >= large_from) == large; });
  return found;
}

double geometric_mean_regret(const std::vector<Regret>& regrets) {
  double sum = 0;
  for (const auto& regret : regrets) sum += std::log(regret.ratio);
  return regrets.empty() ? 1 : std::exp(sum / static_cast<double>(regrets.size()));
}

double largest_error(const std::vector<MachineValidation>& machines) {
  double largest = 0;
  for (const auto& machine : machines)
    for (const bool large : {false, true})
      largest = std::max(largest, total_error(of_size(machine.predicted, large)));
  return largest;
}

std::string measured_table(const std::vector<MachineValidation>& machines, bool all) {
  std::string text;
  for (const auto& machine : machines) {
    text +=
        fmt::format("{}calibrated on {}: {} rows, themselves {:.1f} % off\n",
                    machine.machine.empty() ? "" : machine.machine + ": ", machine.calibrated_on,
                    machine.calibrated_rows, total_error(machine.fitted) * 100);
    text += terms_line(machine.terms);
    if (machine.predicted.empty()) text += "  nothing to predict\n";
    text += error_line("below 64 KiB", of_size(machine.predicted, false));
    text += error_line("from 64 KiB", of_size(machine.predicted, true));
    text += causes_line(machine) + regret_line(machine.regrets);
    if (!machine.unscored.empty())
      text += fmt::format("  {} rows listed, not scored\n", machine.unscored.size());
    if (all) {
      for (const auto& why : machine.unscored) text += fmt::format("    {}\n", why);
      text += points_table(machine.predicted);
    }
  }
  return text;
}

std::string to_json(const std::vector<MachineValidation>& machines) {
  Json json{{"troupe_measured_validation", 1}, {"machines", Json::array()}};
  for (const auto& machine : machines) {
    Json regrets = Json::array();
    for (const auto& regret : machine.regrets)
      regrets.push_back({{"op", regret.op},
                         {"ranks", regret.ranks},
                         {"bytes", regret.bytes},
                         {"recommended", regret.recommended},
                         {"fastest", regret.fastest},
                         {"ratio", regret.ratio}});
    json["machines"].push_back({{"machine", machine.machine},
                                {"calibrated_on", machine.calibrated_on},
                                {"terms", to_json(machine.terms)},
                                {"below_64KiB", errors(of_size(machine.predicted, false))},
                                {"from_64KiB", errors(of_size(machine.predicted, true))},
                                {"geometric_mean_regret", geometric_mean_regret(machine.regrets)},
                                {"fitted", to_json(machine.fitted)},
                                {"predicted", to_json(machine.predicted)},
                                {"regrets", std::move(regrets)},
                                {"unscored", machine.unscored}});
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace troupe::analysis
