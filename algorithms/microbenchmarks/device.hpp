#pragma once
// What a processor can do, measured from where training stands: kernels started and waited for
// through a communicator. An ordinary algorithm, so the same code measures threads, processes and
// GPUs; on a simulated clock it finds what it was charged with.

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "algorithms/microbenchmarks/ladders.hpp"
#include "core/communicator.hpp"
#include "core/measured_device.hpp"

namespace troupe::algorithms {

/// How a kernel is timed: in rows of equal kernels, each waited for by compute(), between two
/// readings of the clock. (A device is waited for by who reads the clock, and not by compute(): a
/// row has the time of the longer of launching and running.) All rows use the same operands: those
/// that fit into a cache are in it.
struct RowChoice {
  Seconds row{2e-3};  ///< a row takes at least so long: as many kernels as that needs
  int repeats = 7;    ///< rows that count, after those that warm up
  Seconds longest{
      2e-2};  ///< a kernel that takes longer is left out, and all larger ones of its form
  Bytes most{std::uint64_t{2} << 30};  ///< likewise one that moves more
  bool phantom = false;                ///< operands without values: for a simulated clock
  bool apart = false;  ///< time kernels on the device, too, where the program runs ahead of it
};

/// Done so far, of 1.
using Progress = std::function<void(double share)>;

/// Times kernels of those shapes, in this order. Left out: what takes longer than `longest`, what
/// does not fit into memory, and then each shape of the same kernel, form and dtype that is not
/// smaller in any size. Throws what a kernel fails with.
///
/// Apart: a row behind copies that keep the device busy until all of it has been launched, less the
/// copies alone. Of kernels whose row takes longer than any launch the row is what the device
/// takes. Launching is then measured again as training meets it, one kernel among several short
/// ones of other kinds, less those alone: libraries and drivers are quicker with what they have
/// just done.
std::vector<KernelTime> measure_kernels(Communicator& comm, Memory& memory, const RowChoice& choice,
                                        std::span<const KernelShape> shapes,
                                        const Progress& progress = {});

/// Copies of 4 KiB to 64 MiB between the host and `memory`, each by an Opaque kernel of nothing
/// else, and how fast such code computes. Nothing for memory on the host; with phantoms what a
/// simulated clock is charged, nothing where that is nothing.
HostLink measure_host_link(Communicator& comm, Memory& memory, const RowChoice& choice);

}  // namespace troupe::algorithms
