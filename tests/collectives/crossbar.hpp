#pragma once
// The α-β-γ model as a clock worn over another communicator: a message starts when both its ends
// have been posted and takes α + bytes·β; a Reduce takes bytes·γ on its flow's lane. For programs
// that wait for everything they start, which all collectives do. Ports are not shared out: two
// messages of one direction at one rank at the same time are counted, because the model says
// nothing about them.

#include <functional>

#include "algorithms/catalogue.hpp"
#include "core/communicator.hpp"

namespace troupe::tests {

struct CrossbarReport {
  Seconds time{};                         ///< when the last rank was done
  bool shared = false;                    ///< messages that are not empty overlapped at a port
  std::uint64_t messages = 0, bytes = 0;  ///< the most that one rank sent
  std::uint64_t total_messages = 0, total_bytes = 0;  ///< what all sent
};

/// Runs the program once per rank, each on a thread and a clock of its own.
CrossbarReport run_crossbar(int ranks, const algorithms::AlphaBetaGamma& machine,
                            const std::function<void(Communicator&)>& program);

}  // namespace troupe::tests
