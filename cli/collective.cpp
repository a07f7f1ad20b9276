// troupe collective: measures one collective, all sizes and algorithms in one run.

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/execute.hpp"

namespace troupe::cli {

int collective_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{"collective [options]",
                  "Measures a collective operation: every algorithm at every size."};
  declare_collective(options);
  declare_machine(options);
  declare_output(options);
  options.examples(
      "  troupe collective --platform fat_tree_64 --op allreduce --algorithm all --sizes 1K:1G\n"
      "  troupe collective --backend loopback --ranks 4 -b 8 -e 1M -c 1\n"
      "  mpirun -n 4 troupe collective --backend mpi --algorithm ring,tree --sizes 1M\n");
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  check_outputs(options);
  Draft draft;
  draft.apply_machine(options);
  draft.apply_collective(options);
  return conclude(execute(program, draft, options), options);
}

}  // namespace troupe::cli
