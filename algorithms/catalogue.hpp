#pragma once
// The catalogue of collectives: every algorithm with its name, its costs and one uniform way to run
// it. Algorithms themselves are the functions in algorithms/<family>/; this is the table from a
// name to one of them.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/layout.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

enum class Collective : std::uint8_t {
  allreduce,
  reduce_scatter,
  allgather,
  broadcast,
  reduce,
  scatter,
  gather,
  all_to_all,
  all_to_all_v,
  barrier
};
std::string_view name_of(Collective) noexcept;
/// "allreduce", "reduce_scatter", …; also "alltoall", "bcast" and the like. Throws BadInput with
/// the nearest name.
Collective collective_named(std::string_view name);

/// Hockney's model with a price for reduction: n bytes sent cost α + nβ, n bytes reduced nγ.
struct AlphaBetaGamma {
  Seconds alpha{};
  double beta = 0;   ///< seconds per byte sent
  double gamma = 0;  ///< seconds per byte reduced
};

/// One call of a collective, as every rank describes it. M = count · size_of(dtype) is what
/// nccl-tests calls the size of the whole array: the vector of an allreduce, broadcast or reduce;
/// the total of an allgather, reduce-scatter, scatter or gather; the whole send buffer of an
/// all-to-all. Blocks are those of Partition{…, ranks}.
struct Problem {
  int ranks = 1;
  std::size_t count = 0;
  Dtype dtype = Dtype::float32;
  Op op = Op::sum;
  bool average = false;  ///< scale the sum by 1/ranks at the end
  Rank root = 0;
  int segments = 0;  ///< of pipelined algorithms; 0 = the best by the closed form, from `machine`
  int channels = 0;  ///< of multi-ring and double tree; 0 = layout.nics_per_node
  std::vector<int> radices{};  ///< of butterflies; empty = factors of ranks, largest first
  Layout layout{};
  AlphaBetaGamma machine{};  ///< for choices (segments, auto) only; never changes a result
  std::vector<std::size_t>
      counts{};  ///< of all_to_all_v: ranks × ranks, counts[from * ranks + to] values

  std::size_t bytes() const { return count * size_of(dtype); }
};

/// What one rank sends (the maximum over ranks), what all send, and the closed form of the time
/// without contention.
struct Cost {
  std::uint64_t messages = 0, bytes = 0;
  std::uint64_t total_messages = 0, total_bytes = 0;
  Seconds time{};
};

/// The buffers of one rank. In place where both are the same address and the collective allows it.
/// Sizes in values:
///   allreduce, reduce: input n, output n (reduce: root only) · broadcast: output n (root's is the
///   input) · reduce_scatter: input n, output block[rank] · allgather: input block[rank], output n
///   · scatter: input n (root only), output block[rank] · gather: input block[rank], output n (root
///   only) · all_to_all: input n, block i for rank i; output: one block of block[rank]'s size from
///   each rank, in order · all_to_all_v: likewise by counts · barrier: none.
struct Buffers {
  ConstSlice input;
  Slice output;
};

struct Entry {
  Collective collective;
  std::string_view name;     ///< "ring", "halving_doubling", …
  std::string_view family;   ///< the folder under algorithms/
  std::string_view summary;  ///< one line for a person
  std::string_view source;   ///< paper and section
  std::string_view formula;  ///< the closed form as text
  bool static_schedule;  ///< who sends what to whom depends on the Problem alone, never on data or
                         ///< timing
  /// Runs it. All ranks call it with the same problem.
  void (*run)(Communicator&, const Problem&, Buffers);
  Cost (*cost)(const Problem&, const AlphaBetaGamma&);
  /// Whether cost().time is what a contention-free, full-duplex one-port network takes, to
  /// rounding; else it is an estimate. Messages and bytes are always exact.
  bool (*exact)(const Problem&);
  /// Empty if it can serve the problem, else why not ("needs a power of two, 6 ranks given").
  std::string (*refusal)(const Problem&);
};

std::span<const Entry> catalogue();
std::vector<const Entry*> entries_of(Collective);
/// Throws BadInput with the nearest name of that collective.
const Entry& find_entry(Collective, std::string_view name);

/// The least time any algorithm can take: the way of one message, and the bytes that some rank must
/// send or receive (Chan et al. 2007), each alone a bound. Their ⌈log₂ P⌉ latencies, of ranks with
/// one message at a time, and their sums bound nothing here: a rank may have many messages under
/// way, and flows that compute beside each other.
struct LowerBound {
  Seconds latency{}, bandwidth{};
};
LowerBound lower_bound(Collective, const Problem&, const AlphaBetaGamma&);

/// busbw / algbw, as nccl-tests defines it.
double bus_factor(Collective, int ranks);

}  // namespace troupe::algorithms
