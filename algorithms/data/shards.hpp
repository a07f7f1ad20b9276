#pragma once
// Who holds which sample. Every partition is a disjoint cover whose shards differ by at most one
// sample in size, the first (samples mod shards) being the longer ones.

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::algorithms {

/// The names of the partitions there are.
extern const std::array<std::string, 3> partitions;

/// How many of `samples` are in `shard`, 0 ≤ shard < shards, by any partition.
std::size_t shard_size(std::size_t samples, int shard, int shards);

/// The indices of the samples in `shard`. `keys` has one value for each sample, of which only
/// "sorted" takes notice.
///   strided: those n with n mod shards = shard · contiguous: a block of neighbours ·
///   sorted: a block of neighbours in the order of their keys, ties by index: shards as unlike as
///   can be. Throws BadInput with the nearest name for any other.
std::vector<std::size_t> shard_of(std::string_view partition, std::span<const double> keys,
                                  int shard, int shards);

}  // namespace troupe::algorithms
