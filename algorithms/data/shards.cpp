#include "algorithms/data/shards.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "algorithms/choice.hpp"
#include "algorithms/data/draws.hpp"
#include "core/errors.hpp"

namespace troupe::algorithms {

const std::array<std::string, 6> partitions{"strided", "contiguous", "shuffled",
                                            "sorted",  "dirichlet",  "by_speed"};

namespace {

using Indices = std::vector<std::size_t>;

/// "dirichlet:0.5" is the name and the parameter; other names have none.
struct Named {
  std::string_view name;
  double concentration = 0;
};

/// Throws BadInput.
Named parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  const Named plain{text.substr(0, colon)};
  expect_choice("partition", plain.name, partitions);
  if (plain.name != "dirichlet") {
    if (colon == text.npos) return plain;
    throw BadInput("partition \"" + std::string{text} + "\": " + std::string{plain.name} +
                   " takes no parameter");
  }
  const std::string_view number = colon == text.npos ? "" : text.substr(colon + 1);
  Named named{plain};
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), named.concentration);
  if (error != std::errc{} || end != number.data() + number.size() ||
      !(named.concentration > 0 && std::isfinite(named.concentration)))
    throw BadInput("partition \"" + std::string{text} +
                   "\": expected dirichlet:A with a number A above 0, as in dirichlet:0.5");
  return named;
}

/// The order cut into blocks of these sizes.
std::vector<Indices> blocks(const Indices& order, std::span<const std::size_t> sizes) {
  std::vector<Indices> shards;
  auto at = order.begin();
  for (const std::size_t size : sizes) {
    shards.emplace_back(at, at + static_cast<std::ptrdiff_t>(size));
    at += static_cast<std::ptrdiff_t>(size);
  }
  return shards;
}

std::vector<Indices> strided(std::size_t count, std::size_t n) {
  std::vector<Indices> shards(n);
  for (std::size_t i = 0; i < count; ++i) shards[i % n].push_back(i);
  return shards;
}

/// Class by class: its samples in random order, cut by one draw of Dirichlet(a). Each shard keeps
/// its samples in the order of the data.
std::vector<Indices> dirichlet_shards(double a, const PartitionInput& samples, std::size_t n) {
  std::vector<Indices> of_class, shards(n);
  for (std::size_t i = 0; i < samples.count; ++i) {
    const auto label = static_cast<std::size_t>(samples.labels[i]);
    if (of_class.size() <= label) of_class.resize(label + 1);
    of_class[label].push_back(i);
  }
  SplitMix64 random{samples.seed};
  for (Indices& members : of_class) {
    shuffle(members, random);
    const auto sizes = proportional_sizes(members.size(), dirichlet(a, n, random));
    const std::vector<Indices> parts = blocks(members, sizes);
    for (std::size_t shard = 0; shard < n; ++shard)
      shards[shard].insert(shards[shard].end(), parts[shard].begin(), parts[shard].end());
  }
  for (Indices& shard : shards) std::ranges::sort(shard);
  return shards;
}

void expect_speeds(std::span<const double> speeds, std::size_t n) {
  if (speeds.size() != n)
    throw BadInput("partition \"by_speed\" needs the speed of each of " + std::to_string(n) +
                   " ranks (compute.speed), " + std::to_string(speeds.size()) + " given");
  for (std::size_t rank = 0; rank < n; ++rank)
    if (!(speeds[rank] > 0 && std::isfinite(speeds[rank])))
      throw BadInput("partition \"by_speed\": the speed of rank " + std::to_string(rank) + " is " +
                     std::to_string(speeds[rank]) + ", expected a number above 0");
}

