#include "analysis/validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "analysis/nonnegative.hpp"
#include "analysis/targets.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::analysis {
namespace {

using Json = nlohmann::ordered_json;

double deviation(const ValidationPoint& point) {
  return std::abs(std::log(point.simulated / point.real));
}

// ---- what may stand beside what

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw BadInput{fmt::format("{}: {}", name, why)};
}

void expect_clock(const std::string& name, const Report& report, const char* expected) {
  const auto clock = environment_of(report, "clock");
  if (clock == expected) return;
  refuse(name, fmt::format("its clock is \"{}\", expected \"{}\": the report of the real run comes "
                           "first, that of the simulated one last",
                           clock, expected));
}

/// Throws where two values differ, naming the first place that does.
void expect_same(const Json& real, const Json& simulated, const std::string& at,
                 const std::string& real_name, const std::string& simulated_name) {
  if (real == simulated) return;
  if (real.is_object() && simulated.is_object()) {
    for (const auto& [key, value] : real.items())
      expect_same(value, simulated.value(key, Json{}), at + "/" + key, real_name, simulated_name);
    for (const auto& [key, value] : simulated.items())
      if (!real.contains(key))
        expect_same(Json{}, value, at + "/" + key, real_name, simulated_name);
    return;
  }
  throw BadInput{fmt::format("{} and {} are runs of different scenarios: {} is {} and {}",
                             real_name, simulated_name, at, real.dump(), simulated.dump())};
}

Json training_section(const Report& report) {
  const auto scenario = Json::parse(report.scenario);
  return scenario.is_object() ? scenario.value("training", Json{}) : Json{};
}

void expect_time(const std::string& name, const std::string& what, Seconds time) {
  if (std::isfinite(time.count()) && time.count() > 0) return;
  refuse(name, fmt::format("{} took {} s; expected a time above 0", what, time.count()));
}

// ---- collectives

using Key =
    std::tuple<std::string, std::string, std::string, std::string, int, std::uint64_t, bool>;

Key key_of(const CollectiveResult& r) {
  return {r.op, r.algorithm, r.dtype, r.redop, r.ranks, r.bytes, r.in_place};
}

/// The parts of a collective's simulated time, where its closed form is known.
std::vector<Share> parts_of(const CollectiveResult& result) {
  if (!result.model_parts) return {};
  const auto& [latency, bandwidth, reduction] = *result.model_parts;
  return {{"latency", latency}, {"bandwidth", bandwidth}, {"reduction", reduction}};
}

void validate_collectives(Validation& into, const Report& real, const Report& simulated) {
  std::map<Key, const CollectiveResult*> predicted;
  for (const auto& result : simulated.results) predicted[key_of(result)] = &result;
  std::size_t alone = 0;
  for (const auto& r : real.results) {
    const auto found = predicted.find(key_of(r));
    if (found == predicted.end()) {
      ++alone;
      continue;
    }
    const auto& s = *found->second;
    ValidationPoint point{.what = "",
                          .op = r.op,
                          .algorithm = r.algorithm,
                          .ranks = r.ranks,
                          .bytes = r.bytes,
                          .real = r.time,
                          .p10 = r.p10,
                          .p90 = r.p90,
                          .simulated = s.time,
                          .parts = parts_of(s)};
    expect_time(into.real, point.name(), r.time);
    expect_time(into.simulated, point.name(), s.time);
    if (!(r.p10 <= r.time && r.time <= r.p90))
      refuse(into.real, fmt::format("{}: median {} s is not between p10 {} s and p90 {} s",
                                    point.name(), r.time.count(), r.p10.count(), r.p90.count()));
    into.points.push_back(std::move(point));
    predicted.erase(found);
  }
  if (alone > 0)
    into.notes.push_back(fmt::format("{} of {} points of {} have no prediction", alone,
                                     real.results.size(), into.real));
  if (!predicted.empty())
    into.notes.push_back(fmt::format("{} of {} predictions of {} were not measured",
                                     predicted.size(), simulated.results.size(), into.simulated));
}

// ---- training

