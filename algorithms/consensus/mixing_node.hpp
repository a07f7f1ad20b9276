#pragma once
// One node of the gradient methods over a graph: its learner, its estimate x_i, and mixing with the
// neighbours by a doubly stochastic matrix. What those methods share; each of them is a loop of its
// own.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/learner.hpp"
#include "algorithms/neighbourhood.hpp"
#include "algorithms/reporter.hpp"
#include "algorithms/training_log.hpp"

namespace troupe::algorithms {

/// What each of these methods can be told.
struct MixingStart {
  static constexpr std::array<std::string_view, 2> starts{"initial", "local_optima"};
  static constexpr Text start{.name = "start",
                              .fallback = "initial",
                              .choices = starts,
                              .help =
                                  "the model's starting values, or where each node's own "
                                  "function is least"};
};

/// f_i is the mean loss of the shard, regulariser included, times (shards · samples of the shard /
/// samples of all), so that the mean of all f_i is F. W has the graph's weights on edges,
/// Metropolis's (Xiao and Boyd 2004) where it leaves them at one, and the rest on W_ii.
class MixingNode {
 public:
  /// `vectors`: how many vectors of the size of x are mixed at once.
  MixingNode(Communicator& comm, const TrainingProblem& problem, TrainingLog& log,
             std::size_t vectors = 1);

  std::size_t size() const { return learner_.size(); }
  Slice x() const { return x_; }
  /// A vector like x.
  Buffer make_vector() const { return make_buffer(problem_, size()); }
  /// into ← ∇f_i(x), of the next batch.
  void gradient(ConstSlice x, Slice into);
  /// into ← Σ_j W_ij v_j. One exchange; `mine` holds as many vectors as the node was made for.
  void mix(ConstSlice mine, Slice into);

  /// Reports x, with ∇f_i(x) of the whole shard where due. True if that was enough for all ranks.
  bool done(std::int64_t step);
  void finish(std::int64_t step) { reporter_.finish(step, x_); }

 private:
  Communicator& comm_;
  const TrainingProblem& problem_;
  Learner learner_;
  double weight_;  // of the shard's mean loss in f_i
  Neighbourhood neighbours_;
  Buffer x_;
  Reporter reporter_;
  std::int64_t exchanges_ = 0;
};

/// Why no network of such nodes can serve the problem, or empty.
std::string refusal_of_mixing_nodes(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
