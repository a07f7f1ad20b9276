#include "algorithms/gossip/push_sum.hpp"

#include <bit>

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag share{0};

}  // namespace

PushPeers exponential_peers(Rank rank, std::int64_t round, int ranks) {
  EXPECTS(ranks > 1, "somebody to tell");
  const int hops = std::bit_width(static_cast<unsigned>(ranks - 1));  // ⌈log2 ranks⌉
  const int distance = 1 << (round % hops);
  return {{(rank + distance) % ranks}, {(rank + ranks - distance) % ranks}};
}

PushPeers graph_peers(const Graph& graph, Rank rank) {
  PushPeers peers;
  for (const Neighbour& listener : graph.listeners(rank)) peers.to.push_back(listener.rank);
  for (const Neighbour& neighbour : graph.neighbours(rank)) peers.from.push_back(neighbour.rank);
  return peers;
}

PushSum::PushSum(Communicator& comm, const TrainingProblem& problem, std::size_t size,
                 std::size_t most_heard)
    : comm_{comm}, size_{size}, both_{make_buffer(problem, size + 1)} {
  for (std::size_t j = 0; j < most_heard; ++j) heard_.push_back(make_buffer(problem, size + 1));
  compute(comm_, Fill{1, both_.slice().subslice(size_, 1)});
}

void PushSum::push(std::int64_t round, const PushPeers& peers) {
  EXPECTS(peers.from.size() <= heard_.size(), "room for all that is heard");
  compute(comm_, Scale{1 / static_cast<double>(1 + peers.to.size()), both_});
  WaitSet messages;
  for (std::size_t j = 0; j < peers.from.size(); ++j)
    messages.add(comm_.irecv(peers.from[j], share.at(round), heard_[j].slice()));
  for (const Rank to : peers.to) messages.add(comm_.isend(to, share.at(round), both_.slice()));
  wait_all(comm_, messages);
  for (std::size_t j = 0; j < peers.from.size(); ++j)
    compute(comm_, Reduce{Op::sum, both_, heard_[j]});
}

void PushSum::estimate(Slice z) const {
  const auto divide = [this, z] { run_on_host(Scale{1 / to_doubles(v())[0], z}); };
  compute(comm_, Copy{z, u()});
  compute(comm_, Opaque{.reads = {z, v()},
                        .writes = {z},
                        .work = {Flops{static_cast<double>(size_)}, Bytes{2 * z.size_bytes()}},
                        .body = divide});
}

}  // namespace troupe::algorithms