/// Times of a step, from one point of the curve to the next, less what evaluating the first took.
std::vector<Seconds> step_times(const std::string& name, const Report& report) {
  std::vector<Seconds> times;
  const auto& curve = report.training;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    const auto steps = curve[i].step - curve[i - 1].step;
    if (steps <= 0) continue;
    times.push_back((curve[i].time - curve[i - 1].time - curve[i].evaluating) /
                    static_cast<double>(steps));
    expect_time(name, fmt::format("a step before step {}", curve[i].step), times.back());
  }
  if (times.empty())
    refuse(name, fmt::format("its curve has {} points; two at least tell how long a step takes "
                             "(evaluate_every)",
                             curve.size()));
  return times;
}

/// What ranks did in a step, on average; the rest of the time is the program's own.
std::vector<Share> step_shares(const Report& report, Seconds step) {
  const auto busy = busy_shares(report);
  if (!busy) return {};
  return {{"compute", step * busy->compute},
          {"communication", step * busy->communication},
          {"waiting", step * busy->waiting},
          {"program", step * (1 - busy->compute - busy->communication - busy->waiting)}};
}

void validate_training(Validation& into, const Report& real, const Report& simulated) {
  expect_same(training_section(real), training_section(simulated), "/training", into.real,
              into.simulated);
  const auto real_steps = step_times(into.real, real);
  const auto simulated_step = quantile(step_times(into.simulated, simulated), 0.5);
  into.points.push_back({.what = "training step",
                         .op = "",
                         .algorithm = "",
                         .ranks = 0,
                         .bytes = 0,
                         .real = quantile(real_steps, 0.5),
                         .p10 = quantile(real_steps, 0.1),
                         .p90 = quantile(real_steps, 0.9),
                         .simulated = simulated_step,
                         .parts = step_shares(simulated, simulated_step)});
  const auto real_shares = step_shares(real, into.points.back().real);
  const auto& simulated_shares = into.points.back().parts;
  if (real_shares.size() == simulated_shares.size())
    for (std::size_t i = 0; i < real_shares.size(); ++i)
      into.step_causes.push_back(
          {real_shares[i].name, real_shares[i].time - simulated_shares[i].time});
  for (const auto& target : real.targets) {
    const auto measured = reached(real, target.target),
               predicted = reached(simulated, target.target);
    if (!measured || !predicted) {
      if (measured || predicted)
        into.notes.push_back(fmt::format("{} was reached in {} only", in_words(target.target),
                                         measured ? into.real : into.simulated));
      continue;
    }
    if (measured->time <= Seconds{} || predicted->time <= Seconds{}) continue;  // at the start
    into.points.push_back({.what = in_words(target.target) + " reached",
                           .op = "",
                           .algorithm = "",
                           .ranks = 0,
                           .bytes = 0,
                           .real = measured->time,
                           .p10 = measured->time,
                           .p90 = measured->time,
                           .simulated = predicted->time});
  }
}

}  // namespace

std::string size_in_words(std::uint64_t bytes) {
  const auto text = to_text(Bytes{bytes});
  return text.find(' ') == std::string::npos ? text + " B" : text;
}

double ValidationPoint::error() const { return std::expm1(deviation(*this)); }

std::string ValidationPoint::name() const {
  if (!what.empty()) return what;
  return fmt::format("{} {}, {} ranks, {}", op, algorithm, ranks, size_in_words(bytes));
}

double geometric_mean_error(const std::vector<ValidationPoint>& points, bool all) {
  double sum = 0;
  std::size_t n = 0;
  for (const auto& point : points)
    if (all || point.counts()) {
      sum += deviation(point);
      ++n;
    }
  return n == 0 ? 0 : std::expm1(sum / static_cast<double>(n));
}

const ValidationPoint* worst(const std::vector<ValidationPoint>& points) {
  const ValidationPoint* found = nullptr;
  for (const auto& point : points)
    if (point.counts() && (!found || deviation(point) > deviation(*found))) found = &point;
  return found;
}

