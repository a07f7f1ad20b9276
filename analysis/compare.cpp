#include "analysis/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "analysis/table.hpp"
#include "analysis/targets.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::analysis {
namespace {

using Values = std::vector<std::optional<double>>;

ComparedRow row(std::string what, std::string figure, Values values) {
  Values ratios;
  for (const auto& value : values)
    ratios.push_back(value && values.front() && *values.front() != 0
                         ? std::optional{*value / *values.front()}
                         : std::nullopt);
  return {std::move(what), std::move(figure), std::move(values), std::move(ratios)};
}

/// What a collective result is compared by; the algorithm is empty when runs differ in it alone.
using Problem = std::tuple<std::string, std::uint64_t, std::string>;

Problem problem_of(const CollectiveResult& r, bool with_algorithm) {
  return {r.op, r.bytes, with_algorithm ? r.algorithm : std::string{}};
}

/// True if some algorithm was measured by two runs, or a run has several algorithms for one size.
bool algorithms_tell_apart(const std::vector<NamedReport>& reports) {
  std::map<Problem, std::set<std::size_t>> runs_of;
  for (std::size_t run = 0; run < reports.size(); ++run) {
    std::set<Problem> seen;
    for (const auto& r : reports[run].report.results) {
      if (!seen.insert(problem_of(r, false)).second) return true;
      runs_of[problem_of(r, true)].insert(run);
    }
  }
  return std::any_of(runs_of.begin(), runs_of.end(),
                     [](const auto& entry) { return entry.second.size() > 1; });
}

void compare_collectives(const std::vector<NamedReport>& reports, std::vector<ComparedRow>& rows) {
  const bool with_algorithm = algorithms_tell_apart(reports);
  std::map<Problem, std::vector<const CollectiveResult*>> results;
  std::vector<Problem> order;
  for (std::size_t run = 0; run < reports.size(); ++run)
    for (const auto& r : reports[run].report.results) {
      const auto [at, first] = results.try_emplace(problem_of(r, with_algorithm));
      if (first) {
        at->second.resize(reports.size());
        order.push_back(at->first);
      }
      at->second[run] = &r;
    }
  for (const auto& problem : order) {
    const auto& found = results[problem];
    if (std::count(found.begin(), found.end(), nullptr) + 2 >
        static_cast<std::ptrdiff_t>(found.size()))
      continue;
    const auto& [op, bytes, algorithm] = problem;
    const auto what = fmt::format("{}{}{} {}", op, algorithm.empty() ? "" : " ", algorithm,
                                  to_text(Bytes{bytes}));
    const auto add = [&](const char* figure, auto get) {
      Values values;
      for (const auto* r : found) values.push_back(r ? get(*r) : std::nullopt);
      if (std::ranges::any_of(values, [](const auto& value) { return value.has_value(); }))
        rows.push_back(row(what, figure, std::move(values)));
    };
    add("time_s", [](const auto& r) { return std::optional<double>{r.time.count()}; });
    const auto number = [](const std::optional<std::uint64_t>& known) {
      return known ? std::optional{static_cast<double>(*known)} : std::nullopt;
    };
    add("sent_bytes", [&](const auto& r) { return number(r.sent_bytes); });
    add("messages", [&](const auto& r) { return number(r.messages); });
  }
}

/// The best value of a figure of a curve, if it has any.
std::optional<double> least(const Report& report, const std::string& name) {
  std::optional<double> best;
  for (const auto& point : report.training)
    if (const auto value = value_of(point, name); value && (!best || *value < *best)) best = value;
  return best;
}

bool two_have(const Values& values) {
  return std::count(values.begin(), values.end(), std::nullopt) + 2 <=
         static_cast<std::ptrdiff_t>(values.size());
}

/// When, and after how much, each run reached the target.
void compare_target(const std::vector<NamedReport>& reports, const Target& target,
                    std::vector<ComparedRow>& rows) {
  Values times, steps, bytes, messages;
  for (const auto& run : reports) {
    const auto found = reached(run.report, target);
    times.push_back(found ? std::optional{found->time.count()} : std::nullopt);
    steps.push_back(found ? std::optional{static_cast<double>(found->step)} : std::nullopt);
    bytes.push_back(found ? found->sent_bytes : std::nullopt);
    messages.push_back(found ? found->messages : std::nullopt);
  }
  const auto what = in_words(target) + " reached";
  rows.push_back(row(what, "time_s", std::move(times)));
  rows.push_back(row(what, "steps", std::move(steps)));
  for (auto [figure, values] : {std::pair{"sent_bytes", &bytes}, std::pair{"messages", &messages}})
    if (std::ranges::any_of(*values, [](const auto& value) { return value.has_value(); }))
      rows.push_back(row(what, figure, std::move(*values)));
}

/// Those asked for, else those of the scenarios; each once. Throws BadInput for figures that no
/// curve has.
std::vector<Target> targets_of(const std::vector<NamedReport>& reports,
                               const std::vector<Target>& asked) {
  std::vector<Target> targets;
  const auto add = [&](const Target& target) {
    if (std::ranges::find(targets, target) == targets.end()) targets.push_back(target);
  };
  std::vector<std::string> names;
  for (const auto& run : reports)
    for (const auto& name : figures_of(run.report))
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  for (const auto& target : asked) {
    if (std::ranges::find(names, target.figure) == names.end())
      throw BadInput{fmt::format("target \"{}={:g}\": no report has a curve of {}{}", target.figure,
                                 target.value, target.figure, did_you_mean(target.figure, names))};
    add(target);
  }
  if (asked.empty())
    for (const auto& run : reports)
      for (const auto& result : run.report.targets) add(result.target);
  return targets;
}

/// The best of each curve, and when each run reached what all of them reach.
void compare_bests(const std::vector<NamedReport>& reports, std::vector<ComparedRow>& rows) {
  for (const std::string name : {"loss", "gap", "error"}) {
    Values bests;
    for (const auto& run : reports) bests.push_back(least(run.report, name));
    if (!two_have(bests)) continue;
    const double reached_by_all = **std::max_element(bests.begin(), bests.end());
    rows.push_back(row("best " + name, name, std::move(bests)));
    compare_target(reports, {name, reached_by_all}, rows);
  }
}

std::optional<double> total_of(const Report& report, const std::string& name) {
  for (const auto& [key, value] : report.totals)
    if (key == name && !std::isnan(value)) return value;
  return {};
}

void compare_totals(const std::vector<NamedReport>& reports, std::vector<ComparedRow>& rows) {
  std::vector<std::string> keys;
  for (const auto& run : reports)
    for (const auto& [key, value] : run.report.totals)
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  for (const auto& key : keys) {
    Values values;
    for (const auto& run : reports) values.push_back(total_of(run.report, key));
    rows.push_back(row("whole run", key, std::move(values)));
  }
  const auto share = [&](const char* figure, double BusyShares::*part) {
    Values values;
    for (const auto& run : reports) {
      const auto shares = busy_shares(run.report);
      values.push_back(shares ? std::optional{(*shares).*part} : std::nullopt);
    }
    if (two_have(values))
      rows.push_back(row("share of the ranks' time", figure, std::move(values)));
  };
  share("computing", &BusyShares::compute);
  share("communicating", &BusyShares::communication);
  share("waiting", &BusyShares::waiting);
}

void compare_training(const std::vector<NamedReport>& reports, const std::vector<Target>& asked,
                      std::vector<ComparedRow>& rows) {
  for (const auto& target : targets_of(reports, asked)) compare_target(reports, target, rows);
  if (asked.empty()) compare_bests(reports, rows);
  compare_totals(reports, rows);
}

std::string value_text(const std::string& figure, const std::optional<double>& value) {
  if (!value) return "-";
  if (figure == "time_s" || figure == "device_s") return to_text(Seconds{*value});
  if (figure == "computing" || figure == "communicating" || figure == "waiting")
    return fmt::format("{:.1f} %", 100 * *value);
  if (*value == std::floor(*value) && std::abs(*value) < 1e15) return fmt::format("{:.0f}", *value);
  return fmt::format("{:.6g}", *value);
}

}  // namespace

