#pragma once
// In which order a rank of a pipeline works off its micro-batches. Nothing is sent or computed
// here.

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/tag.hpp"

namespace troupe::algorithms {

/// One micro-batch through one of the rank's stages, forwards or backwards.
struct StageWork {
  bool forward = true;
  int chunk = 0;  ///< which of the rank's stages, 0 ≤ chunk < chunks; stage chunk · ranks + rank
  int micro_batch = 0;
  bool operator==(const StageWork&) const = default;
};

/// A pipeline of `ranks` · `chunks` stages, stage s on rank s mod ranks.
struct PipelineShape {
  int ranks = 1, chunks = 1, micro_batches = 1;
};

/// All forwards, then all backwards (GPipe: Huang et al., NeurIPS 2019). Keeps all micro-batches.
std::vector<StageWork> gpipe_schedule(const PipelineShape& shape, Rank rank);
/// min(m, p−1−r) forwards, then one forward and one backward in turn, then the backwards that are
/// left (PipeDream-flush: Narayanan et al., ICML 2021). Keeps min(m, p−r) micro-batches.
std::vector<StageWork> one_forward_one_backward_schedule(const PipelineShape& shape, Rank rank);
/// The same with several stages a rank, p micro-batches through one after another (Narayanan et
/// al., SC 2021, §2.2). EXPECTS m a multiple of p.
std::vector<StageWork> interleaved_schedule(const PipelineShape& shape, Rank rank);

/// How many micro-batches are between their forward and their backward at once, at most.
std::size_t most_kept(const std::vector<StageWork>& schedule);

}  // namespace troupe::algorithms
