#include "cli/validate_measured.hpp"

#include <fmt/format.h>

#include <charconv>

#include "analysis/measured.hpp"
#include "analysis/output.hpp"
#include "core/errors.hpp"
#include "scenarios/measured_prediction.hpp"

namespace troupe::cli {
namespace {

int count_of(const Options& options, const char* option) {
  if (!options.given(option)) return 0;
  const auto text = options.text(option);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1)
    throw BadInput{fmt::format("--{} \"{}\": expected a whole number above 0", option, text)};
  return value;
}

std::vector<analysis::MeasuredRow> read_tables(const std::vector<std::string>& files,
                                               const analysis::MeasuredDefaults& defaults) {
  std::vector<analysis::MeasuredRow> rows;
  for (const auto& file : files)
    for (auto& row : analysis::read_measured(analysis::read_file(file), file, defaults))
      rows.push_back(std::move(row));
  return rows;
}

}  // namespace

void declare_measured(Options& options) {
  options.group("Measured tables");
  options.values("measured",
                 "table of measured times: CSV, or what nccl-tests (text or JSON) or OSU's "
                 "benchmarks print; may be repeated");
  options.values("calibrate",
                 "table to calibrate on, such as osu_latency's; may be repeated (else: the rows "
                 "with the fewest nodes)");
  options.value("calibrate-nodes", "or those with so many nodes");
  options.value("op", "collective of tables that do not say (allreduce)");
  options.value("algorithm", "which algorithm the library ran, of tables that do not say");
  options.value("nodes", "of tables that do not say (as many as --ranks)");
  options.value("machine", "whose times they are, of tables that do not say");
  options.flag("all", "print every point");
}

std::vector<analysis::MachineValidation> validate_measured(const Options& options) {
  const analysis::MeasuredDefaults defaults{.machine = options.text("machine"),
                                            .op = options.text("op"),
                                            .algorithm = options.text("algorithm"),
                                            .ranks = count_of(options, "ranks"),
                                            .nodes = count_of(options, "nodes")};
  if (options.given("calibrate") && options.given("calibrate-nodes"))
    throw BadInput{"--calibrate and --calibrate-nodes both say what to calibrate on: give one"};
  return scenarios::predict_measured(
      read_tables(options.texts("measured"), defaults),
      {.calibration = read_tables(options.texts("calibrate"), defaults),
       .calibration_nodes = count_of(options, "calibrate-nodes")});
}

}  // namespace troupe::cli
