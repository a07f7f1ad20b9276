// troupe compare: reports side by side.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/comparison.hpp"
#include "analysis/output.hpp"
#include "analysis/report_json.hpp"
#include "analysis/targets.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::cli {
namespace {

double ratio_from(const std::string& text) {
  try {
    std::size_t end = 0;
    const double ratio = std::stod(text, &end);
    if (end == text.size() && ratio > 0) return ratio;
  } catch (const std::exception&) {
  }
  throw BadInput{fmt::format("--max-ratio \"{}\": expected a number above 0", text)};
}

/// How the comparison is shown.
enum class Shape : std::uint8_t { sides, rows, markdown, csv, json };

Shape shape_from(const Options& options) {
  const std::vector<std::string> names{"auto", "sides", "rows", "markdown", "csv", "json"};
  const auto name = options.text("format", "auto");
  const auto at = std::ranges::find(names, name);
  if (at == names.end())
    throw BadInput{fmt::format("--format \"{}\": expected one of {}{}", name,
                               fmt::join(names, ", "), did_you_mean(name, names))};
  if (name != "auto") return static_cast<Shape>(at - names.begin() - 1);
  const auto reports = options.texts("report").size();
  const bool sides = reports >= 2 && reports <= 4 && !options.given("by") &&
                     !options.given("baseline") && !options.given("fail-if");
  return sides ? Shape::sides : Shape::rows;
}

std::string shown(const analysis::Comparison& comparison, Shape shape) {
  switch (shape) {
    case Shape::markdown: return analysis::rows_markdown(comparison.rows, comparison.columns);
    case Shape::csv: return analysis::rows_csv(comparison.rows, comparison.columns);
    case Shape::json: return analysis::json_of(comparison);
    default: return analysis::table_of(comparison);
  }
}

/// Figures down, runs across; judged by --max-ratio.
int compare_sides(const std::vector<analysis::NamedReport>& reports,
                  const std::vector<analysis::Target>& targets, const Options& options,
                  bool print) {
  const double most = options.given("max-ratio") ? ratio_from(options.text("max-ratio")) : 0;
  const auto rows = analysis::compare(reports, targets);
  if (print && options.text("csv") != "-")
    fmt::print("{}", analysis::comparison_table(reports, rows));
  if (options.given("csv"))
    analysis::Output{options.text("csv")}.write(analysis::comparison_csv(reports, rows));
  const double worst = analysis::worst_time_ratio(rows);
  if (most <= 0 || worst <= most) return 0;
  if (std::isinf(worst))
    fmt::print(stderr, "troupe: a run never reaches a target that the first reaches\n");
  else
    fmt::print(stderr, "troupe: a time is {:.3f} times the first run's, more than --max-ratio {}\n",
               worst, most);
  return outside_threshold;
}

/// A row for each run, algorithm and size; judged by --fail-if.
int compare_rows(const std::vector<analysis::NamedReport>& reports,
                 std::vector<analysis::Target> targets, const Options& options, Shape shape,
                 bool print) {
  std::optional<analysis::Condition> condition;
  if (options.given("fail-if")) condition.emplace(options.text("fail-if"));
  const auto comparison = analysis::comparison(reports, {.by = options.text("by"),
                                                         .baseline = options.text("baseline"),
                                                         .targets = std::move(targets)});
  const auto found =
      condition ? analysis::rows_where(comparison, *condition) : std::vector<std::size_t>{};
  if (print) fmt::print("{}", shown(comparison, shape));
  if (found.empty()) return 0;
  fmt::print(stderr, "troupe: --fail-if {} holds for {} of {} rows; {}\n", condition->text(),
             found.size(), comparison.rows.size(),
             analysis::in_words(comparison, *condition, found.front()));
  return outside_threshold;
}

}  // namespace

int compare_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{
      "compare A.json [B.json ...] [options]",
      "Shows what runs cost. Two to four are shown side by side, each by how much of the first;\n"
      "more, or with --by, --baseline or --fail-if, under each other, a row for each run, "
      "algorithm and size,\nwhat differs between them first.\nOf training runs: when each reached "
      "a target, after how many steps, bytes and messages,\nand what of their time the ranks "
      "computed, communicated and waited.\nRuns of different timing modes are not compared."};
  options.values("target",
                 "a figure of the curves and the value to reach, such as loss=0.1; may be repeated "
                 "(else: those of the scenarios)");
  options.value("by", "order rows by algorithm, platform or size");
  options.value("baseline",
                "what times are divided by: a report or an algorithm (the first report)");
  options.group("Output");
  options.value("format", "sides, rows, markdown, csv or json (sides or rows, as said above)");
  options.value("csv", "write the comparison side by side to a file (- for standard output)");
  options.flag("quiet,q", "no table");
  options.value("fail-if",
                "exit 3 if this holds for a row, such as 'time > 1.05*baseline' or 'busbw < 10e9 "
                "|| bound_ratio > 2'; figures are in SI units");
  options.value("max-ratio",
                "exit 3 if any time is more than so many times the first run's, or a run never "
                "reaches a target that the first reaches");
  options.positional("report", 1, 100'000);
  options.examples(
      "  troupe compare ring.json tree.json\n"
      "  troupe compare sweep/reports/*.json --by platform --format markdown\n"
      "  troupe compare before.json after.json --fail-if 'time > 1.05*baseline'\n");
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  const auto shape = shape_from(options);
  const bool sides = shape == Shape::sides || options.given("csv") || options.given("max-ratio");
  std::vector<analysis::Target> targets;
  for (const auto& text : options.texts("target")) targets.push_back(analysis::target_from(text));
  std::vector<analysis::NamedReport> reports;
  for (const auto& file : options.texts("report"))
    reports.push_back({file, analysis::report_from_json(analysis::read_file(file), file)});
  const bool print = !options.given("quiet");
  int status = 0;
  if (sides) status = compare_sides(reports, targets, options, print && shape == Shape::sides);
  if (shape == Shape::sides && !options.given("fail-if")) return status;
  return std::max(status,
                  compare_rows(reports, targets, options, shape, print && shape != Shape::sides));
}

}  // namespace troupe::cli
