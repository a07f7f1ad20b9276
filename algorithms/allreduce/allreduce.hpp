#pragma once
// Allreduce: every rank contributes a vector, every rank ends with the reduction of all of them.
// In place; one function per algorithm, each in its own file with its picture and its source.
//
// n ranks, M bytes, α a message, β a byte sent, γ a byte reduced. All serve any number of ranks and
// any length. Every rank ends with the same bits, because each value is reduced in one place or in
// one order; that order differs from algorithm to algorithm.

#include <span>

#include "algorithms/layout.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Rank 0 receives every vector in turn, reduces, and sends the result to each in turn.
///   root n-1 messages, (n-1)M bytes · 2(n-1)(α+Mβ) + (n-1)Mγ
void central_allreduce(Communicator& comm, Slice vector, Op op);

/// Reduction up a binomial tree to rank 0 and broadcast down the same tree.
///   root ⌈log2 n⌉ messages and ⌈log2 n⌉M bytes · 2⌈log2 n⌉(α+Mβ) + ⌈log2 n⌉Mγ
void binomial_allreduce(Communicator& comm, Slice vector, Op op);

/// Reduce-scatter and all-gather around a ring (Patarasuk and Yuan 2009).
///   2(n-1) messages, 2M(n-1)/n bytes · 2(n-1)α + 2(n-1)/n Mβ + (n-1)/n Mγ
void ring_allreduce(Communicator& comm, Slice vector, Op op);

/// A ring of its own for each channel's share of the vector, all at the same time; the rings pass
/// through different NICs of each node (channel_order).
///   2(n-1)·channels messages, 2M(n-1)/n bytes · as the ring
void multi_ring_allreduce(Communicator& comm, Slice vector, Op op, const Layout& layout,
                          int channels);

/// Full vectors exchanged at distances 1, 2, 4, … (Thakur, Rabenseifner and Gropp 2005, §4.1).
///   n = 2^k: k messages, kM bytes · k(α+Mβ+Mγ); else k+1, (k+1)M · (k+2)(α+Mβ) + (k+1)Mγ
void recursive_doubling_allreduce(Communicator& comm, Slice vector, Op op);

/// Reduce-scatter by recursive halving, all-gather by recursive doubling (Rabenseifner 2004).
///   n = 2^k: 2k messages, 2M(n-1)/n bytes · 2kα + 2(n-1)/n Mβ + (n-1)/n Mγ
void halving_doubling_allreduce(Communicator& comm, Slice vector, Op op);

/// Nested butterfly of mixed radix (Zhao and Canny 2013): reduce-scatter down, all-gather up.
/// The product of the radices is at most n and at least n/2; what is over is folded.
///   2Σ(d-1) messages, 2M(n-1)/n bytes · 2Σ(d-1)α + 2(n-1)/n Mβ + (n-1)/n Mγ
void butterfly_allreduce(Communicator& comm, Slice vector, Op op, std::span<const int> radices);

/// The butterfly that is not nested: each stage exchanges full vectors within its groups.
///   Σ(d-1) messages, Σ(d-1)M bytes · Σ(d-1)(α+Mβ+Mγ)
void butterfly_full_vector_allreduce(Communicator& comm, Slice vector, Op op,
                                     std::span<const int> radices);

/// Two complementary binary trees, each for one half of the vector, in pipelined segments (Sanders,
/// Speck and Träff 2009; NCCL). With channels, each channel's share has two trees of its own over
/// the channel's order of ranks.
///   at most 3 messages a segment and tree, → 2M bytes · M = 0: 2⌈log2 n⌉α, large M: → 2Mβ
void double_binary_tree_allreduce(Communicator& comm, Slice vector, Op op, int segments,
                                  const Layout& layout = {}, int channels = 1);

/// Reduce-scatter inside each node, an allreduce per lane of equal places across the nodes, a ring
/// unless told, all-gather inside each node. Nodes have equal numbers of ranks: n = nodes · g.
///   2(g-1) messages and 2(g-1)/g M inside; 2(nodes-1) and 2(nodes-1)/n M across
void hierarchical_allreduce(Communicator& comm, Slice vector, Op op, const Layout& layout,
                            void (*across)(Communicator&, Slice, Op) = ring_allreduce);

/// Reduce-scatter along the first dimension, the same on what is left along the others, all-gather
/// back (Jain and Sabharwal 2010; Ying et al. 2018 on TPU pods).
///   2Σ(side-1) messages, 2M(n-1)/n bytes · 2Σ(side-1)α + 2(n-1)/n Mβ + (n-1)/n Mγ
void torus_allreduce(Communicator& comm, Slice vector, Op op, std::span<const int> grid);

/// Each rank sends block i to rank i, which reduces it and sends it back to everybody; in pairs.
///   2(n-1) messages, 2M(n-1)/n bytes · as the ring; no value travels further than one hop
void direct_allreduce(Communicator& comm, Slice vector, Op op);

}  // namespace troupe::algorithms
