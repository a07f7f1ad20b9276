#pragma once
// One rank's columns of a linear model and its part of the dual problem. With N samples, H_i the
// N × L_i columns of rank i (inputs are features, and one column of ones for a bias), V ranks and
// losses ℓ_n, min Σ_n ℓ_n((Σ_i H_i w_i)_n) + ½ σ Σ_i ‖w_i‖² has the dual min_λ Σ_i f_i(λ) over
// λ ∈ R^N,
//   f_i(λ) = 1/(2σ) ‖H_iᵀλ‖² + 1/V Σ_n ℓ*_n(−λ_n),        w_i = H_iᵀλ/σ,
// ℓ* convex conjugates: each rank needs its own columns and all targets.
//   least squares: ℓ*(−λ) = ½λ² − yλ              curvature 1
//   logistic, t ∈ {0, 1}: with s = t − λ ∈ (0, 1), s ln s + (1−s) ln(1−s)       1/(s(1−s)) ≥ 4

#include <optional>
#include <string>
#include <vector>

#include "algorithms/learner.hpp"

namespace troupe::algorithms {

class ColumnShard {
 public:
  ColumnShard(const TrainingProblem& problem, int shard, int shards);

  /// Over all samples and columns: evaluates.
  const Learner& whole() const { return whole_; }
  std::size_t samples() const { return samples_; }
  std::size_t columns() const { return columns_; }
  /// θ_i with ∇²f_i ⪰ θ_i I everywhere.
  double convexity() const { return (logistic_ ? 4.0 : 1.0) / shards_; }

  /// λ ← a point at which f_i is finite.
  void initialise(Communicator& comm, Slice lambda) const;
  /// into ← ∇f_i(λ) = H_iH_iᵀλ/σ + (ℓ*)'/V
  void gradient(Communicator& comm, ConstSlice lambda, Slice into) const;
  /// λ ← the solution of ∇f_i(λ) = d: of least squares at once, else by Newton's method from λ, to
  /// 1e-12. With D = V/curvature, (D⁻¹ + H Hᵀ/σ)⁻¹ = D − D H (σ I + HᵀD H)⁻¹ HᵀD (Woodbury), of
  /// which only an L_i × L_i matrix is factorised.
  void solve(Communicator& comm, ConstSlice d, Slice lambda);
  /// w_i = H_iᵀλ/σ, this rank's parameters.
  void parameters(Communicator& comm, ConstSlice lambda, Slice w) const;

  /// f_i(λ*) − f_i(λ) − ∇f_i(λ)ᵀ(λ* − λ) off the clock: this rank's part of Lyapunov's function.
  /// Nothing for phantom values, and where the optimum is not known.
  std::optional<double> divergence(ConstSlice lambda) const;

 private:
  void factorise(Communicator& comm, ConstSlice lambda);
  void apply_inverse(Communicator& comm, Slice b) const;
  double value(const std::vector<double>& lambda) const;
  std::vector<double> dual_optimum() const;

  TrainingProblem problem_;
  int shards_;
  bool logistic_;
  Learner whole_;
  double sigma_;
  std::size_t samples_, columns_;
  Buffer features_;                 // H_iᵀ, L_i × N
  Buffer targets_;                  // N
  Buffer slack_, scaled_, factor_;  // D: N; D applied to H_iᵀ: L_i × N; the factor: L_i × L_i
  bool factorised_ = false;
};

/// Why no column shards can be made of the problem, or empty.
std::string refusal_of_column_shards(const TrainingProblem& problem, int shards);

}  // namespace troupe::algorithms
