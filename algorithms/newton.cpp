#include "algorithms/newton.hpp"

#include <cmath>
#include <string>

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {

double norm_of(Communicator& comm, ConstSlice x, double fallback) {
  double norm = fallback;
  compute(comm, Opaque{.reads = {x},
                       .writes = {},
                       .work = {Flops{2.0 * static_cast<double>(x.size())}, Bytes{x.size_bytes()}},
                       .body = [&] {
                         double squares = 0;
                         for (const double value : to_doubles(x)) squares += value * value;
                         norm = std::sqrt(squares);
                       }});
  return norm;
}

void factorise_hessian(Communicator& comm, std::size_t n, Slice matrix,
                       const std::string& samples) {
  try {
    compute(comm, Cholesky{n, matrix});
  } catch (const BackendError&) {
    throw BadInput{samples + " do not determine " + std::to_string(n) +
                   " parameters (their Hessian is not positive definite): more samples would, or a "
                   "\"ridge\" (least_squares) or \"decay\" (logistic_regression) of the model "
                   "above 0"};
  }
}
void factorise_hessian(Communicator& comm, std::size_t n, Slice matrix) {
  factorise_hessian(comm, n, matrix,
                    "the samples of rank " + std::to_string(comm.rank()) + " alone");
}

void newton(Communicator& comm, const Curved& function, double tolerance, Slice x) {
  const std::size_t n = x.size();
  const Scratch gradients{x, n}, trials{x, n}, directions{x, n};
  const Slice gradient = gradients.all(), trial = trials.all(), direction = directions.all();
  const auto norm_at = [&](ConstSlice point) {
    function.gradient(point, gradient);
    return norm_of(comm, gradient, 0);
  };
  double norm = norm_at(x);
  do {
    compute(comm, Copy{direction, gradient});
    function.solve(x, direction);
    double share = 1, there = 0;
    do {
      if (share < 1 && (share < 1e-6 || norm <= tolerance)) return;
      compute(comm, Copy{trial, x});
      compute(comm, Axpy{-share, direction, trial});
      there = norm_at(trial);
      share /= 2;
    } while (!(there < norm) && !x.is_phantom());
    norm = there;
    compute(comm, Copy{x, trial});
  } while (norm > tolerance);
}

}  // namespace troupe::algorithms
