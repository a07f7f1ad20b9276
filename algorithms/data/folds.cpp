#include "algorithms/data/folds.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>

#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/data/draws.hpp"
#include "algorithms/data/shards.hpp"
#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

/// Holds back order[first, first + count).
Split holding_back(const std::vector<std::size_t>& order, std::size_t first, std::size_t count) {
  Split split;
  for (std::size_t i = 0; i < order.size(); ++i)
    (first <= i && i < first + count ? split.held_out : split.training).push_back(order[i]);
  std::ranges::sort(split.training);
  std::ranges::sort(split.held_out);
  return split;
}

}  // namespace

Split hold_out(std::size_t samples, double fraction, std::uint64_t seed) {
  if (!(fraction >= 0 && fraction < 1))
    throw BadInput("the held-out part of the samples is " + std::to_string(fraction) +
                   ", expected 0 or more and less than 1");
  const auto count =
      static_cast<std::size_t>(std::llround(fraction * static_cast<double>(samples)));
  if (count >= samples)
    throw BadInput("holding back " + std::to_string(count) + " of " + std::to_string(samples) +
                   " samples leaves none to train on");
  SplitMix64 random{seed};
  return holding_back(permutation(samples, random), 0, count);
}

std::vector<Split> k_folds(std::size_t samples, int folds, std::uint64_t seed) {
  if (folds < 2 || static_cast<std::size_t>(folds) > samples)
    throw BadInput(std::to_string(samples) + " samples cannot be judged in " +
                   std::to_string(folds) + " folds: expected from 2 to as many as samples");
  SplitMix64 random{seed};
  const std::vector<std::size_t> order = permutation(samples, random);
  std::vector<Split> splits;
  std::size_t first = 0;
  for (int fold = 0; fold < folds; ++fold) {
    const std::size_t count = shard_size(samples, fold, folds);
    splits.push_back(holding_back(order, first, count));
    first += count;
  }
  return splits;
}

bool holds_out(const DataChoice& data) { return data.folds > 0 || data.held_out > 0; }

Split split_of(const DataChoice& data, std::size_t samples) {
  if (!holds_out(data)) {
    Split all{.training = std::vector<std::size_t>(samples), .held_out = {}};
    std::iota(all.training.begin(), all.training.end(), std::size_t{0});
    return all;
  }
  if (data.folds == 0) return hold_out(samples, data.held_out, data.seed);
  if (data.fold < 0 || data.fold >= data.folds)
    throw BadInput("fold " + std::to_string(data.fold) + " is none of " +
                   std::to_string(data.folds) + ": they are 0 to " +
                   std::to_string(data.folds - 1));
  return k_folds(samples, static_cast<int>(data.folds),
                 data.seed)[static_cast<std::size_t>(data.fold)];
}

std::vector<double> cross_validate(Communicator& comm, int folds,
                                   const std::function<double(int fold)>& score) {
  std::vector<double> scores(static_cast<std::size_t>(folds), 0);
  for (int fold = comm.rank(); fold < folds; fold += comm.size())
    scores[static_cast<std::size_t>(fold)] = score(fold);
  binomial_allreduce(comm, std::span{scores}, Op::sum);
  return scores;
}

}  // namespace troupe::algorithms
