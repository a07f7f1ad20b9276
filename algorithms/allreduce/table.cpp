// The table of allreduces.

#include <algorithm>
#include <array>

#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/allreduce/kylix.hpp"
#include "algorithms/cost/cost.hpp"
#include "algorithms/in_place.hpp"
#include "algorithms/tables.hpp"

namespace troupe::algorithms::tables {

namespace {

template <auto algorithm>
void run_allreduce(Communicator& comm, const Problem& problem, Buffers buffers) {
  expect_sizes(buffers.input.size(), problem.count, buffers.output.size(), problem.count);
  bring(comm, buffers.input, buffers.output);
  algorithm(comm, buffers.output, problem);
  average(comm, problem, buffers.output);
}

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

constexpr std::array entries{
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
          .name = "hierarchical_halving_doubling",
          .family = "allreduce",
          .summary = "the same with halving and doubling across: for many nodes",
          .source = "Jia et al., 2018, and Thakur, Rabenseifner and Gropp, 2005",
          .formula = "2(g-1)(α+Mβ/g) + 2log2(n/g)α + 2(n/g-1)/n Mβ + (n-1)/n Mγ",
          .static_schedule = true,
          .run = run_allreduce<[](Communicator& comm, Slice vector, const Problem& problem) {
            hierarchical_allreduce(comm, vector, problem.op, problem.layout,
                                   halving_doubling_allreduce);
          }>,
          .cost = cost::hierarchical_halving_doubling_allreduce,
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
};

}  // namespace

std::span<const Entry> allreduce() { return entries; }

}  // namespace troupe::algorithms::tables
