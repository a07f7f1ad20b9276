#pragma once
// Horovod's timeline: what each operation did on each rank, and when. It keeps and writes; it
// measures nothing.

#include <mutex>
#include <string>
#include <vector>

#include "core/communicator.hpp"

namespace troupe::algorithms::horovod {

/// What one tensor did for a while. In the order in which they follow each other:
/// "NEGOTIATE_ALLREDUCE" (or another kind) until all ranks are known to be ready, "QUEUE" while
/// others are done first, "MEMCPY_IN_FUSION_BUFFER", "ALLREDUCE" (or another kind),
/// "MEMCPY_OUT_FUSION_BUFFER". Fused tensors share the last three; one alone is not copied.
struct Phase {
  Rank rank = 0;
  std::string tensor;
  std::string name;
  Seconds begin{}, end{};
};

/// Filled by all ranks of this process.
class Timeline {
 public:
  void add(Phase phase);
  /// In the order of their ends on each rank; those of different ranks in any.
  std::vector<Phase> phases() const;
  /// As Chrome and Perfetto read it: a process a rank, a thread a tensor, times in µs.
  std::string chrome_trace() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Phase> phases_;
};

/// Writes the phases of some tensors of one rank, one after the other, into a timeline if there is
/// one.
class PhaseWriter {
 public:
  PhaseWriter(const Communicator& comm, Timeline* timeline, std::vector<std::string> tensors);
  /// Ends the phase before.
  void begin(std::string phase);
  void end();

 private:
  const Communicator& comm_;
  Timeline* timeline_;
  std::vector<std::string> tensors_;
  std::string phase_;
  Seconds since_{};
};

}  // namespace troupe::algorithms::horovod
