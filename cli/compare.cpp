// troupe compare: reports side by side.

#include <fmt/format.h>

#include <cmath>

#include "analysis/compare.hpp"
#include "analysis/output.hpp"
#include "analysis/report_json.hpp"
#include "analysis/targets.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "core/errors.hpp"

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

}  // namespace

int compare_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{
      "compare A.json B.json ... [options]",
      "Shows what two or more runs cost, side by side, and each by how much of the "
      "first.\nOf training runs: when each reached a target, after how many steps, "
      "bytes and messages,\nand what of their time the ranks computed, communicated and "
      "waited.\nRuns of different timing modes are not compared."};
  options.values("target",
                 "a figure of the curves and the value to reach, such as loss=0.1; may be repeated "
                 "(else: those of the scenarios)");
  options.group("Output");
  options.value("csv", "write the comparison to a file (- for standard output)");
  options.flag("quiet,q", "no table");
  options.value("max-ratio",
                "exit 3 if any time is more than so many times the first run's, or a run never "
                "reaches a target that the first reaches");
  options.positional("report", 2, 64);
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  const double most = options.given("max-ratio") ? ratio_from(options.text("max-ratio")) : 0;
  std::vector<analysis::Target> targets;
  for (const auto& text : options.texts("target")) targets.push_back(analysis::target_from(text));
  std::vector<analysis::NamedReport> reports;
  for (const auto& file : options.texts("report"))
    reports.push_back({file, analysis::report_from_json(analysis::read_file(file), file)});
  const auto rows = analysis::compare(reports, targets);
  if (!options.given("quiet") && options.text("csv") != "-")
    fmt::print("{}", analysis::comparison_table(reports, rows));
  if (options.given("csv"))
    analysis::Output{options.text("csv")}.write(analysis::comparison_csv(reports, rows));
  if (const double worst = analysis::worst_time_ratio(rows); most > 0 && worst > most) {
    if (std::isinf(worst))
      fmt::print(stderr, "troupe: a run never reaches a target that the first reaches\n");
    else
      fmt::print(stderr,
                 "troupe: a time is {:.3f} times the first run's, more than --max-ratio {}\n",
                 worst, most);
    return outside_threshold;
  }
  return 0;
}

}  // namespace troupe::cli
