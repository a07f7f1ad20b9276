// troupe tune: the best algorithm for each size, found by simulating all of them.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "analysis/output.hpp"
#include "cli/commands.hpp"
#include "cli/execute.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "scenarios/tuning.hpp"

namespace troupe::cli {

int tune_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{"tune --platform PLATFORM [options]",
                  "Simulates all algorithms of a collective at every size and writes down the "
                  "fastest of each\nfor --algorithm tuned. The table holds for this platform, "
                  "network model, number of ranks, collective\nand dtype."};
  declare_collective(options);
  declare_machine(options);
  declare_output(options);
  options.value("out", "write the table to a file (- for standard output)");
  options.examples(
      "  troupe tune --platform torus_8x8 --op allreduce --sizes 1K:64M --out torus.json\n"
      "  troupe collective --platform torus_8x8 --algorithm tuned --tuning torus.json\n");
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  if (options.text("backend", "sim") != "sim")
    throw BadInput{"tune simulates: --backend sim is the only one"};
  if (options.text("algorithm") == "auto" || options.text("algorithm") == "tuned")
    throw BadInput{"tune compares algorithms: --algorithm all, or a list of names"};
  check_outputs(options);
  if (options.given("out")) analysis::Output{options.text("out")};
  Draft draft;
  draft.apply_machine(options);
  draft.apply_collective(options);
  const auto executed = execute(program, draft, options);
  const auto tuning = scenarios::tuning_from(executed.report, executed.machine);
  if (options.given("out")) analysis::Output{options.text("out")}.write(to_json(tuning));
  const int status = conclude(executed, options);
  if (!options.given("quiet") && options.text("out") != "-" && options.text("json") != "-" &&
      options.text("csv") != "-") {
    fmt::print("#\n# tuned for {} ({}), {} ranks\n", tuning.platform, tuning.platform_digest,
               tuning.ranks);
    for (const auto& size : tuning.sizes)
      fmt::print("  {:>9}  {}\n", to_text(size.bytes), size.algorithm);
  }
  return status;
}

}  // namespace troupe::cli
