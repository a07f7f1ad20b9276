#pragma once
// Ridge regression on radial basis functions (Broomhead and Lowe 1988): the convex model with a
// known optimum on which strategies are measured. With N samples, L features and σ the ridge,
//   F(w) = 1/(2N) ‖y − Hw‖² + σ/(2N) ‖w‖²,   H[n][j] = exp(−(x_n − c_j)² / (2s²)),
// centres c = linspace(−10, 10, L), s = width · (distance of two centres).

#include <cstddef>
#include <memory>
#include <vector>

#include "algorithms/models/model.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {

/// One shard of the problem. Features are kept as Hᵀ (L×N_i, column-major): a sample is a column,
/// so that a batch is a gather of columns and the whole shard is no copy.
class LeastSquares final : public Model {
 public:
  LeastSquares(const TrainingProblem& problem, int shard, int shards);
  ~LeastSquares() override;

  std::size_t size() const override { return features_; }
  double share() const override;
  void initialise(Communicator& comm, Slice parameters) override;
  void gradient(Communicator& comm, ConstSlice parameters, double weight, Slice into) override;
  std::optional<Evaluation> evaluate(ConstSlice parameters) const override;

  /// The quadratic of this shard, f_i(w) = ½ wᵀA w − bᵀw + constant: matrix (L×L) ← H_iᵀH_i + σ_i I
  /// and vector (L) ← H_iᵀy_i, with σ_i = σ / shards. The f_i add up to N·F.
  void normal_equations(Communicator& comm, Slice matrix, Slice vector);
  /// ∇f_i(w) = A w − b as double, off the clock; none for phantom parameters.
  std::vector<double> shard_gradient(ConstSlice parameters) const;

 private:
  struct Batch {
    ConstSlice features, targets;
    std::size_t size = 0;
  };
  Batch next_batch(Communicator& comm);
  struct Quadratic;

  TrainingProblem problem_;
  int shard_, shards_;
  std::size_t features_, samples_;
  Buffer feature_columns_, targets_;      // the shard: L×N_i, N_i
  Buffer drawn_columns_, drawn_targets_;  // a drawn batch: L×B, B
  Buffer residual_;                       // of the batch
  std::vector<std::size_t> drawn_;        // its samples
  SplitMix64 draws_;
  mutable std::unique_ptr<Quadratic> all_, mine_;  // for evaluation, made when first asked for
};

}  // namespace troupe::algorithms
