#pragma once
// Newton's method for strongly convex functions, as local work of one rank.

#include <functional>
#include <string>

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

/// As compute(Cholesky{n, matrix}), of the Hessian of the loss of `samples` ("the samples of rank
/// 3"). Throws BadInput where it is not positive definite: they have no single optimum.
void factorise_hessian(Communicator& comm, std::size_t n, Slice matrix, const std::string& samples);
/// The same of the samples of this rank.
void factorise_hessian(Communicator& comm, std::size_t n, Slice matrix);

/// ‖x‖ as double; `fallback` of phantom values.
double norm_of(Communicator& comm, ConstSlice x, double fallback);

}  // namespace troupe::algorithms
