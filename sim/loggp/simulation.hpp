#pragma once
// Running a program on every rank of a machine whose network is a LogGP model: a latency, an
// overhead, a gap and a gap per byte for each pair of ranks, and ports at which messages queue
// (Culler et al. 1993; Alexandrov, Ionescu, Schauser and Scheiman 1995; Hoefler, Schneider and
// Lumsdaine 2010 for O and S). Exact for that model; blind to what happens between the ports.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/communicator.hpp"
#include "sim/loggp/network.hpp"
#include "sim/options.hpp"
#include "sim/simulation_result.hpp"

namespace troupe::sim::loggp {

/// What a message of one kind of pair costs besides the network, and whether it waits for its
/// receiver. All 0: what the platform says of links is all there is.
struct Overheads {
  Seconds each{};      ///< o: the processor is busy for it, once at each end of a message
  Seconds per_byte{};  ///< O: and for each of its bytes
  Seconds gap{};       ///< g: a port rests between two messages
  /// S: a message up to this size leaves at once; unset: Options::eager_limit.
  std::optional<Bytes> eager_limit{};
};

/// Where a rank lives and how fast it is.
struct Seat {
  std::string host;
  int cores = 1;  ///< of the host; kernels of its ranks share them if they are fewer than the ranks
  Processor processor{};
  std::string cores_of{};  ///< hosts of which this is the same share one's cores; empty: none does
  double sharing = 1;      ///< kernels at the same time there take so many times as long as in turn

  const std::string& computes_on() const noexcept { return cores_of.empty() ? host : cores_of; }
};

/// Runs `program` once per rank, to the end. Any number of simulations, one after another, in one
/// thread. Throws what the lowest failing rank threw; Deadlock, naming every blocked rank, when
/// nothing can go on; BackendError where there is no room for the stacks. A rank that overflows its
/// stack ends the process, status 1, with a message that names it. While it goes on, `so_far` can
/// be asked; links' use counts what has been sent, whether it has arrived or not.
/// `overheads` are by Route::kind; those of kinds that it does not reach are 0 (S: unset).
SimulationResult simulate(const Network& network, const std::vector<Seat>& seats,
                          const std::function<void(Communicator&)>& program,
                          const Options& options = {}, const std::vector<Overheads>& overheads = {},
                          SoFar* so_far = nullptr);

}  // namespace troupe::sim::loggp
