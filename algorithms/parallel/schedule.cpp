#include "algorithms/parallel/schedule.hpp"

#include <algorithm>

#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

/// `warm_up` forwards, then a forward and a backward in turn, then backwards, `all` of each.
template <class Forward, class Backward>
std::vector<StageWork> in_turn(int all, int warm_up, Forward forward, Backward backward) {
  std::vector<StageWork> schedule;
  for (int k = 0; k < warm_up; ++k) schedule.push_back(forward(k));
  for (int k = warm_up; k < all; ++k) {
    schedule.push_back(forward(k));
    schedule.push_back(backward(k - warm_up));
  }
  for (int k = all - warm_up; k < all; ++k) schedule.push_back(backward(k));
  return schedule;
}

}  // namespace

std::vector<StageWork> gpipe_schedule(const PipelineShape& shape, Rank) {
  std::vector<StageWork> schedule;
  for (int chunk = 0; chunk < shape.chunks; ++chunk)
    for (int micro = 0; micro < shape.micro_batches; ++micro)
      schedule.push_back({.forward = true, .chunk = chunk, .micro_batch = micro});
  for (int chunk = shape.chunks; chunk-- > 0;)
    for (int micro = 0; micro < shape.micro_batches; ++micro)
      schedule.push_back({.forward = false, .chunk = chunk, .micro_batch = micro});
  return schedule;
}

std::vector<StageWork> one_forward_one_backward_schedule(const PipelineShape& shape, Rank rank) {
  EXPECTS(shape.chunks == 1, "several stages a rank are interleaved");
  const auto work = [](bool forward) {
    return [forward](int k) { return StageWork{forward, 0, k}; };
  };
  return in_turn(shape.micro_batches, std::min(shape.micro_batches, shape.ranks - 1 - rank),
                 work(true), work(false));
}

std::vector<StageWork> interleaved_schedule(const PipelineShape& shape, Rank rank) {
  const auto [p, v, m] = shape;
  EXPECTS(m % p == 0, "an interleaved schedule has a multiple of the ranks of micro-batches");
  const int all = m * v;
  // The k-th work of either kind: p micro-batches through chunk 0, the same through chunk 1, …
  const auto work = [p = p, v = v](bool forward) {
    return [p, v, forward](int k) {
      const int chunk = k / p % v;
      return StageWork{forward, forward ? chunk : v - 1 - chunk, k / (p * v) * p + k % p};
    };
  };
  const int warm_up = m == p ? all : std::min(all, 2 * (p - rank - 1) + (v - 1) * p);
  return in_turn(all, warm_up, work(true), work(false));
}

std::size_t most_kept(const std::vector<StageWork>& schedule) {
  std::size_t kept = 0, most = 0;
  for (const StageWork& work : schedule) {
    kept += work.forward ? 1 : std::size_t(-1);
    most = std::max(most, kept);
  }
  return most;
}

}  // namespace troupe::algorithms
