#pragma once
// troupe calibrate without --device: measures the network between ranks.

#include "cli/options.hpp"
#include "cli/program.hpp"

namespace troupe::cli {

/// Declares the options that only this part has.
void declare_links(Options& options);

/// Measures, fits, writes and tells. `arguments` are those of the command, to be handed on where a
/// sibling program has the backend. Returns the exit status.
int calibrate_links(const Program& program, const Options& options,
                    const std::vector<std::string>& arguments);

}  // namespace troupe::cli
