#pragma once
// The port on threads of this process: one thread per rank and per spawned flow. For tests, for
// debuggers and for sanitizers; it has a wall clock and models nothing.

#include <functional>

#include "core/communicator.hpp"
#include "core/standstill.hpp"

namespace troupe {

struct LoopbackOptions {
  Bytes eager_limit{0};
};

/// Runs `program` once per rank, all at the same time, and returns when all have returned. Kernels
/// run when they are started.
///
/// If programs throw, the error of the lowest rank is thrown once all have ended; errors that only
/// follow from another one (PeerLost, Deadlock) are thrown when there is nothing better. A rank
/// that has thrown is gone: requests that name it finish with PeerLost. When every flow waits
/// without a deadline, all throw Deadlock.
RunReport run_loopback(int ranks, const std::function<void(Communicator&)>& program,
                       const LoopbackOptions& options = {});

}  // namespace troupe
