#pragma once
// One operation on its way, and how the background flow performs what all ranks have agreed on.

#include <memory>
#include <span>
#include <vector>

#include "algorithms/horovod/negotiation.hpp"
#include "algorithms/horovod/options.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms::horovod {

/// Belongs to the flow that called until it is handed over, to the background flow until it is
/// handed back.
struct Operation {
  Announcement announcement;
  Tensor tensor{};                    ///< what was given; afterwards the result
  std::vector<std::size_t> splits{};  ///< alltoall: rows for each rank; afterwards from each
  Rank last_to_join = 0;              ///< result of join
  Seconds heard{};                    ///< when the background flow took it over
  Verdict verdict = Verdict::perform;
  std::string reason{};  ///< why it was not performed
  bool done = false;     ///< it has been handed back
  bool taken = false;    ///< its result has been returned
};

/// The communicators of one flow under which messages are counted.
struct Lines {
  Communicator& data;
  Communicator& control;
};

/// Performs a response on the operations it names, in its order; null where this rank has joined
/// and gives zeros. All ranks call it with the same response. Phases begin as they come.
void perform(Lines lines, const Options& options, const Response& response,
             std::span<Operation* const> operations, PhaseWriter& phases);

/// "ALLREDUCE"
std::string phase_of(Kind kind);

}  // namespace troupe::algorithms::horovod
