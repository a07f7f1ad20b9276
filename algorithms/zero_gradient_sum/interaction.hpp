#pragma once
// How two neighbours act on each other: φ_ij(y, z) with y the node's own estimate and z that of its
// neighbour. Zero-gradient-sum needs (a) φ_ij(y, z) = −φ_ji(z, y), or the sum of gradients moves,
// and (b) (y − z)ᵀφ_ij(y, z) < 0 where y ≠ z, or Lyapunov's function does not fall.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Value by value, but quadratic:
///   linear              z − y
///   tanh                tanh(z − y)
///   naive_rational      (z − y)/(1 + y²)              breaks (a): a control
///   oriented_rational   (z − y)/(1 + u²), u the estimate of the end of lower rank
///   symmetric_rational  (z − y)/(1 + y² + z²)
///   gradient            ∇g(z) − ∇g(y) with the convex g(x) = x²/2 + x⁴/4
///   quadratic           A_ij (z − y), A_ij = A_ji positive definite
enum class Interaction : std::uint8_t {
  linear,
  tanh,
  naive_rational,
  oriented_rational,
  symmetric_rational,
  gradient,
  quadratic
};
inline constexpr std::array<std::string_view, 7> interactions{
    "linear",   "tanh",     "naive_rational", "oriented_rational", "symmetric_rational",
    "gradient", "quadratic"};
/// EXPECTS one of the names.
Interaction interaction_named(std::string_view name);

/// φ_ij(y, z) of one value, for all but quadratic. `first` if this end has the lower rank.
double interact(Interaction kind, double y, double z, bool first);

/// into += weight · φ_ij(mine, theirs). `matrix` is A_ij, of quadratic only.
void add_interaction(Communicator& comm, Interaction kind, double weight, bool first,
                     ConstSlice mine, ConstSlice theirs, ConstSlice matrix, Slice into);

}  // namespace troupe::algorithms
