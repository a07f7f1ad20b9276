#pragma once
// A layer cut over ranks by the butterfly: rank r holds block r of the activations, and each stage
// combines two blocks. The product of its stages is a matrix that every rank would otherwise need
// all activations for. No loss and no data here, and no activation function.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// One rank's part of the product B = B_{k−1} … B_1 B_0 of k = log2 P butterfly factors (Dao et
/// al., ICML 2019; with D = I and E = ±I the Walsh–Hadamard transform). Stage s, q = r XOR 2^s:
///   forwards   x_r ← D_{r,s} x_r + E_{r,s} x_q
///   backwards  g_r ← D_{r,s}ᵀ g_r + E_{q,s}ᵀ g_q
/// Parameters of a rank: for each stage D and then E, b × b each, column-major.
class ButterflyLayer {
 public:
  /// Blocks of `block` values of up to `capacity` samples, in memory like `like`. EXPECTS a power
  /// of two of ranks, two at least.
  ButterflyLayer(int ranks, Rank rank, std::size_t block, std::size_t capacity, ConstSlice like);

  int stages() const { return stages_; }
  /// Parameters of this rank: stages · 2 b².
  std::size_t size() const { return static_cast<std::size_t>(stages_) * 2 * block_ * block_; }
  /// D and E of a stage among the parameters.
  template <class S>
  S own(S parameters, int stage) const {
    return parameters.subslice(static_cast<std::size_t>(stage) * 2 * square(), square());
  }
  template <class S>
  S other(S parameters, int stage) const {
    return parameters.subslice((static_cast<std::size_t>(stage) * 2 + 1) * square(), square());
  }

  /// x (b × count) ← block r of B x: one message of b · count values a stage.
  void forward(Communicator& comm, ConstSlice parameters, std::size_t count, Slice x);
  /// The same without waiting: a stage takes what its partner had at the last step at which the two
  /// exchanged that stage, at most `bound` steps ago, and waits only beyond that. What is sent now
  /// serves later steps. With a bound of 0 it is forward(). `count` is the same at every step.
  void forward_stale(Communicator& comm, ConstSlice parameters, std::size_t count, Slice x,
                     std::int64_t bound);
  /// Ends the exchange of forward_stale: takes what is still under way. How many messages that was.
  int finish(Communicator& comm);

  /// g (b × count), the gradient of the last forward's result, becomes that of its input; gradient
  /// (the size of the parameters) ← that of the parameters. Without the latter it is g_r ← (Bᵀ g)_r
  /// of any g. As many messages as forward.
  void backward(Communicator& comm, ConstSlice parameters, std::size_t count, Slice g,
                Slice gradient = {});
  /// Sends each updated E to the one rank that uses it on the way back: b² values a stage. Before
  /// the first backward, and after each update.
  void share_factors(Communicator& comm, ConstSlice parameters);

 private:
  /// Both operands of a stage, kept for the way back, and what is under way of forward_stale.
  struct Stage {
    Rank partner;
    Scratch mine, theirs, partners_factor, arriving;
    std::vector<Scratch> leaving;  // the values of the last steps, in turns
    std::vector<Request> sending;
    Request receiving;
    std::int64_t begun = 0;  // steps of this rank
    std::int64_t taken = 0;  // steps of the partner of which the value is here
  };
  std::size_t square() const { return block_ * block_; }
  /// x ← D x + E x_partner, from the operands of the stage.
  void combine(Communicator& comm, ConstSlice parameters, int stage, std::size_t count, Slice x);
  void take_in(Communicator& comm, Stage& stage, std::int64_t least, std::size_t values);

  int stages_;
  std::size_t block_, capacity_;
  std::vector<Stage> at_;
};

}  // namespace troupe::algorithms
