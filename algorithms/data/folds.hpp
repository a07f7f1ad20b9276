#pragma once
// Which samples are kept back from training, to judge what was learnt: once, or each in turn.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// A division of samples by index, each in ascending order.
struct Split {
  std::vector<std::size_t> training, held_out;
};

/// Holds back round(fraction · samples), chosen at random. Throws BadInput unless 0 ≤ fraction < 1
/// and a sample is left to train on.
Split hold_out(std::size_t samples, double fraction, std::uint64_t seed);

/// K-fold cross-validation (Stone 1974): every sample is held out in exactly one of the folds,
/// whose sizes differ by one at most. Throws BadInput unless 2 ≤ folds ≤ samples.
std::vector<Split> k_folds(std::size_t samples, int folds, std::uint64_t seed);

/// What a run of this data trains on and keeps back: one of its folds, its held-out share, or
/// nothing. Throws BadInput as hold_out and k_folds do, and for a fold that is none.
Split split_of(const DataChoice& data, std::size_t samples);
/// Whether it keeps any back.
bool holds_out(const DataChoice& data);

/// The score of each of so many folds, on every rank. Rank r judges the folds r, r + P, …, and one
/// allreduce of a double for each fold brings them together; as every score is computed in one
/// place, they do not depend on the number of ranks.
std::vector<double> cross_validate(Communicator& comm, int folds,
                                   const std::function<double(int fold)>& score);

}  // namespace troupe::algorithms
