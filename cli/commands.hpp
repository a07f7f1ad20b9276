#pragma once
// The commands, one function each: arguments in, exit status out; what goes wrong is thrown.

#include <string>
#include <vector>

#include "cli/program.hpp"

namespace troupe::cli {

int collective_command(const Program& program, const std::vector<std::string>& arguments);
int run_command(const Program& program, const std::vector<std::string>& arguments);
int sweep_command(const Program& program, const std::vector<std::string>& arguments);
int tune_command(const Program& program, const std::vector<std::string>& arguments);
int calibrate_command(const Program& program, const std::vector<std::string>& arguments);
int validate_command(const Program& program, const std::vector<std::string>& arguments);
int compare_command(const Program& program, const std::vector<std::string>& arguments);
int algorithms_command(const Program& program, const std::vector<std::string>& arguments);
int doctor_command(const Program& program, const std::vector<std::string>& arguments);

/// Exit status of a result outside its threshold.
inline constexpr int outside_threshold = 3;

}  // namespace troupe::cli
