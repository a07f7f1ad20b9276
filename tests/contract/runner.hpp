#pragma once
// The command line that every backend gives the contract suite.

#include <functional>

#include "contract/contract.hpp"
#include "core/standstill.hpp"

namespace troupe::contract {

using Program = std::function<void(Communicator&)>;
/// Runs a program on all ranks of a case with its eager limit, on one backend. Where each rank is a
/// process of its own, runs it for this one.
using Backend = std::function<RunReport(const ContractCase&, const Program&)>;

/// `NAME` runs one case, bare and under CheckedCommunicator; `--list` prints every case as
/// cases.txt has it; nothing runs all that the backend can. Returns the exit status.
int run_cases(int argc, char** argv, const Backend& backend, bool has_simulated_clock);

}  // namespace troupe::contract