std::vector<Share> causes(const ValidationPoint& point,
                          const std::vector<ValidationPoint>& points) {
  const auto parts = point.parts.size();
  if (parts == 0) return {};
  Rows rows;
  std::vector<double> targets;
  for (const auto& other : points) {
    if (other.parts.size() != parts) continue;
    std::vector<double> row;
    double rest = other.simulated.count();
    for (const auto& part : other.parts) {
      row.push_back(part.time / other.real);
      rest -= part.time.count();
    }
    rows.push_back(std::move(row));
    targets.push_back(1 - rest / other.real.count());
  }
  if (rows.size() <= parts) return {};
  const auto fit = fit_nonnegative(rows, targets);
  std::vector<Share> found;
  Seconds left = point.real - point.simulated;
  for (std::size_t i = 0; i < parts; ++i) {
    const double factor = fit.told[i] ? fit.values[i] : 1;
    found.push_back({point.parts[i].name, (factor - 1) * point.parts[i].time});
    left -= found.back().time;
  }
  found.push_back({"unexplained", left});
  return found;
}

Validation validate(const std::string& real_name, const Report& real,
                    const std::string& simulated_name, const Report& simulated) {
  expect_clock(real_name, real, "wall");
  expect_clock(simulated_name, simulated, "simulated");
  if (real.timing != simulated.timing)
    throw BadInput{fmt::format("{} was timed {}, {} {}; expected the same of both", real_name,
                               name_of(real.timing), simulated_name, name_of(simulated.timing))};
  const auto ranks = environment_of(real, "ranks"),
             ranks_there = environment_of(simulated, "ranks");
  if (ranks != ranks_there)
    throw BadInput{fmt::format("{} has {} ranks, {} {}; expected the same of both", real_name,
                               ranks, simulated_name, ranks_there)};
  Validation found;
  found.real = real_name;
  found.simulated = simulated_name;
  const bool trains = !real.training.empty(), trains_there = !simulated.training.empty();
  if (trains != trains_there)
    throw BadInput{fmt::format("{} is a {}, {} is not", trains ? real_name : simulated_name,
                               "training", trains ? simulated_name : real_name)};
  if (trains) validate_training(found, real, simulated);
  else validate_collectives(found, real, simulated);
  if (found.points.empty())
    throw BadInput{fmt::format(
        "{} and {} have nothing in common: no collective, algorithm and size is in both ({} and {} "
        "results)",
        real_name, simulated_name, real.results.size(), simulated.results.size())};
  return found;
}

Validation together(const std::vector<Validation>& runs) {
  EXPECTS(!runs.empty(), "there is a run to look at");
  if (runs.size() == 1) return runs.front();
  Validation all;
  all.simulated = runs.front().simulated;
  using Which = std::pair<std::string, int>;  // points of one name in their order
  std::map<Which, std::size_t> place;
  std::vector<std::vector<Seconds>> medians;
  for (const Validation& run : runs) {
    std::map<std::string, int> seen;
    all.real += (all.real.empty() ? "" : ", ") + run.real;
    for (const std::string& note : run.notes)
      if (std::ranges::find(all.notes, note) == all.notes.end()) all.notes.push_back(note);
    for (const ValidationPoint& point : run.points) {
      const auto at =
          place.try_emplace({point.name(), seen[point.name()]++}, all.points.size()).first->second;
      if (at == all.points.size()) {
        all.points.push_back(point);
        medians.emplace_back();
      }
      medians[at].push_back(point.real);
      all.points[at].p10 = std::min(all.points[at].p10, point.p10);
      all.points[at].p90 = std::max(all.points[at].p90, point.p90);
    }
    for (const Share& cause : run.step_causes) {
      const auto known = std::ranges::find(all.step_causes, cause.name, &Share::name);
      const Seconds part = cause.time / static_cast<double>(runs.size());
      if (known == all.step_causes.end()) all.step_causes.push_back({cause.name, part});
      else known->time += part;
    }
  }
  for (std::size_t i = 0; i < medians.size(); ++i) all.points[i].real = quantile(medians[i], 0.5);
  return all;
}

}  // namespace troupe::analysis
