// troupe report: reports as a page for a browser.

#include <fmt/format.h>

#include <filesystem>

#include "analysis/output.hpp"
#include "analysis/page/page.hpp"
#include "analysis/report_json.hpp"
#include "analysis/trace_json.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "core/errors.hpp"

namespace troupe::cli {

int report_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{
      "report RUN.json ... -o PAGE.html [options]",
      "Writes one page for a browser that shows one or more reports: figures, charts, "
      "traffic, links,\nranks and, with a trace, what each rank did when. Everything is "
      "in the one file."};
  options.value("output,o", "the page (- for standard output)");
  options.value("trace", "of one of the runs, as --trace of run and collective writes it");
  options.positional("report", 1, 64);
  options.examples(
      "  troupe run async.json --json run.json --trace run.trace.json.gz\n"
      "  troupe report run.json --trace run.trace.json.gz -o run.html\n");
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  if (!options.given("output")) throw BadInput{"a page needs a name: -o PAGE.html"};
  const analysis::Output output{options.text("output")};
  std::vector<analysis::PageReport> reports;
  for (const auto& file : options.texts("report")) {
    auto report = analysis::report_from_json(analysis::read_file(file), file);
    if (report.results.empty() && report.training.empty() && report.ranks.empty())
      throw BadInput{
          fmt::format("{}: the report is empty: no results, no training curve and no "
                      "ranks",
                      file)};
    reports.push_back({std::filesystem::path{file}.stem().string(), std::move(report)});
  }
  if (!options.given("trace")) {
    output.write(analysis::to_page(reports));
    return 0;
  }
  const auto file = options.text("trace");
  const auto trace = analysis::trace_from_json(analysis::read_file(file), file);
  output.write(analysis::to_page(reports, &trace, file));
  return 0;
}

}  // namespace troupe::cli
