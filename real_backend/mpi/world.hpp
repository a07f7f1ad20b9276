#pragma once
// A process's part in a job of MPI processes: initialisation, the running of programs, and the end
// of the whole job when one rank fails. mpi.h is not needed to use it, and no simulator may be
// linked into the same executable.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/activity.hpp"
#include "core/communicator.hpp"
#include "real_backend/mpi/options.hpp"

namespace troupe::mpi {

/// What this process's MPI calls itself: "Open MPI v4.1.4". Needs no World.
std::string library_name();

/// MPI between initialisation and finalisation; one in a process, once. All its functions are
/// collective unless they say otherwise, and for the thread that made it.
class World {
 public:
  /// Initialises MPI (MPI_THREAD_FUNNELED) and takes MPI's arguments out of the program's. Without
  /// mpirun it is a world of one rank. Throws BackendError when MPI refuses. Where another MPI's
  /// launcher has started it, each process would be such a world: ends it, with exit status 2.
  World(int& argc, char**& argv);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  /// Finalises MPI; while an exception leaves this rank it ends the job instead.
  ~World();

  // Not collective:
  Rank rank() const noexcept;
  int size() const noexcept;
  /// This rank among those of the same node.
  int local_rank() const noexcept;
  /// How many those are.
  int local_size() const noexcept;
  /// True if this MPI sends from and receives into the memory of NVIDIA GPUs.
  bool reaches_gpu_memory() const noexcept;

  /// Runs `program` on all ranks; their clocks start together after a barrier. Ends when every rank
  /// has ended and every message has arrived; returns how many messages were left that nobody had
  /// received here. An exception that leaves `program` ends the job as guard() says.
  std::size_t run(const std::function<void(Communicator&)>& program, const Options& options = {});

  /// What this rank has done so far in the run under way, else in the last one. Not collective.
  const Activity& activity() const noexcept;

  /// The time on the clock of the run under way, without waiting for a device as now() does. Not
  /// collective.
  Seconds host_now() const;

  /// Calls `body`, which need not be collective. An exception that leaves it ends the whole job:
  /// one line on stderr, and exit status Error::exit_status(), else 1. Where all ranks fail with
  /// the same, the line is printed once.
  void guard(const std::function<void()>& body);

  /// Throws BadInput on every rank, naming the first that differs, unless all pass the same text:
  /// for the digest of what they are about to run.
  void check_same_everywhere(std::string_view text) const;

  /// Prints "troupe: rank R of N: message" to stderr and ends all processes of the job with that
  /// exit status. Not collective; does not return.
  [[noreturn]] void abort(std::string_view message, int exit_status) const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace troupe::mpi
