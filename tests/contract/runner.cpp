#include "contract/runner.hpp"

#include <algorithm>
#include <iostream>
#include <string_view>

#include "core/checked.hpp"

namespace troupe::contract {

namespace {

void list_cases() {
  for (const ContractCase& each : cases())
    std::cout << each.name << ' ' << each.ranks << (each.needs_simulated_clock ? " simulated" : "")
              << '\n';
}

void run_once(const ContractCase& which, const Backend& backend, const Program& program,
              std::string_view manner) {
  const RunReport report = backend(which, program);
  if (report.unmatched.empty()) return;
  throw ContractFailure{std::string{"left over "} + std::string{manner} + ": " +
                        to_text(report.unmatched.front())};
}

bool run_case(const ContractCase& which, const Backend& backend) {
  try {
    run_once(which, backend, which.program, "bare");
    run_once(
        which, backend,
        [&](Communicator& comm) {
          CheckedCommunicator checked{comm};
          which.program(checked);
        },
        "under CheckedCommunicator");
  } catch (const std::exception& error) {
    std::cerr << which.name << " failed: " << error.what() << '\n';
    return false;
  }
  return true;
}

}  // namespace

int run_cases(int argc, char** argv, const Backend& backend, bool has_simulated_clock) {
  const std::string_view argument = argc > 1 ? argv[1] : "";
  if (argument == "--list") return list_cases(), 0;
  bool all_pass = true;
  std::size_t count = 0;
  for (const ContractCase& each : cases()) {
    const bool is_wanted = argument.empty() ? has_simulated_clock || !each.needs_simulated_clock
                                            : each.name == argument;
    if (!is_wanted) continue;
    ++count;
    all_pass = run_case(each, backend) && all_pass;
  }
  if (count == 0) {
    std::cerr << "there is no case " << argument << "; --list names them\n";
    return 2;
  }
  return all_pass ? 0 : 1;
}

}  // namespace troupe::contract
