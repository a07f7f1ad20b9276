// troupe run: runs a scenario file.

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/execute.hpp"

namespace troupe::cli {

int run_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{"run SCENARIO.json [options]", "Runs a scenario."};
  options.group("Scenario");
  options.values("set", "/json/pointer=value over what the file says; may be repeated");
  options.flag("resolve", "print the resolved scenario instead of running it");
  declare_machine(options);
  declare_output(options);
  options.value("tensorboard", "write the curve as scalars for TensorBoard into a folder");
  options.positional("scenario", 1, 1);
  options.examples(
      "  troupe run async.json --set /training/staleness=0 --json ssp0.json\n"
      "  mpirun -n 4 troupe run async.json --backend mpi\n");
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  const std::string file = options.texts("scenario").front();
  check_outputs(options, file);
  Draft draft{file, options.texts("set")};
  draft.apply_machine(options);
  if (options.given("resolve")) {
    fmt::print("{}\n", resolved_text(program, draft, options));
    return 0;
  }
  return conclude(execute(program, draft, options), options);
}

}  // namespace troupe::cli
