#pragma once
// Broadcast: every rank ends with the root's vector. Any number of ranks, any length, any root.

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Down a binomial tree.
///   root ⌈log2 n⌉ messages, ⌈log2 n⌉M bytes · ⌈log2 n⌉(α+Mβ)
void binomial_broadcast(Communicator& comm, Slice vector, Rank root);

/// Binomial scatter, then ring all-gather (van de Geijn; Barnett et al. 1994).
///   ≤ 2M(n-1)/n bytes · n = 2^k: (k+n-1)α + 2M(n-1)/n β
void scatter_allgather_broadcast(Communicator& comm, Slice vector, Rank root);

/// From rank to rank along a chain, in segments that follow each other.
///   `segments` messages, M bytes · (n-2+S)(α + Mβ/S); the best S is √((n-2)Mβ/α)
void chain_broadcast(Communicator& comm, Slice vector, Rank root, int segments);

}  // namespace troupe::algorithms