std::vector<Indices> cut(std::string_view partition, const PartitionInput& samples, std::size_t n) {
  const auto [name, concentration] = parse(partition);
  if (name == "strided") return strided(samples.count, n);
  if (name == "dirichlet") {
    if (samples.labels.size() != samples.count)
      throw BadInput("partition \"" + std::string{partition} +
                     "\" deals out classes, and this data has none");
    return dirichlet_shards(concentration, samples, n);
  }
  Indices order(samples.count), sizes;
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (name == "by_speed") {
    expect_speeds(samples.speeds, n);
    return blocks(order, proportional_sizes(samples.count, samples.speeds));
  }
  if (name == "shuffled") {
    SplitMix64 random{samples.seed};
    shuffle(order, random);
  } else if (name == "sorted") {
    EXPECTS(samples.keys.size() == samples.count, "sorted needs a key of each sample");
    std::ranges::stable_sort(order, {}, [&](std::size_t index) { return samples.keys[index]; });
  }
  const auto shards = static_cast<int>(n);
  for (int shard = 0; shard < shards; ++shard)
    sizes.push_back(shard_size(samples.count, shard, shards));
  return blocks(order, sizes);
}

}  // namespace

std::vector<Indices> shards_of(std::string_view partition, const PartitionInput& samples,
                               int shards) {
  EXPECTS(shards > 0, "there is one shard at least");
  if (samples.count < static_cast<std::size_t>(shards))
    throw BadInput(std::to_string(samples.count) + " samples cannot be cut into " +
                   std::to_string(shards) + " shards: rank " + std::to_string(samples.count) +
                   " would have none");
  auto all = cut(partition, samples, static_cast<std::size_t>(shards));
  const auto empty = std::ranges::find_if(all, &Indices::empty);
  if (empty != all.end())
    throw BadInput("partition \"" + std::string{partition} + "\" leaves rank " +
                   std::to_string(empty - all.begin()) + " of " + std::to_string(shards) +
                   " without any of the " + std::to_string(samples.count) + " samples: take " +
                   (partition == "by_speed"
                        ? "speeds nearer to each other, more samples or fewer ranks"
                        : "a larger parameter, more samples, fewer ranks or another seed"));
  return all;
}

std::vector<Indices> shards_of(std::string_view partition, const Dataset& data, int shards,
                               std::uint64_t seed, std::span<const double> speeds) {
  const std::vector<double> keys =
      partition == "sorted" ? sorting_keys(data) : std::vector<double>{};
  return shards_of(partition,
                   PartitionInput{.count = data.samples,
                                  .keys = keys,
                                  .labels = data.labels,
                                  .speeds = speeds,
                                  .seed = seed},
                   shards);
}

Indices shard_of(std::string_view partition, std::span<const double> keys, int shard, int shards,
                 std::uint64_t seed) {
  EXPECTS(0 <= shard && shard < shards, "a shard is one of all shards");
  return shards_of(partition, PartitionInput{.count = keys.size(), .keys = keys, .seed = seed},
                   shards)[static_cast<std::size_t>(shard)];
}

std::size_t shard_size(std::size_t samples, int shard, int shards) {
  EXPECTS(0 <= shard && shard < shards, "a shard is one of all shards");
  const auto n = static_cast<std::size_t>(shards);
  return samples / n + (static_cast<std::size_t>(shard) < samples % n ? 1 : 0);
}

std::string refusal_of_partition(std::string_view partition) {
  try {
    parse(partition);
    return {};
  } catch (const BadInput& error) {
    return error.what();
  }
}

std::vector<std::size_t> proportional_sizes(std::size_t samples, std::span<const double> weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  EXPECTS(sum > 0 && std::ranges::all_of(weights, [](double weight) { return weight >= 0; }),
          "sizes are in proportion to weights");
  std::vector<std::size_t> sizes(weights.size()), order(weights.size());
  std::vector<double> remainders(weights.size());
  std::size_t left = samples;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double exact = static_cast<double>(samples) * (weights[i] / sum);
    sizes[i] = std::min(left, static_cast<std::size_t>(exact));
    remainders[i] = exact - std::floor(exact);
    left -= sizes[i];
  }
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return remainders[i]; });
  for (std::size_t i = 0; i < left; ++i) ++sizes[order[i % order.size()]];
  return sizes;
}

int rotated_shard(int worker, std::int64_t round, int workers) {
  EXPECTS(0 <= worker && worker < workers && round >= 0, "a worker is one of all workers");
  return static_cast<int>((worker + round) % workers);
}

}  // namespace troupe::algorithms
