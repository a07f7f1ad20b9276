#pragma once
// troupe platform list|show|check. Needs SimGrid.

#include "cli/program.hpp"

namespace troupe::cli {

int platform_command(const Program& program, const std::vector<std::string>& arguments);

}  // namespace troupe::cli
