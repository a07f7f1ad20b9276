#include "sim/simgrid/accounting.hpp"

#include <algorithm>

#include "platforms/simgrid/way.hpp"

namespace troupe::sim::simgrid_world {

Accounting::Accounting(const std::vector<s4u::Host*>& host_of_rank)
    : host_of_rank_{host_of_rank}, ranks_(host_of_rank.size()) {
  for (std::size_t i = 0; i < ranks_.size(); ++i) ranks_[i].use.host = host_of_rank[i]->get_name();
}

void Accounting::advance(RankState& state, Seconds now) {
  if (state.has_ended) return;
  const Seconds passed = now - state.since;
  if (state.kernels > 0) state.use.computing += passed;
  else if (state.transfers > 0) state.use.communicating += passed;
  else state.use.waiting += passed;
  state.since = now;
}

std::size_t Accounting::pair_of(Rank from, Rank to) {
  const auto key = static_cast<std::uint64_t>(from) << 32 | static_cast<std::uint32_t>(to);
  if (const auto found = pair_index_.find(key); found != pair_index_.end()) return found->second;
  const auto host = [&](Rank rank) { return host_of_rank_[static_cast<std::size_t>(rank)]; };
  const platforms::HostWay way = platforms::way_between(*host(from), *host(to));
  pair_index_.emplace(key, pairs_.size());
  Pair pair{.from = from, .to = to, .first_link = static_cast<std::uint32_t>(route_links_.size())};
  for (const s4u::Link* link : way.links) {
    const auto [entry, new_link] =
        link_index_.try_emplace(link, static_cast<std::uint32_t>(links_.size()));
    if (new_link)
      links_.push_back({.use = {.name = link->get_name(), .bandwidth = {link->get_bandwidth()}}});
    route_links_.push_back(entry->second);
  }
  pair.links = static_cast<std::uint32_t>(route_links_.size()) - pair.first_link;
  pairs_.push_back(pair);
  return pairs_.size() - 1;
}

std::size_t Accounting::started(Rank from, Rank to, std::size_t bytes, Seconds now) {
  RankState& sender = ranks_[static_cast<std::size_t>(from)];
  if (sender.last_to != to) {
    sender.last_pair = pair_of(from, to);
    sender.last_to = to;
  }
  const std::size_t index = sender.last_pair;
  Pair& pair = pairs_[index];
  ++pair.messages;
  pair.bytes += bytes;
  for (const Rank rank : {from, to}) {
    RankState& state = ranks_[static_cast<std::size_t>(rank)];
    advance(state, now);
    ++state.transfers;
  }
  for (std::uint32_t i = 0; i < pair.links; ++i) {
    LinkState& link = links_[route_links_[pair.first_link + i]];
    if (link.flows++ == 0) link.since = now;
    link.use.most_flows = std::max(link.use.most_flows, link.flows);
    ++link.use.messages;
    link.use.bytes += Bytes{bytes};
  }
  return index;
}
void Accounting::broken_off(std::size_t index, Seconds now) {
  const Pair& pair = pairs_[index];
  for (const Rank rank : {pair.from, pair.to}) {
    RankState& state = ranks_[static_cast<std::size_t>(rank)];
    advance(state, now);
    --state.transfers;
  }
  for (std::uint32_t i = 0; i < pair.links; ++i) {
    LinkState& link = links_[route_links_[pair.first_link + i]];
    if (--link.flows == 0) link.use.busy += now - link.since;
  }
}
void Accounting::finished(std::size_t index, std::size_t bytes, Seconds now) {
  broken_off(index, now);
  const Pair& pair = pairs_[index];
  RankUse& sender = ranks_[static_cast<std::size_t>(pair.from)].use;
  RankUse& receiver = ranks_[static_cast<std::size_t>(pair.to)].use;
  ++sender.messages_sent;
  sender.bytes_sent += Bytes{bytes};
  ++receiver.messages_received;
  receiver.bytes_received += Bytes{bytes};
}

void Accounting::kernel_started(Rank rank, Flops flops, Seconds now) {
  RankState& state = ranks_[static_cast<std::size_t>(rank)];
  advance(state, now);
  ++state.kernels;
  ++state.use.kernels;
  state.use.flops += flops;
}
void Accounting::kernel_finished(Rank rank, Seconds now) {
  RankState& state = ranks_[static_cast<std::size_t>(rank)];
  advance(state, now);
  --state.kernels;
}
void Accounting::kernel_elided(Rank rank, Flops flops) {
  RankUse& use = ranks_[static_cast<std::size_t>(rank)].use;
  ++use.kernels;
  use.flops += flops;
}
void Accounting::ended(Rank rank, Seconds now) {
  RankState& state = ranks_[static_cast<std::size_t>(rank)];
  advance(state, now);
  state.use.end = now;
  state.has_ended = true;
}

RankUse Accounting::so_far(Rank rank, Seconds now) const {
  RankState state = ranks_[static_cast<std::size_t>(rank)];
  advance(state, now);
  return state.use;
}

std::vector<LinkUse> Accounting::links_so_far(Seconds now) const {
  std::vector<LinkUse> links;
  for (const LinkState& state : links_) {
    links.push_back(state.use);
    if (state.flows > 0) links.back().busy += now - state.since;
  }
  return links;
}

SimulationResult Accounting::result() const {
  SimulationResult result;
  for (const RankState& state : ranks_) {
    result.ranks.push_back(state.use);
    result.end = std::max(result.end, state.use.end);
  }
  for (const LinkState& state : links_) result.links.push_back(state.use);
  for (const Pair& pair : pairs_)
    result.traffic.push_back({pair.from, pair.to, pair.messages, Bytes{pair.bytes}});
  std::ranges::sort(result.traffic, {}, [](const Traffic& t) { return std::pair{t.from, t.to}; });
  return result;
}

}  // namespace troupe::sim::simgrid_world
