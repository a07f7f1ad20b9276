#pragma once
// The commands, one function each: arguments in, exit status out; what goes wrong is thrown.

#include <span>
#include <string>
#include <vector>

#include "cli/program.hpp"

namespace troupe::cli {

int collective_command(const Program& program, const std::vector<std::string>& arguments);
int run_command(const Program& program, const std::vector<std::string>& arguments);
int sweep_command(const Program& program, const std::vector<std::string>& arguments);
int tune_command(const Program& program, const std::vector<std::string>& arguments);
int autotune_command(const Program& program, const std::vector<std::string>& arguments);
int calibrate_command(const Program& program, const std::vector<std::string>& arguments);
int validate_command(const Program& program, const std::vector<std::string>& arguments);
int compare_command(const Program& program, const std::vector<std::string>& arguments);
int report_command(const Program& program, const std::vector<std::string>& arguments);
int algorithms_command(const Program& program, const std::vector<std::string>& arguments);
int completion_command(const Program& program, const std::vector<std::string>& arguments);
int doctor_command(const Program& program, const std::vector<std::string>& arguments);

/// All of them, in the order of the overview.
std::span<const Command> all_commands();
/// Throws BadInput with the nearest name.
const Command& command_named(const std::string& name);

/// Exit status of a result outside its threshold.
inline constexpr int outside_threshold = 3;

}  // namespace troupe::cli
