#pragma once
// In which order samples are visited: over all ranks (DistributedSampler) and within one shard
// (BatchSampler). Indices only; what the samples are is not known here.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.hpp"
#include "core/tag.hpp"

namespace troupe::algorithms {

/// The ranks share one permutation a epoch, as PyTorch's sampler of this name does: it is seeded by
/// seed + epoch, padded with its own beginning to ⌈N/P⌉·P, and rank r takes every P-th from the
/// r-th. So all ranks have equally many, and fewer than P samples are seen twice.
class DistributedSampler {
 public:
  /// EXPECTS 0 ≤ rank < ranks. Throws BadInput where there is no sample.
  DistributedSampler(std::size_t samples, Rank rank, int ranks, std::uint64_t seed);
  /// Starts epoch 0 at first. The same on all ranks, or they no longer share the permutation.
  void set_epoch(std::uint64_t epoch) { epoch_ = epoch; }
  /// ⌈N/P⌉, whatever the rank.
  std::size_t size() const { return (samples_ + ranks_ - 1) / ranks_; }
  /// This rank's samples in this epoch.
  std::vector<std::size_t> indices() const;

 private:
  std::size_t samples_, rank_, ranks_;
  std::uint64_t seed_, epoch_ = 0;
};

/// The orders a shard can be visited in.
extern const std::array<std::string, 4> sampling_orders;

/// Draws the batches of one shard, one after another, as positions within it.
///   with_replacement: each sample of a batch is drawn from the whole shard ·
///   epochs: a new permutation of the shard whenever the last one is used up ·
///   in_order: 0, 1, 2, …, and again from the beginning ·
///   distributed: this shard's part of a permutation of all samples, another one each epoch
///   (DistributedSampler); positions are those of all samples.
class BatchSampler {
 public:
  struct Options {
    std::string order = "with_replacement";
    std::size_t batch = 0;   ///< samples of a batch; 0 = the whole shard, undrawn, in its order
    bool drop_last = false;  ///< of an epoch: leave out the samples that fill no whole batch
    std::uint64_t seed = 1;  ///< a stream for each shard
    int shards = 1;          ///< of distributed
  };
  /// `samples` of the shard, or, where they are distributed, of all shards together. A batch larger
  /// than the shard is the shard, but with replacement it keeps its size. Throws BadInput: unknown
  /// order, no sample, drop_last that would drop everything.
  BatchSampler(const Options& options, std::size_t samples, int shard);

  /// The next batch. Valid until the next call.
  std::span<const std::size_t> next();
  /// How many samples the next batch will have.
  std::size_t next_size() const { return size_of(batches_, samples_); }
  /// How many batch number `batch` (from 0) of another shard with `samples` samples has, drawn with
  /// the same options.
  std::size_t size_of(std::int64_t batch, std::size_t samples) const;
  /// Batches of an epoch, at least 1; with replacement as many as samples fill, rounded up.
  std::size_t batches_per_epoch() const;
  /// Batches handed out since the start.
  std::int64_t batches() const { return batches_; }

 private:
  /// Batches of an epoch of so many samples.
  std::size_t batches_of(std::size_t samples) const;

  std::optional<DistributedSampler> dealer_;
  std::size_t samples_, batch_;  // of the shard; as in the options
  bool drawn_, shuffled_, drop_last_;
  SplitMix64 random_;
  std::vector<std::size_t> order_;  // of the epoch, or what was drawn
  std::size_t at_ = 0;              // the first of order_ that has not been handed out
  std::int64_t batches_ = 0;
};

}  // namespace troupe::algorithms
