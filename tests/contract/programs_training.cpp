// Synchronous training in small: what the families of algorithms will ask of the port.

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <vector>

#include "contract/contract.hpp"
#include "core/random.hpp"

namespace troupe::contract {

namespace {

constexpr Tag ready_tag = Tag::open(1), data{2}, size_tag{3}, order_tag{4};
using Values = std::vector<std::int32_t>;

/// Backward passes produce one bucket after the other, last layer first; each bucket is reduced in
/// a flow of its own while the next one is computed.
void overlaps_bucket_allreduces(Communicator& comm) {
  constexpr std::size_t buckets = 6, length = 1000;
  constexpr int steps = 3;
  Values gradient(buckets * length), weights(buckets * length, 0);
  const Slice whole{std::span{gradient}};
  for (int step = 0; step < steps; ++step) {
    WaitSet reductions;
    for (std::size_t bucket = buckets; bucket-- > 0;) {
      const Slice part = whole.subslice(bucket * length, length);
      const double produced = (comm.rank() + 1) * (step + 1) + static_cast<double>(bucket);
      compute(comm, Fill{produced, part});
      reductions.put(bucket, comm.spawn([part](Communicator& flow) {
        ring_sum(flow, part.host<std::int32_t>());
      }));
    }
    while (!reductions.empty()) {
      const std::size_t bucket = comm.wait_any(reductions)->index;
      compute(comm, Axpy{1, whole.subslice(bucket * length, length),
                         Slice{std::span{weights}}.subslice(bucket * length, length)});
    }
  }
  const int n = comm.size(), sum_of_steps = steps * (steps + 1) / 2;
  for (std::size_t i = 0; i < weights.size(); ++i)
    check_equal(weights[i],
                n * (n + 1) / 2 * sum_of_steps + n * steps * static_cast<int>(i / length),
                "buckets that are reduced at the same time do not mix");
}

/// Every rank gets its tensors ready in an order of its own; rank 0 collects what is ready where
/// and decides in which order all reduce (as Horovod's coordinator does).
void negotiates_names(Communicator& comm) {
  constexpr int names = 12;
  const int n = comm.size();
  std::array<int, names> order{};
  std::iota(order.begin(), order.end(), 0);
  SplitMix64 random = SplitMix64::of_rank(7, comm.rank());
  for (int i = names - 1; i > 0; --i)
    std::swap(order[static_cast<std::size_t>(i)],
              order[random.below(static_cast<std::uint64_t>(i) + 1)]);

  WaitSet announced;
  for (int& name : order) announced.add(comm.isend(0, ready_tag, value(name)));
  // All ranks spawn it, because flows find each other by the order of spawning; only rank 0's
  // works.
  Request coordinator = comm.spawn([&comm, n](Communicator& flow) {
    if (flow.rank() != 0) return;
    std::array<int, names> ranks_ready{};
    for (int i = 0; i < names * n; ++i) {
      int name = -1;
      receive(flow, any_rank, ready_tag.in(comm.context()), value(name));
      if (++ranks_ready[static_cast<std::size_t>(name)] < n) continue;
      for (Rank to = 0; to < n; ++to) send(flow, to, order_tag.in(comm.context()), value(name));
    }
  });

  Values values(names), decided;
  std::iota(values.begin(), values.end(), 100 * comm.rank());
  WaitSet reductions;
  for (int i = 0; i < names; ++i) {
    int name = -1;
    receive(comm, 0, order_tag, value(name));
    decided.push_back(name);
    reductions.add(comm.spawn([&values, name](Communicator& flow) {
      ring_sum(flow, std::span{values}.subspan(static_cast<std::size_t>(name), 1));
    }));
  }
  wait_all(comm, reductions);
  wait_all(comm, announced);
  wait(comm, std::move(coordinator));
  for (int name = 0; name < names; ++name)
    check_equal(values[static_cast<std::size_t>(name)], n * name + 100 * n * (n - 1) / 2,
                "a named reduction meets its own name on every rank");
  std::ranges::sort(decided);
  for (int name = 0; name < names; ++name)
    check_equal(decided[static_cast<std::size_t>(name)], name, "every name is decided once");
}

/// Nobody knows what it will get: sizes first, then blocks, none of them equal, some empty.
void exchanges_blocks_of_unknown_sizes(Communicator& comm) {
  const int n = comm.size();
  const auto count_of = [](Rank from, Rank to) {
    return static_cast<std::size_t>((from * 7 + to * 3) % 5 * 11);
  };
  const auto at = [](Rank rank) { return static_cast<std::size_t>(rank); };
  std::vector<Values> out(at(n)), in(at(n));
  std::vector<std::uint32_t> out_sizes(at(n)), in_sizes(at(n));
  WaitSet sizes;
  for (Rank other = 0; other < n; ++other) {
    out[at(other)].assign(count_of(comm.rank(), other), 1000 * comm.rank() + other);
    out_sizes[at(other)] = static_cast<std::uint32_t>(out[at(other)].size());
    sizes.put(at(other), comm.irecv(other, size_tag, value(in_sizes[at(other)])));
    sizes.put(at(n + other), comm.isend(other, size_tag, value(out_sizes[at(other)])));
  }
  WaitSet blocks;
  while (!sizes.empty()) {
    const std::size_t index = comm.wait_any(sizes)->index;
    if (index >= at(n)) continue;
    in[index].resize(in_sizes[index]);
    blocks.put(index, comm.irecv(static_cast<Rank>(index), data, std::span{in[index]}));
  }
  for (Rank other = 0; other < n; ++other)
    blocks.put(at(n + other), comm.isend(other, data, std::span{out[at(other)]}));
  wait_all(comm, blocks);
  for (Rank other = 0; other < n; ++other)
    check(in[at(other)] == Values(count_of(other, comm.rank()), 1000 * other + comm.rank()),
          "blocks of sizes that were unknown before arrive whole");
}

/// Recursive doubling on a power of two, with partners that change every step.
void sums_by_recursive_doubling(Communicator& comm) {
  Values mine(64), theirs(64);
  std::iota(mine.begin(), mine.end(), comm.rank());
  for (int distance = 1; distance < comm.size(); distance *= 2) {
    const Rank peer = comm.rank() ^ distance;
    exchange(comm, data.at(distance), std::span{mine}, peer, std::span{theirs}, peer);
    compute(comm, Reduce{Op::sum, std::span{mine}, std::span{theirs}});
  }
  const int n = comm.size();
  for (int i = 0; i < 64; ++i)
    check_equal(mine[static_cast<std::size_t>(i)], n * i + n * (n - 1) / 2,
                "a butterfly of exchanges sums over all ranks");
}

/// A pipeline: segments flow through all ranks, the next one while the last is still travelling.
void pipelines_segments(Communicator& comm) {
  constexpr int segments = 20;
  constexpr std::size_t length = 100;
  const Rank me = comm.rank(), last = comm.size() - 1;
  Values buffer(segments * length, me == 0 ? 1 : -1);
  const auto segment = [&](int i) {
    return std::span{buffer}.subspan(static_cast<std::size_t>(i) * length, length);
  };
  WaitSet sends, receives;
  for (int i = 0; me > 0 && i < segments; ++i)
    receives.put(static_cast<std::size_t>(i), comm.irecv(me - 1, data, segment(i)));
  for (int i = 0; i < segments; ++i) {
    if (me > 0)
      check_equal(comm.wait_any(receives)->index, static_cast<std::size_t>(i),
                  "segments of one sender complete in order");
    compute(comm, Axpy{1, std::span<const std::int32_t>{segment(i)}, segment(i)});
    if (me < last) sends.add(comm.isend(me + 1, data, segment(i)));
  }
  wait_all(comm, sends);
  check(buffer == Values(buffer.size(), 1 << (me + 1)), "every stage doubled every segment");
}

constexpr Bytes none{0}, some{4096};
constexpr ContractCase table[] = {
    {"OverlapsBucketAllreducesWithTheBackwardPass", 4, none, false, overlaps_bucket_allreduces},
    {"OverlapsEagerBucketAllreducesWithTheBackwardPass", 3, some, false,
     overlaps_bucket_allreduces},
    {"NegotiatesNamedReductionsInRandomOrder", 4, none, false, negotiates_names},
    {"NegotiatesNamedReductionsInRandomOrderEagerly", 3, some, false, negotiates_names},
    {"ExchangesBlocksOfUnknownSizes", 4, none, false, exchanges_blocks_of_unknown_sizes},
    {"ExchangesBlocksOfUnknownSizesEagerly", 3, some, false, exchanges_blocks_of_unknown_sizes},
    {"SumsByRecursiveDoubling", 4, none, false, sums_by_recursive_doubling},
    {"PipelinesSegmentsThroughAllRanks", 4, none, false, pipelines_segments},
};

}  // namespace

std::span<const ContractCase> training_cases() { return table; }

}  // namespace troupe::contract
