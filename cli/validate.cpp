// troupe validate: predictions beside what real runs took.

#include <fmt/format.h>

#include <cmath>

#include "analysis/output.hpp"
#include "analysis/report_json.hpp"
#include "analysis/validation.hpp"
#include "cli/commands.hpp"
#include "cli/execute.hpp"
#include "cli/real_run.hpp"
#include "cli/validate_measured.hpp"
#include "core/errors.hpp"

namespace troupe::cli {
namespace {

/// "0.05" or "5%".
double share_from(const std::string& option, const std::string& text) {
  try {
    std::size_t end = 0;
    const double value = std::stod(text, &end);
    if (value > 0 && std::isfinite(value)) {
      if (end == text.size()) return value;
      if (text.substr(end) == "%") return value / 100;
    }
  } catch (const std::exception&) {
  }
  throw BadInput{
      fmt::format("--{} \"{}\": expected a number above 0, such as 0.05 or 5%", option, text)};
}

analysis::Report read_report(const std::string& file) {
  return analysis::report_from_json(analysis::read_file(file), file);
}

analysis::Validation validate_files(const std::vector<std::string>& files) {
  const auto simulated = read_report(files.back());
  std::vector<analysis::Validation> runs;
  for (std::size_t i = 0; i + 1 < files.size(); ++i)
    runs.push_back(analysis::validate(files[i], read_report(files[i]), files.back(), simulated));
  return analysis::together(runs);
}

/// Runs the scenario simulated, then for real.
analysis::Validation validate_scenario(const Program& program, const Options& options) {
  expect_real_run(options);
  const auto file = options.text("scenario");
  Draft draft{file, options.texts("set")};
  draft.apply_machine(options);
  const auto simulated = execute(program, draft, options);
  const auto real = real_run(file, simulated.machine.ranks, options);
  return analysis::validate("the real run", real, "the simulation", simulated.report);
}

int judge(double error, const Options& options) {
  if (!options.given("max-error")) return 0;
  const double most = share_from("max-error", options.text("max-error"));
  if (error <= most) return 0;
  fmt::print(stderr, "troupe: geometric mean error {:.1f} %, more than --max-error {:g} %\n",
             error * 100, most * 100);
  return outside_threshold;
}

/// Shows it, writes it and judges it.
int finish(const std::string& table, const std::string& json, double error,
           const Options& options) {
  if (!options.given("quiet") && options.text("json") != "-") fmt::print("{}", table);
  if (options.given("json")) analysis::Output{options.text("json")}.write(json);
  return judge(error, options);
}

}  // namespace

int validate_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{
      "validate REAL.json [REAL.json ...] SIMULATED.json | --scenario S.json | --measured FILE "
      "[options]",
      "Shows how far predictions are off: of each collective, algorithm and size, and of the steps "
      "of a training.\nThe error is exp |ln(simulated / real)| - 1, of medians. A point counts "
      "where the prediction is outside the\nreal runs' p10 to p90; the worst is named with what "
      "explains it.\nOf several real runs it is the median of their medians, and their least p10 "
      "to their greatest p90.\nWith tables that others measured, costs of messages are fitted to "
      "some of the times, and the others predicted\n(docs/validation.md)."};
  options.group("Scenario");
  options.value("scenario",
                "run this scenario, on real ranks and simulated, instead of reading reports");
  options.values("set", "/json/pointer=value over what the file says; may be repeated");
  options.value("launcher", "what starts the real ranks (mpirun -n RANKS)");
  declare_measured(options);
  declare_machine(options);
  options.group("Output");
  options.value("json", "write the validation to a file (- for standard output)");
  options.flag("quiet,q", "no table, no progress");
  options.value("max-error", "exit 3 if a geometric mean error is more: 0.05 or 5%");
  options.positional("report", 0, 1000);
  options.examples(
      "  troupe validate real.json simulated.json --max-error 5%\n"
      "  troupe validate real1.json real2.json real3.json simulated.json\n"
      "  troupe validate --scenario ring.json --platform mine.xml\n"
      "  troupe validate --measured allreduce.csv --max-error 10%\n"
      "  troupe validate --measured nccl.txt --algorithm multi_ring --calibrate-nodes 2\n");
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  if (options.given("max-error")) share_from("max-error", options.text("max-error"));
  if (options.given("json")) analysis::Output{options.text("json")};
  const auto files = options.texts("report");
  if (options.given("scenario") + options.given("measured") + !files.empty() != 1 ||
      files.size() == 1)
    throw BadInput{
        "validate: expected reports, of a real run or several and SIMULATED.json last, or "
        "--scenario S.json, or --measured FILE"};
  if (options.given("measured")) {
    const auto machines = validate_measured(options);
    return finish(analysis::measured_table(machines, options.given("all")),
                  analysis::to_json(machines), analysis::largest_error(machines), options);
  }
  const auto validation =
      files.empty() ? validate_scenario(program, options) : validate_files(files);
  return finish(analysis::validation_table(validation), analysis::to_json(validation),
                analysis::geometric_mean_error(validation.points), options);
}

}  // namespace troupe::cli
