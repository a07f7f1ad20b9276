#pragma once
// Who holds which sample. Every partition is a disjoint cover: each sample is in one shard. None of
// them leaves a shard empty: what cannot be cut is BadInput, naming the rank that would go hungry.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/data/dataset.hpp"

namespace troupe::algorithms {

/// The names of the partitions there are; dirichlet is written with its parameter, "dirichlet:0.5".
extern const std::array<std::string, 6> partitions;

/// What a partition looks at, as far as it needs it.
struct PartitionInput {
  std::size_t count = 0;
  std::span<const double> keys{};          ///< of each sample, for sorted
  std::span<const std::int32_t> labels{};  ///< of each sample, for dirichlet
  std::span<const double> speeds{};        ///< of each shard, for by_speed; above 0
  std::uint64_t seed = 1;                  ///< for shuffled and dirichlet
};

/// The indices of the samples of every shard.
///   contiguous: blocks of neighbours · strided: sample n to shard n mod shards ·
///   shuffled: blocks of a random permutation · sorted: blocks in the order of the keys, ties by
///   index: shards as unlike as can be. Of these the sizes differ by one at most, the first
///   (count mod shards) shards being the longer ones.
///   by_speed: blocks of neighbours with sizes in proportion to the speeds (largest remainder).
///   dirichlet:A: of each class the shards get parts drawn from Dirichlet(A, …, A): few classes a
///   shard for A near 0, like shards for a large A (Hsu, Qi and Brown 2019, §3).
/// Throws BadInput: unknown name (with the nearest), A not above 0, what the partition needs and
/// the samples lack, more shards than samples, an empty shard.
std::vector<std::vector<std::size_t>> shards_of(std::string_view partition,
                                                const PartitionInput& samples, int shards);

/// The same with keys and labels of the data.
std::vector<std::vector<std::size_t>> shards_of(std::string_view partition, const Dataset& data,
                                                int shards, std::uint64_t seed,
                                                std::span<const double> speeds = {});

/// One shard of samples of which nothing but keys is known, 0 ≤ shard < shards.
std::vector<std::size_t> shard_of(std::string_view partition, std::span<const double> keys,
                                  int shard, int shards, std::uint64_t seed);

/// How many of `samples` are in `shard`, 0 ≤ shard < shards, by the partitions of equal sizes.
std::size_t shard_size(std::size_t samples, int shard, int shards);

/// Why this names no partition, or empty.
std::string refusal_of_partition(std::string_view partition);

/// Sizes in proportion to the weights that add up to `samples`: each weight's share rounded down,
/// and one more for those with the largest remainders, ties by index. EXPECTS weights of at least 0
/// whose sum is above 0.
std::vector<std::size_t> proportional_sizes(std::size_t samples, std::span<const double> weights);

/// The shard that worker `worker` of `workers` sees in a round when the shards go round: after
/// `workers` rounds every worker has seen every shard once.
int rotated_shard(int worker, std::int64_t round, int workers);

}  // namespace troupe::algorithms
