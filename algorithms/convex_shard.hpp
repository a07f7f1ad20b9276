#pragma once
// One rank's share of a convex problem as methods see it that need curvature: f_i with its gradient
// and its Hessian.

#include <optional>
#include <string>
#include <vector>

#include "algorithms/learner.hpp"
#include "algorithms/models/least_squares.hpp"
#include "algorithms/models/logistic_regression.hpp"
#include "algorithms/newton.hpp"

namespace troupe::algorithms {

/// Of least_squares, f_i(w) = ½ wᵀA_i w − b_iᵀw + constant, as QuadraticShard has it. Of
/// logistic_regression, the mean loss of the shard, regulariser included, times (shards · samples
/// of the shard / samples of all), which is 1 for shards of one size.
class ConvexShard {
 public:
  /// The kernels that set up a quadratic go to `comm`, which must outlive the shard.
  ConvexShard(Communicator& comm, const TrainingProblem& problem, int shard, int shards);

  Learner& learner() { return quadratic_ ? quadratic_->learner() : *learner_; }
  std::size_t size() const { return size_; }

  /// into ← ∇f_i(x)
  void gradient(ConstSlice x, Slice into);
  /// into (n×n) ← ∇²f_i(x)
  void hessian(ConstSlice x, Slice into);
  /// b ← (∇²f_i(x) + κ I)⁻¹ b
  void solve_hessian(ConstSlice x, double kappa, Slice b);
  /// x ← the solution of ∇f_i(x) + κ x = y: at once of a quadratic, whose A_i + κ I is factorised
  /// once, else by Newton's method from x, to 1e-12.
  void solve(ConstSlice y, double kappa, Slice x);
  /// θ_i with ∇²f_i ⪰ θ_i I everywhere: of a quadratic the least singular value of A_i (1 where
  /// that is phantom), else the weight of the regulariser.
  double convexity();

  /// ∇f_i(x) off the clock; none for phantom parameters.
  std::vector<double> gradient(ConstSlice x) const;
  /// f_i(x*) − f_i(x) − ∇f_i(x)ᵀ(x* − x) off the clock: this rank's part of Lyapunov's function.
  /// Nothing for phantom parameters, and where the optimum is not known.
  std::optional<double> divergence(ConstSlice x) const;

 private:
  void factorise(double kappa);

  Communicator& comm_;
  TrainingProblem problem_;
  std::optional<QuadraticShard> quadratic_;
  std::optional<Learner> learner_;          // else
  LogisticRegression* logistic_ = nullptr;  // else
  std::size_t size_ = 0;
  double weight_ = 1, decay_ = 0;
  Buffer matrix_, vector_, factor_;   // of the quadratic
  std::optional<double> factorised_;  // the κ of the factor
};

/// Why no convex shards can be made of the problem, or empty.
std::string refusal_of_convex_shards(const TrainingProblem& problem, int shards);

}  // namespace troupe::algorithms
