#pragma once
// Which samples are kept back from training, to judge what was learnt: once, or each in turn.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

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

/// The score of each fold, on every rank. Rank r judges the folds r, r + P, …, and one allreduce of
/// a double for each fold brings them together; as every score is computed in one place, they do
/// not depend on the number of ranks.
std::vector<double> cross_validate(Communicator& comm, const std::vector<Split>& folds,
                                   const std::function<double(const Split&)>& score);

}  // namespace troupe::algorithms
