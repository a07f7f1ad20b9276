#include "sim/loggp/counters.hpp"

#include <algorithm>
#include <limits>

namespace troupe::sim::loggp {

namespace {

/// Up to so many ranks all pairs are remembered; reports fold the traffic of more into so many
/// groups (analysis/report.hpp).
constexpr int most_ranks_in_full = 4096, groups = 256;
constexpr std::size_t pairs_of_many = 64;

}  // namespace

Counters::Counters(int ranks, const std::vector<Port>& ports)
    : ports_{ports},
      group_{ranks > most_ranks_in_full ? (ranks + groups - 1) / groups : 1},
      most_pairs_{group_ > 1 ? pairs_of_many : std::numeric_limits<std::size_t>::max()},
      sent_(static_cast<std::size_t>(ranks)),
      received_(static_cast<std::size_t>(ranks)),
      through_(ports.size()) {}

void Counters::count(Rank from, const Pairs& pairs, const PairPool& pool) {
  pairs.for_each(pool, [&](const Pair& pair) {
    sent_[static_cast<std::size_t>(from)].add(pair);
    received_[static_cast<std::size_t>(pair.to)].add(pair);
    add(pair, through_);
    const auto key = static_cast<std::uint64_t>(from / group_ * group_) << 32 |
                     static_cast<std::uint64_t>(pair.to / group_ * group_);
    traffic_[key].add(pair);
  });
}

std::vector<LinkUse> Counters::links_of(const std::vector<Sums>& through) const {
  std::vector<LinkUse> links;
  for (std::size_t i = 0; i < through.size(); ++i) {
    const auto& [messages, bytes] = through[i];
    if (messages == 0) continue;
    links.push_back({.name = ports_[i].name,
                     .bandwidth = ports_[i].bandwidth,
                     .messages = messages,
                     .bytes = Bytes{bytes},
                     .busy = Bytes{bytes} / ports_[i].bandwidth,
                     .most_flows = 1});
  }
  return links;
}

void Counters::write(SimulationResult& result) const {
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    result.ranks[i].messages_sent = sent_[i].messages;
    result.ranks[i].bytes_sent = Bytes{sent_[i].bytes};
    result.ranks[i].messages_received = received_[i].messages;
    result.ranks[i].bytes_received = Bytes{received_[i].bytes};
  }
  result.links = links_of(through_);
  for (const auto& [key, sums] : traffic_)
    result.traffic.push_back({.from = static_cast<Rank>(key >> 32),
                              .to = static_cast<Rank>(key & 0xFFFFFFFF),
                              .messages = sums.messages,
                              .bytes = Bytes{sums.bytes}});
  std::ranges::sort(result.traffic, {}, [](const Traffic& t) { return std::pair{t.from, t.to}; });
}

}  // namespace troupe::sim::loggp
