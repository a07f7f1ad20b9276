#include "algorithms/data/shards.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>

#include "algorithms/choice.hpp"
#include "core/errors.hpp"

namespace troupe::algorithms {

const std::array<std::string, 3> partitions{"strided", "contiguous", "sorted"};

std::size_t shard_size(std::size_t samples, int shard, int shards) {
  EXPECTS(0 <= shard && shard < shards, "a shard is one of all shards");
  const auto n = static_cast<std::size_t>(shards);
  return samples / n + (static_cast<std::size_t>(shard) < samples % n ? 1 : 0);
}

std::vector<std::size_t> shard_of(std::string_view partition, std::span<const double> keys,
                                  int shard, int shards) {
  expect_choice("partition", partition, partitions);
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (partition == "sorted")
    std::ranges::stable_sort(order, {}, [&](std::size_t index) { return keys[index]; });

  const std::size_t size = shard_size(keys.size(), shard, shards);
  const auto me = static_cast<std::size_t>(shard), n = static_cast<std::size_t>(shards);
  const bool strided = partition == "strided";
  const std::size_t first = strided ? me : me * (keys.size() / n) + std::min(me, keys.size() % n);
  std::vector<std::size_t> mine(size);
  for (std::size_t i = 0; i < size; ++i) mine[i] = order[first + i * (strided ? n : 1)];
  return mine;
}

}  // namespace troupe::algorithms
