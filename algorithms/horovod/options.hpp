#pragma once
// The settings of the façade, with Horovod's defaults.

#include <functional>
#include <string>

#include "algorithms/horovod/coordinator.hpp"
#include "algorithms/horovod/timeline.hpp"
#include "algorithms/layout.hpp"

namespace troupe::algorithms::horovod {

/// All ranks are given the same, but for `on_stall` and `timeline`.
struct Options {
  /// Ready tensors up to this many bytes travel as one (HOROVOD_FUSION_THRESHOLD); 0: each alone.
  Bytes fusion_threshold{128 * 1024 * 1024};
  /// How long a rank gathers operations, from the first one, before it announces them
  /// (HOROVOD_CYCLE_TIME).
  Seconds cycle_time{1e-3};
  /// After how long some ranks' silence is told to on_stall, once for each operation
  /// (HOROVOD_STALL_CHECK_TIME_SECONDS); 0: never.
  Seconds stall_warning{60};
  /// After how long an operation is given up, with an error on every rank that announced it
  /// (HOROVOD_STALL_SHUTDOWN_TIME_SECONDS); 0: never.
  Seconds stall_limit{0};
  /// The allreduce by its name in the catalogue; "hierarchical" uses the layout
  /// (HOROVOD_HIERARCHICAL_ALLREDUCE).
  std::string allreduce = "ring";
  /// Which rank is on which node.
  Layout layout{};
  /// Hears of stalled operations on rank 0, from another flow of control than that of the caller.
  std::function<void(const StallWarning&)> on_stall{};
  /// Takes what each operation of this rank does, and when (HOROVOD_TIMELINE); it outlives the run.
  Timeline* timeline = nullptr;
};

}  // namespace troupe::algorithms::horovod
