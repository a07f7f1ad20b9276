#pragma once
// How one run on MPI behaves. Every default serves a program that only wants to run.

#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/units.hpp"

namespace troupe::mpi {

class Accelerator;

/// Who computes the kernels.
enum class Progress : std::uint8_t {
  worker,  ///< a thread of the backend's own, while the rank's thread moves messages
  none     ///< the rank's thread, at issue: messages move before and after, not meanwhile
};

/// How receives reach MPI.
enum class Receive : std::uint8_t {
  /// A message is looked for first (MPI_Improbe), matched here, and received once its length is
  /// known. Safe: Open MPI 4.1 writes past the room of a posted receive when the message is longer
  /// and travels by remote memory access.
  probed,
  /// At once (MPI_Irecv), for networks that match in hardware and for simulators of MPI. A message
  /// longer than its room is Truncated only if this MPI reports it.
  /// Sends that must not complete before they are received are MPI_Issend, some of which never
  /// end on Open MPI 5.0.7 where hundreds are under way at once.
  posted
};

struct Options {
  Progress progress = Progress::worker;
  Receive receive = Receive::probed;
  /// The port's eager rule: messages of at most this many bytes are copied and leave at isend.
  Bytes eager_limit{0};
  /// A kernel without values is busy for max(flops / phantom_speed, bytes / phantom_bandwidth) +
  /// phantom_launch; what is 0 takes no time.
  FlopsPerSecond phantom_speed{0};
  BytesPerSecond phantom_bandwidth{0};
  Seconds phantom_launch{0};
  /// A kernel that moves at most so many bytes, in at most as many operations, runs at issue even
  /// where there is a worker, if that is idle: handing it over (8 µs) may cost more. Opaque kernels
  /// always go to the worker.
  std::uint64_t run_at_issue = 1 << 20;
  /// Stack of a spawned flow. Kernels may run on it, and Eigen takes up to 128 KiB.
  std::size_t flow_stack = 1024 * 1024;
  /// While an exception leaves the program, how long a dropped message may take before the job is
  /// ended: its peer may be waiting for this rank.
  Seconds patience{5};
  /// A rank that waits without a deadline and sees nothing move for so long says on stderr what it
  /// waits for; again after four times as long. Where nothing moves on any rank for that much
  /// longer, it is a deadlock and the job ends.
  Seconds standstill_notice{60};
  /// Wait in MPI_Waitany instead of polling. For simulators of MPI, whose clock stands still for a
  /// rank that polls; needs Progress::none and Receive::posted, and no deadlines.
  bool wait_inside_mpi = false;
  /// Use no larger tags than this, though MPI may have some: to test what becomes of contexts that
  /// do not fit in. 32767 at least, which MPI promises.
  std::int64_t largest_tag = std::numeric_limits<std::int64_t>::max();
  /// The device of this rank, if it has one: computes what is in its memory. Needs Receive::probed.
  Accelerator* accelerator = nullptr;
  /// Messages from the memory of a device leave in pieces of at most so many bytes, so that the
  /// copies overlap the network; what MPI can send by itself leaves in one.
  Bytes fragment_bytes{4 * 1024 * 1024};
  /// Of memory that the ranks of a node share, for each rank with such a device: there its values
  /// wait for the others of the node. 0: they are sent through MPI, as they are between nodes. The
  /// same on all ranks.
  Bytes node_memory{16 * 1024 * 1024};
};

}  // namespace troupe::mpi
