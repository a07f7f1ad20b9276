#include "algorithms/catalogue.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "algorithms/all_to_all/all_to_all.hpp"
#include "algorithms/allgather/allgather.hpp"
#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/allreduce/kylix.hpp"
#include "algorithms/barrier/barrier.hpp"
#include "algorithms/broadcast/broadcast.hpp"
#include "algorithms/cost/cost.hpp"
#include "algorithms/gather/gather.hpp"
#include "algorithms/in_place.hpp"
#include "algorithms/reduce/reduce.hpp"
#include "algorithms/reduce_scatter/reduce_scatter.hpp"
#include "algorithms/scatter/scatter.hpp"
#include "algorithms/selection.hpp"
#include "core/text.hpp"

namespace troupe::algorithms {

namespace {

constexpr std::array<std::string_view, 10> collective_names{
    "allreduce", "reduce_scatter", "allgather",  "broadcast",    "reduce",
    "scatter",   "gather",         "all_to_all", "all_to_all_v", "barrier"};

// ---- one uniform way to run: each adapter checks the buffers and adds what Problem asks for

using Run = void (*)(Communicator&, const Problem&, Buffers);

void expect_sizes(std::size_t input, std::size_t wanted_input, std::size_t output,
                  std::size_t wanted_output) {
  EXPECTS(input == wanted_input, "the input has the size that the collective gives it");
  EXPECTS(output == wanted_output, "the output has the size that the collective gives it");
}
std::size_t block_size(const Communicator& comm, const Problem& problem) {
  return cost::blocks(problem.count, comm.size()).size_of_block(comm.rank());
}
void average(Communicator& comm, const Problem& problem, Slice reduced) {
  if (problem.average) compute(comm, Scale{1.0 / problem.ranks, reduced});
}

template <auto algorithm>
void run_allreduce(Communicator& comm, const Problem& problem, Buffers buffers) {
  expect_sizes(buffers.input.size(), problem.count, buffers.output.size(), problem.count);
  bring(comm, buffers.input, buffers.output);
  algorithm(comm, buffers.output, problem);
  average(comm, problem, buffers.output);
}
template <auto algorithm>
void run_reduce_scatter(Communicator& comm, const Problem& problem, Buffers buffers) {
  expect_sizes(buffers.input.size(), problem.count, buffers.output.size(),
               block_size(comm, problem));
  algorithm(comm, buffers.input, buffers.output, problem.op);
  average(comm, problem, buffers.output);
}
template <auto algorithm>
void run_allgather(Communicator& comm, const Problem& problem, Buffers buffers) {
  expect_sizes(buffers.input.size(), block_size(comm, problem), buffers.output.size(),
               problem.count);
  algorithm(comm, buffers.input, buffers.output);
}
template <auto algorithm>
void run_broadcast(Communicator& comm, const Problem& problem, Buffers buffers) {
  EXPECTS(buffers.output.size() == problem.count, "the output of a broadcast is the vector");
  algorithm(comm, buffers.output, problem);
}
template <auto algorithm>
void run_reduce(Communicator& comm, const Problem& problem, Buffers buffers) {
  const bool is_root = comm.rank() == problem.root;
  EXPECTS(buffers.input.size() == problem.count, "the input of a reduce is the vector");
  EXPECTS(!is_root || buffers.output.size() == problem.count,
          "the root's output of a reduce is the vector");
  algorithm(comm, buffers.input, buffers.output, problem.op, problem.root);
  if (is_root) average(comm, problem, buffers.output);
}
template <auto algorithm>
void run_scatter(Communicator& comm, const Problem& problem, Buffers buffers) {
  EXPECTS(comm.rank() != problem.root || buffers.input.size() == problem.count,
          "the root's input of a scatter is the vector");
  EXPECTS(buffers.output.size() == block_size(comm, problem), "the output of a scatter is a block");
  algorithm(comm, buffers.input, buffers.output, problem.count, problem.root);
}
template <auto algorithm>
void run_gather(Communicator& comm, const Problem& problem, Buffers buffers) {
  EXPECTS(buffers.input.size() == block_size(comm, problem), "the input of a gather is a block");
  EXPECTS(comm.rank() != problem.root || buffers.output.size() == problem.count,
          "the root's output of a gather is the vector");
  algorithm(comm, buffers.input, buffers.output, problem.count, problem.root);
}
template <auto algorithm>
void run_all_to_all(Communicator& comm, const Problem& problem, Buffers buffers) {
  expect_sizes(buffers.input.size(), problem.count, buffers.output.size(),
               block_size(comm, problem) * static_cast<std::size_t>(comm.size()));
  EXPECTS(buffers.input.is_phantom() || buffers.input.empty() ||
              buffers.input.address() != buffers.output.address(),
          "an all-to-all is not in place");
  algorithm(comm, buffers.input, buffers.output);
}
void run_all_to_all_v(Communicator& comm, const Problem& problem, Buffers buffers) {
  all_to_all_v(comm, buffers.input, buffers.output, problem.counts);
}
void run_barrier(Communicator& comm, const Problem&, Buffers) { dissemination_barrier(comm); }

/// An allreduce that needs to know nothing but vector and operation.
template <void (*algorithm)(Communicator&, Slice, Op)>
constexpr Run plain_allreduce =
    run_allreduce<[](Communicator& comm, Slice vector, const Problem& problem) {
      algorithm(comm, vector, problem.op);
    }>;
/// One that goes by radices.
template <void (*algorithm)(Communicator&, Slice, Op, std::span<const int>)>
constexpr Run butterfly_like =
    run_allreduce<[](Communicator& comm, Slice vector, const Problem& problem) {
      algorithm(comm, vector, problem.op, cost::radices(problem));
    }>;
template <void (*algorithm)(Communicator&, Slice, Rank)>
constexpr Run plain_broadcast =
    run_broadcast<[](Communicator& comm, Slice vector, const Problem& problem) {
      algorithm(comm, vector, problem.root);
    }>;

// ---- why a problem cannot be served

std::string common_refusal(const Problem& problem) {
  if (problem.ranks < 1) return "needs at least one rank";
  if (problem.root < 0 || problem.root >= problem.ranks)
    return "the root must be one of " + std::to_string(problem.ranks) + " ranks, " +
           std::to_string(problem.root) + " given";
  if (problem.segments < 0 || problem.channels < 0)
    return "segments and channels are positive, or 0 for the best";
  return complaint(problem.layout, problem.ranks);
}
std::string reduction_refusal(const Problem& problem) {
  if (!has_arithmetic(problem.dtype))
    return std::string{name_of(problem.dtype)} + " has no arithmetic: cast to float32 to reduce";
  return common_refusal(problem);
}
std::string butterfly_refusal(const Problem& problem) {
  if (auto refusal = reduction_refusal(problem); !refusal.empty()) return refusal;
  long long product = 1;
  for (int radix : problem.radices) {
    if (radix < 2) return "radices are at least 2";
    product = std::min(product * radix, 1LL << 40);
  }
  if (problem.radices.empty() || (product <= problem.ranks && 2 * product >= problem.ranks))
    return "";
  return "the product of the radices must be at most the number of ranks, " +
         std::to_string(problem.ranks) + ", and at least half of it, " + std::to_string(product) +
         " given";
}
std::string kylix_refusal(const Problem& problem) {
  if (auto refusal = butterfly_refusal(problem); !refusal.empty()) return refusal;
  const std::vector<int> stages = cost::radices(problem);
  if (MixedRadix{stages}.ranks() != problem.ranks)
    return "the product of the radices must be the number of ranks, " +
           std::to_string(problem.ranks);
  return "";
}
std::string hierarchical_refusal(const Problem& problem) {
  if (auto refusal = reduction_refusal(problem); !refusal.empty()) return refusal;
  const auto nodes = ranks_by_node(problem.layout, problem.ranks);
  for (const auto& node : nodes)
    if (node.size() != nodes.front().size())
      return "needs as many ranks on every node, " + std::to_string(nodes.front().size()) +
             " and " + std::to_string(node.size()) + " given";
  return "";
}
std::string torus_refusal(const Problem& problem) {
  if (auto refusal = reduction_refusal(problem); !refusal.empty()) return refusal;
  if (problem.layout.grid.size() > 16) return "a grid has at most 16 dimensions";
  return "";
}
std::string all_to_all_v_refusal(const Problem& problem) {
  const auto n = static_cast<std::size_t>(std::max(problem.ranks, 0));
  if (problem.counts.size() != n * n)
    return "needs ranks x ranks counts, " + std::to_string(n * n) + ", " +
           std::to_string(problem.counts.size()) + " given";
  return common_refusal(problem);
}

bool always(const Problem&) { return true; }

// ---- auto: whatever the closed forms say for problem.machine

template <Collective collective>
void run_least(Communicator& comm, const Problem& problem, Buffers buffers) {
  least_cost(collective, problem, problem.machine).run(comm, problem, buffers);
}
template <Collective collective>
Cost cost_of_least(const Problem& problem, const AlphaBetaGamma& machine) {
  return least_cost(collective, problem, problem.machine).cost(problem, machine);
}
template <Collective collective>
bool least_is_exact(const Problem& problem) {
  return least_cost(collective, problem, problem.machine).exact(problem);
}
template <auto refusal>
std::string refusal_of_least(const Problem& problem) {
  if (problem.machine.alpha == Seconds{} && problem.machine.beta == 0 && problem.machine.gamma == 0)
    return "needs to know the network: give a platform or a calibration, or name an algorithm";
  return refusal(problem);
}
template <Collective collective, auto refusal>
constexpr Entry least(std::string_view family) {
  return {.collective = collective,
          .name = "auto",
          .family = family,
          .summary = "the least closed form for this size and network, contention-free",
          .source = "the closed forms of this catalogue",
          .formula = "min over the others",
          .static_schedule = true,
          .run = run_least<collective>,
          .cost = cost_of_least<collective>,
          .exact = least_is_exact<collective>,
          .refusal = refusal_of_least<refusal>};
}

// ---- the table

constexpr std::string_view thakur =
    "Thakur, Rabenseifner and Gropp, Int. J. High Performance Computing Applications 19, 2005";
constexpr std::string_view bruck = "Bruck, Ho, Kipnis, Upfal and Weathersby, IEEE TPDS 8, 1997";
constexpr std::string_view chan =
    "Chan, Heimlich, Purkayastha and van de Geijn, Concurrency and Computation 19, 2007";

const std::array entries{
    Entry{.collective = Collective::allreduce,
          .name = "central",
          .family = "allreduce",
          .summary = "rank 0 receives every vector in turn, reduces, and sends the result to each",
          .source = "the baseline: one worker averages",
          .formula = "2(n-1)(α+Mβ) + (n-1)Mγ",
          .static_schedule = true,
          .run = plain_allreduce<central_allreduce>,
          .cost = cost::central_allreduce,
          .exact = always,
          .refusal = reduction_refusal},
    Entry{.collective = Collective::allreduce,
          .name = "binomial",
          .family = "allreduce",
          .summary = "reduction up a binomial tree, broadcast down the same tree",
          .source = thakur,
          .formula = "2⌈log2 n⌉(α+Mβ) + ⌈log2 n⌉Mγ",
          .static_schedule = true,
          .run = plain_allreduce<binomial_allreduce>,
          .cost = cost::binomial_allreduce,
          .exact = always,
          .refusal = reduction_refusal},
    Entry{.collective = Collective::allreduce,
          .name = "ring",
          .family = "allreduce",
          .summary = "reduce-scatter and all-gather around a ring: bandwidth-optimal",
          .source = "Patarasuk and Yuan, J. Parallel and Distributed Computing 69, 2009",
          .formula = "2(n-1)(α + ⌈M/n⌉β) + (n-1)⌈M/n⌉γ",
          .static_schedule = true,
          .run = plain_allreduce<static_cast<void (*)(Communicator&, Slice, Op)>(ring_allreduce)>,
          .cost = cost::ring_allreduce,
          .exact = always,
          .refusal = reduction_refusal},
    Entry{.collective = Collective::allreduce,
          .name = "multi_ring",
          .family = "allreduce",
          .summary = "a ring for each channel, through different NICs of each node",
          .source = "NCCL's channels (NVIDIA, 2019)",
          .formula = "2(n-1)(α + Mβ/n) + (n-1)M/n γ",
          .static_schedule = true,
          .run = run_allreduce<[](Communicator& comm, Slice vector, const Problem& problem) {
            multi_ring_allreduce(comm, vector, problem.op, problem.layout, cost::channels(problem));
          }>,
          .cost = cost::multi_ring_allreduce,
          .exact = cost::multi_ring_is_exact,
          .refusal = reduction_refusal},
    Entry{.collective = Collective::allreduce,
          .name = "recursive_doubling",
          .family = "allreduce",
          .summary = "full vectors exchanged at distances 1, 2, 4, …: latency-optimal",
          .source = thakur,
          .formula = "n = 2^k: k(α+Mβ+Mγ); else (k+2)(α+Mβ) + (k+1)Mγ",
          .static_schedule = true,
          .run = plain_allreduce<recursive_doubling_allreduce>,
          .cost = cost::recursive_doubling_allreduce,
          .exact = always,
          .refusal = reduction_refusal},
    Entry{.collective = Collective::allreduce,
          .name = "halving_doubling",
          .family = "allreduce",
          .summary = "reduce-scatter by recursive halving, all-gather by recursive doubling",
          .source = "Rabenseifner, Int. Conf. on Computational Science, 2004",
          .formula = "n = 2^k: 2kα + 2(n-1)/n Mβ + (n-1)/n Mγ; else + 2(α+Mβ) + Mγ",
          .static_schedule = true,
          .run = plain_allreduce<halving_doubling_allreduce>,
          .cost = cost::halving_doubling_allreduce,
          .exact = always,
          .refusal = reduction_refusal},
    Entry{.collective = Collective::allreduce,
          .name = "butterfly",
          .family = "allreduce",
          .summary = "nested butterfly of mixed radix: reduce-scatter down, all-gather up",
          .source = "Zhao and Canny, SIAM Int. Conf. on Data Mining, 2013",
          .formula = "2Σ(d-1)α + 2(n-1)/n Mβ + (n-1)/n Mγ",
          .static_schedule = true,
          .run = butterfly_like<butterfly_allreduce>,
          .cost = cost::butterfly_allreduce,
          .exact = always,
          .refusal = butterfly_refusal},
    Entry{.collective = Collective::allreduce,
          .name = "butterfly_full_vector",
          .family = "allreduce",
          .summary = "butterfly of mixed radix that exchanges full vectors at each stage",
          .source = "Zhao and Canny, Int. Conf. on Parallel Processing, 2014, §3",
          .formula = "Σ(d-1)(α+Mβ+Mγ)",
          .static_schedule = true,
          .run = butterfly_like<butterfly_full_vector_allreduce>,
          .cost = cost::butterfly_full_vector_allreduce,
          .exact = always,
          .refusal = butterfly_refusal},
    Entry{.collective = Collective::allreduce,
          .name = "kylix",
          .family = "allreduce",
          .summary = "sparse allreduce on a nested butterfly; here of dense vectors",
          .source = "Zhao and Canny, Int. Conf. on Parallel Processing, 2014",
          .formula = "dense: 2Σ(d-1)α + 2(n-1)/n Mβ + (n-1)/n Mγ",
          .static_schedule = false,
          .run = butterfly_like<dense_kylix_allreduce>,
          .cost = cost::butterfly_allreduce,
          .exact = always,
          .refusal = kylix_refusal},
    Entry{.collective = Collective::allreduce,
          .name = "double_binary_tree",
          .family = "allreduce",
          .summary = "two complementary binary trees, each for one half, in pipelined segments",
          .source = "Sanders, Speck and Träff, Parallel Computing 35, 2009",
          .formula = "about (S+⌈log2 n⌉-1)(2α + (2β+γ)M/S) - (2β+γ)M/2S",
          .static_schedule = true,
          .run = run_allreduce<[](Communicator& comm, Slice vector, const Problem& problem) {
            double_binary_tree_allreduce(comm, vector, problem.op,
                                         cost::double_tree_segments(problem), problem.layout,
                                         cost::channels(problem));
          }>,
          .cost = cost::double_binary_tree_allreduce,
          .exact = cost::double_binary_tree_is_exact,
          .refusal = reduction_refusal},
    Entry{.collective = Collective::allreduce,
          .name = "hierarchical",
          .family = "allreduce",
          .summary = "reduce-scatter inside each node, rings across, all-gather inside",
          .source = "Jia et al., Highly scalable deep learning training system, 2018",
          .formula = "2(g-1)(α+Mβ/g) + 2(n/g-1)(α+Mβ/n) + (n-1)/n Mγ",
          .static_schedule = true,
          .run = run_allreduce<[](Communicator& comm, Slice vector, const Problem& problem) {
            hierarchical_allreduce(comm, vector, problem.op, problem.layout);
          }>,
          .cost = cost::hierarchical_allreduce,
          .exact = always,
          .refusal = hierarchical_refusal},
    Entry{.collective = Collective::allreduce,
          .name = "torus",
          .family = "allreduce",
          .summary = "rings along each dimension of a torus in turn; neighbours only",
          .source = "Jain and Sabharwal, Int. Symp. on Parallel and Distributed Processing, 2010",
          .formula = "2Σ(side-1)α + 2(n-1)/n Mβ + (n-1)/n Mγ",
          .static_schedule = true,
          .run = run_allreduce<[](Communicator& comm, Slice vector, const Problem& problem) {
            torus_allreduce(comm, vector, problem.op, grid_of(problem.layout, problem.ranks));
          }>,
          .cost = cost::torus_allreduce,
          .exact = always,
          .refusal = torus_refusal},
    Entry{.collective = Collective::allreduce,
          .name = "direct",
          .family = "allreduce",
          .summary = "rank i reduces block i of everybody and sends it to everybody, in pairs",
          .source = "the butterfly of one stage",
          .formula = "2(n-1)(α + ⌈M/n⌉β) + (n-1)⌈M/n⌉γ",
          .static_schedule = true,
          .run = plain_allreduce<direct_allreduce>,
          .cost = cost::direct_allreduce,
          .exact = always,
          .refusal = reduction_refusal},
    least<Collective::allreduce, reduction_refusal>("allreduce"),

    Entry{.collective = Collective::reduce_scatter,
          .name = "ring",
          .family = "reduce_scatter",
          .summary = "sums travel around a ring: bandwidth-optimal for any number of ranks",
          .source = "Patarasuk and Yuan, J. Parallel and Distributed Computing 69, 2009",
          .formula = "(n-1)(α + ⌈M/n⌉(β+γ))",
          .static_schedule = true,
          .run = run_reduce_scatter<ring_reduce_scatter>,
          .cost = cost::ring_reduce_scatter,
          .exact = always,
          .refusal = reduction_refusal},
    Entry{.collective = Collective::reduce_scatter,
          .name = "halving",
          .family = "reduce_scatter",
          .summary = "recursive halving: fewest messages for powers of two",
          .source = thakur,
          .formula = "n = 2^k: kα + (n-1)/n M(β+γ); else + α+M(β+γ) + α+⌈M/n⌉β",
          .static_schedule = true,
          .run = run_reduce_scatter<halving_reduce_scatter>,
          .cost = cost::halving_reduce_scatter,
          .exact = always,
          .refusal = reduction_refusal},
    least<Collective::reduce_scatter, reduction_refusal>("reduce_scatter"),

    Entry{.collective = Collective::allgather,
          .name = "ring",
          .family = "allgather",
          .summary = "blocks travel around a ring",
          .source = thakur,
          .formula = "(n-1)(α + ⌈M/n⌉β)",
          .static_schedule = true,
          .run = run_allgather<ring_allgather>,
          .cost = cost::ring_allgather,
          .exact = always,
          .refusal = common_refusal},
    Entry{.collective = Collective::allgather,
          .name = "doubling",
          .family = "allgather",
          .summary = "recursive doubling: fewest messages for powers of two",
          .source = thakur,
          .formula = "n = 2^k: kα + (n-1)/n Mβ; else + α+⌈M/n⌉β + α+Mβ",
          .static_schedule = true,
          .run = run_allgather<doubling_allgather>,
          .cost = cost::doubling_allgather,
          .exact = always,
          .refusal = common_refusal},
    Entry{.collective = Collective::allgather,
          .name = "bruck",
          .family = "allgather",
          .summary = "fewest messages and bytes for every number of ranks; one more copy",
          .source = bruck,
          .formula = "⌈log2 n⌉α + (n-1)/n Mβ",
          .static_schedule = true,
          .run = run_allgather<bruck_allgather>,
          .cost = cost::bruck_allgather,
          .exact = always,
          .refusal = common_refusal},
    least<Collective::allgather, common_refusal>("allgather"),

    Entry{.collective = Collective::broadcast,
          .name = "binomial",
          .family = "broadcast",
          .summary = "down a binomial tree: for short vectors",
          .source = thakur,
          .formula = "⌈log2 n⌉(α+Mβ)",
          .static_schedule = true,
          .run = plain_broadcast<binomial_broadcast>,
          .cost = cost::binomial_broadcast,
          .exact = always,
          .refusal = common_refusal},
    Entry{.collective = Collective::broadcast,
          .name = "scatter_allgather",
          .family = "broadcast",
          .summary = "binomial scatter, then ring all-gather: for long vectors",
          .source = "Barnett, Gupta, Payne, Shuler, van de Geijn and Watts, 1994",
          .formula = "n = 2^k: (k+n-1)α + 2(n-1)/n Mβ",
          .static_schedule = true,
          .run = plain_broadcast<scatter_allgather_broadcast>,
          .cost = cost::scatter_allgather_broadcast,
          .exact = always,
          .refusal = common_refusal},
    Entry{.collective = Collective::broadcast,
          .name = "chain",
          .family = "broadcast",
          .summary = "from rank to rank in pipelined segments: for very long vectors",
          .source = chan,
          .formula = "(n-2+S)(α + Mβ/S)",
          .static_schedule = true,
          .run = run_broadcast<[](Communicator& comm, Slice vector, const Problem& problem) {
            chain_broadcast(comm, vector, problem.root, cost::chain_segments(problem));
          }>,
          .cost = cost::chain_broadcast,
          .exact = always,
          .refusal = common_refusal},
    least<Collective::broadcast, common_refusal>("broadcast"),

    Entry{.collective = Collective::reduce,
          .name = "binomial",
          .family = "reduce",
          .summary = "up a binomial tree",
          .source = thakur,
          .formula = "⌈log2 n⌉(α+Mβ+Mγ)",
          .static_schedule = true,
          .run = run_reduce<binomial_reduce>,
          .cost = cost::binomial_reduce,
          .exact = always,
          .refusal = reduction_refusal},
    Entry{.collective = Collective::scatter,
          .name = "binomial",
          .family = "scatter",
          .summary = "down a binomial tree, halves of what is left at each level",
          .source = chan,
          .formula = "n = 2^k: kα + (n-1)/n Mβ",
          .static_schedule = true,
          .run = run_scatter<binomial_scatter>,
          .cost = cost::binomial_scatter,
          .exact = always,
          .refusal = common_refusal},
    Entry{.collective = Collective::gather,
          .name = "binomial",
          .family = "gather",
          .summary = "up a binomial tree",
          .source = chan,
          .formula = "n = 2^k: kα + (n-1)/n Mβ",
          .static_schedule = true,
          .run = run_gather<binomial_gather>,
          .cost = cost::binomial_gather,
          .exact = always,
          .refusal = common_refusal},

    Entry{.collective = Collective::all_to_all,
          .name = "pairwise",
          .family = "all_to_all",
          .summary = "in step k to rank+k and from rank-k: each block travels once",
          .source = thakur,
          .formula = "(n-1)(α + ⌈M/n⌉β)",
          .static_schedule = true,
          .run = run_all_to_all<pairwise_all_to_all>,
          .cost = cost::pairwise_all_to_all,
          .exact = always,
          .refusal = common_refusal},
    Entry{.collective = Collective::all_to_all,
          .name = "bruck",
          .family = "all_to_all",
          .summary = "blocks hop by the bits of their distance: for short vectors",
          .source = bruck,
          .formula = "n = 2^k: k(α + Mβ/2)",
          .static_schedule = true,
          .run = run_all_to_all<bruck_all_to_all>,
          .cost = cost::bruck_all_to_all,
          .exact = always,
          .refusal = common_refusal},
    least<Collective::all_to_all, common_refusal>("all_to_all"),
    Entry{.collective = Collective::all_to_all_v,
          .name = "pairwise",
          .family = "all_to_all",
          .summary = "blocks of any sizes, in step k to rank+k and from rank-k",
          .source = thakur,
          .formula = "Σ_k max over pairs (α + m_pair β), where no rank waits for another",
          .static_schedule = true,
          .run = run_all_to_all_v,
          .cost = cost::all_to_all_v,
          .exact = always,
          .refusal = all_to_all_v_refusal},
    Entry{.collective = Collective::barrier,
          .name = "dissemination",
          .family = "barrier",
          .summary = "in round k to rank + 2^k: no rank leaves before the last has entered",
          .source = "Hensgen, Finkel and Manber, Int. J. Parallel Programming 17, 1988",
          .formula = "⌈log2 n⌉α",
          .static_schedule = true,
          .run = run_barrier,
          .cost = cost::dissemination_barrier,
          .exact = always,
          .refusal = common_refusal},
};

}  // namespace

std::string_view name_of(Collective collective) noexcept {
  return collective_names[static_cast<std::size_t>(collective)];
}

Collective collective_named(std::string_view name) {
  using enum Collective;
  static constexpr std::array<std::pair<std::string_view, Collective>, 10> also{
      {{"all_reduce", allreduce},
       {"reducescatter", reduce_scatter},
       {"all_gather", allgather},
       {"bcast", broadcast},
       {"alltoall", all_to_all},
       {"all_to_allv", all_to_all_v},
       {"alltoallv", all_to_all_v},
       {"alltoall_v", all_to_all_v},
       {"reduce-scatter", reduce_scatter},
       {"all-to-all", all_to_all}}};
  for (std::size_t i = 0; i < collective_names.size(); ++i)
    if (collective_names[i] == name) return static_cast<Collective>(i);
  for (const auto& [alias, collective] : also)
    if (alias == name) return collective;
  const std::vector<std::string> known(collective_names.begin(), collective_names.end());
  throw BadInput("no collective is called \"" + std::string{name} + '"' +
                 did_you_mean(name, known));
}

std::span<const Entry> catalogue() { return entries; }

std::vector<const Entry*> entries_of(Collective collective) {
  std::vector<const Entry*> found;
  for (const Entry& entry : entries)
    if (entry.collective == collective) found.push_back(&entry);
  return found;
}

const Entry& find_entry(Collective collective, std::string_view name) {
  std::vector<std::string> known;
  for (const Entry* entry : entries_of(collective)) {
    if (entry->name == name) return *entry;
    known.emplace_back(entry->name);
  }
  throw BadInput("no " + std::string{name_of(collective)} + " algorithm is called \"" +
                 std::string{name} + '"' + did_you_mean(name, known));
}

Seconds LowerBound::time() const { return std::max({latency, bandwidth, reduction}); }

}  // namespace troupe::algorithms