std::vector<ComparedRow> compare(const std::vector<NamedReport>& reports,
                                 const std::vector<Target>& targets) {
  if (reports.size() < 2) throw BadInput{"a comparison needs at least two reports"};
  const auto& first = reports.front();
  for (const auto& other : reports)
    if (other.report.timing != first.report.timing)
      throw BadInput{fmt::format(
          "{} was timed {} and {} {}: times of the two modes are not comparable (--timing)",
          first.name, name_of(first.report.timing), other.name, name_of(other.report.timing))};
  std::vector<ComparedRow> rows;
  compare_collectives(reports, rows);
  compare_training(reports, targets, rows);
  if (rows.empty())
    throw BadInput{"the reports have no collective, size or training curve in common"};
  return rows;
}

std::string comparison_table(const std::vector<NamedReport>& reports,
                             const std::vector<ComparedRow>& rows) {
  std::vector<std::vector<std::string>> cells;
  std::vector<std::string> head{"", "figure"};
  for (std::size_t run = 0; run < reports.size(); ++run) {
    head.push_back(fmt::format("[{}]", run + 1));
    if (run > 0) head.push_back(fmt::format("[{}]/[1]", run + 1));
  }
  cells.push_back(std::move(head));
  std::string previous;
  for (const auto& compared : rows) {
    std::vector<std::string> line{compared.what == previous ? "" : compared.what, compared.figure};
    previous = compared.what;
    for (std::size_t run = 0; run < reports.size(); ++run) {
      line.push_back(value_text(compared.figure, compared.values[run]));
      if (run > 0)
        line.push_back(compared.ratios[run] ? fmt::format("{:.3f}", *compared.ratios[run]) : "-");
    }
    cells.push_back(std::move(line));
  }
  std::vector<std::size_t> widths(cells.front().size(), 0);
  for (const auto& line : cells)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string text;
  for (std::size_t run = 0; run < reports.size(); ++run)
    text += fmt::format("# [{}] {}\n", run + 1, reports[run].name);
  text += "#\n";
  for (std::size_t at = 0; at < cells.size(); ++at) {
    std::string line = at == 0 ? "#" : " ";
    for (std::size_t i = 0; i < cells[at].size(); ++i)
      line += i < 2 ? fmt::format(" {:<{}}", cells[at][i], widths[i])
                    : fmt::format("  {:>{}}", cells[at][i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string comparison_csv(const std::vector<NamedReport>& reports,
                           const std::vector<ComparedRow>& rows) {
  std::string text = "what,figure";
  for (std::size_t run = 0; run < reports.size(); ++run) text += fmt::format(",run_{}", run + 1);
  for (std::size_t run = 1; run < reports.size(); ++run) text += fmt::format(",ratio_{}", run + 1);
  text += "\n";
  const auto field = [](const std::optional<double>& value) {
    return value ? fmt::format(",{}", *value) : std::string{","};
  };
  for (const auto& compared : rows) {
    text += compared.what + "," + compared.figure;
    for (const auto& value : compared.values) text += field(value);
    for (std::size_t run = 1; run < reports.size(); ++run) text += field(compared.ratios[run]);
    text += "\n";
  }
  return text;
}

double worst_time_ratio(const std::vector<ComparedRow>& rows) {
  double worst = 0;
  for (const auto& compared : rows)
    if (compared.figure == "time_s" && compared.values.front())
      for (std::size_t run = 1; run < compared.values.size(); ++run)
        worst = std::max(worst, compared.values[run] ? compared.ratios[run].value_or(0)
                                                     : std::numeric_limits<double>::infinity());
  return worst;
}

}  // namespace troupe::analysis
