#pragma once
// Newton's method for strongly convex functions, as local work of one rank.

#include <functional>

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// The function to minimise, f: x ↦ R.
struct Curved {
  std::function<void(ConstSlice x, Slice into)> gradient;  ///< into ← ∇f(x)
  std::function<void(ConstSlice x, Slice b)> solve;        ///< b ← ∇²f(x)⁻¹ b
};

/// x ← where the gradient's norm is at most `tolerance`, starting from x: steps ∇²f⁻¹∇f, halved
/// until the norm falls (Nocedal and Wright, 2nd ed., §11.1). Takes one step at
/// least, unless rounding is all that is left; one where values are phantom.
void newton(Communicator& comm, const Curved& function, double tolerance, Slice x);

/// ‖x‖ as double; `fallback` of phantom values.
double norm_of(Communicator& comm, ConstSlice x, double fallback);

}  // namespace troupe::algorithms
