#pragma once
// Ridge regression: the convex model with a known optimum on which strategies are measured. On
// radial basis functions (Broomhead and Lowe 1988), or on the inputs as they are. With N samples,
// L features and σ the ridge,
//   F(w) = 1/(2N) ‖y − Hw‖² + σ/(2N) ‖w‖²,   H[n][j] = exp(−(x_n − c_j)² / (2s²)),
// centres c = linspace(−10, 10, L), s = width · (distance of two centres).

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "algorithms/learner.hpp"
#include "algorithms/models/model.hpp"

namespace troupe::algorithms {

/// A = HᵀH + ridge I and b = Hᵀy of prepared samples, on the host.
struct NormalEquations {
  NormalEquations(const Dataset& samples, double ridge);
  /// A x
  std::vector<double> times(std::span<const double> x) const;

  std::size_t size;
  std::vector<double> matrix, vector;  ///< size × size, column-major; size
};

class LeastSquares final : public Model {
 public:
  static constexpr std::array<std::string_view, 2> bases{"gaussian", "inputs"};
  static constexpr Text basis{
      .name = "basis",
      .fallback = "gaussian",
      .choices = bases,
      .help = "gaussian: radial basis functions of one input; inputs: the inputs as they are"};
  static constexpr Whole features{.name = "features",
                                  .fallback = 20,
                                  .least = 1,
                                  .only = "basis is gaussian",
                                  .help = "how many Gaussians"};
  static constexpr Number width{.name = "width",
                                .fallback = 0.7,
                                .only = "basis is gaussian",
                                .help = "of a Gaussian, in distances of two centres"};
  static constexpr Number ridge{
      .name = "ridge", .fallback = 1, .help = "sigma of 1/2 |y - Hw|^2 + 1/2 sigma |w|^2"};
  static constexpr std::array<AnySetting, 4> settings{&basis, &features, &width, &ridge};

  static std::unique_ptr<Model> make(const TrainingProblem& problem, const DataShape& shape);
  static std::string refusal(const TrainingProblem& problem, const DataShape& shape);

  LeastSquares(const TrainingProblem& problem, const DataShape& shape);

  std::size_t size() const override { return layer_.count; }
  std::span<const Layer> layers() const override { return {&layer_, 1}; }
  void initialise(Communicator& comm, Slice parameters, SplitMix64 draws) const override;
  void gradient(Communicator& comm, ConstSlice parameters, const Batch& batch, double weight,
                Slice into, const LayerReady& ready) override;
  Score score(ConstSlice parameters, const Batch& batch) const override;
  std::unique_ptr<Evaluator> evaluator(const TrainingProblem& problem,
                                       Dataset samples) const override;
  Dataset prepared(const Dataset& samples) const override;
  std::size_t features_of(std::size_t inputs) const override;

  /// The quadratic of a batch, f(w) = ½ wᵀA w − bᵀw + constant: matrix (L×L) ← HᵀH + σ I and
  /// vector (L) ← Hᵀy.
  void normal_equations(Communicator& comm, const Batch& batch, double sigma, Slice matrix,
                        Slice vector) const;

 private:
  bool gaussian_;
  double width_, ridge_;
  std::size_t samples_of_all_;
  Layer layer_;
};

/// One rank's quadratic f_i(w) = ½ wᵀA_i w − b_iᵀw + constant, A_i = H_iᵀH_i + σ_i I,
/// b_i = H_iᵀy_i, σ_i = σ / shards. The f_i add up to N·F.
class QuadraticShard {
 public:
  /// EXPECTS a learner of least_squares.
  QuadraticShard(const TrainingProblem& problem, int shard, int shards);
  Learner& learner() { return learner_; }
  std::size_t size() const { return learner_.size(); }
  /// A_i, column-major, off the clock. EXPECTS values.
  const std::vector<double>& matrix() const { return equations().matrix; }
  /// matrix (L×L) ← A_i, vector (L) ← b_i.
  void normal_equations(Communicator& comm, Slice matrix, Slice vector);
  /// ∇f_i(w) = A_i w − b_i as double, off the clock; none for phantom parameters.
  std::vector<double> gradient(ConstSlice parameters) const;
  /// Bregman's divergence f_i(w*) − f_i(w) − ∇f_i(w)ᵀ(w* − w) = ½ (w* − w)ᵀ A_i (w* − w), w* the
  /// optimum of the sum, likewise: this rank's part of Lyapunov's function.
  std::optional<double> divergence(ConstSlice parameters) const;

 private:
  const NormalEquations& equations() const;

  Learner learner_;
  const LeastSquares& model_;
  double ridge_;
  mutable std::optional<NormalEquations> equations_;  // off the clock; made when first asked for
};

}  // namespace troupe::algorithms
