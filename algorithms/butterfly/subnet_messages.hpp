#pragma once
// What a trained subnet sends home: its parameters as they are, or the change of each weight matrix
// as two thin factors and the biases as they are.

#include <optional>
#include <span>
#include <vector>

#include "algorithms/butterfly/low_rank.hpp"
#include "algorithms/training_problem.hpp"

namespace troupe::algorithms {

class SubnetMessages {
 public:
  /// Of a perceptron of these widths, by the strategy's settings "rank" and "penalty". A matrix
  /// whose factors would be no smaller than it is travels as its change.
  SubnetMessages(const TrainingProblem& problem, std::span<const std::size_t> widths);

  /// Words of a message.
  std::size_t words() const { return words_; }
  /// The message of a subnet that was `before` and is `after`; valid as long as both and the next
  /// pack. `after` is used up.
  ConstSlice pack(Communicator& comm, ConstSlice before, Slice after);
  /// subnet ← what a message makes of it.
  void unpack(Communicator& comm, ConstSlice message, Slice subnet);

 private:
  /// A matrix, or biases where `factors` is absent.
  struct Part {
    std::size_t offset, count, words;
    std::optional<LowRank> factors;
  };
  bool is_plain() const { return parts_.empty(); }

  std::vector<Part> parts_;  // none: parameters as they are
  std::size_t words_ = 0;
  std::optional<Scratch> message_, change_;
};

}  // namespace troupe::algorithms
