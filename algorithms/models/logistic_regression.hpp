#pragma once
// Logistic regression, binary or multinomial, with a ridge: the convex model with curvature that
// depends on where one is. With C outputs z = W x + b (one for two classes, else one a class),
//   F(θ) = (1/N) Σ −log p_t + ½ λ ‖θ‖²,   p = 1/(1+e^−z) or softmax(z),
// strongly convex with modulus λ.

#include <array>
#include <memory>

#include "algorithms/models/network_model.hpp"

namespace troupe::algorithms {

class LogisticRegression final : public NetworkModel {
 public:
  static constexpr Number decay_setting{
      .name = "decay", .fallback = 1e-3, .help = "lambda of 1/2 lambda |w|^2, biases included"};
  static constexpr std::array<AnySetting, 1> settings{&decay_setting};
  static std::unique_ptr<Model> make(const TrainingProblem& problem, const DataShape& shape);
  static std::string refusal(const TrainingProblem& problem, const DataShape& shape);

  /// EXPECTS two classes at least.
  LogisticRegression(std::size_t inputs, std::size_t classes, double decay);

  /// Knows the optimum where there is just one, with a decay above 0, and where it is cheap: where
  /// Newton's method needs less than 1e8 multiplications an iteration.
  std::unique_ptr<Evaluator> evaluator(const TrainingProblem& problem,
                                       Dataset samples) const override;
  /// Zero.
  void initialise(Communicator& comm, Slice parameters, SplitMix64 draws) const override;
  /// into (D×D, D = size()) ← weight · ∇²F of the batch. With x̃ = (x, 1), p the probabilities of a
  /// sample and A Aᵀ = diag(p) − ppᵀ (p(1−p) where there is one output), the Hessian is the sum of
  /// J Jᵀ with J = x̃ ⊗ A: one product of a D × (count · C) matrix with its transpose.
  void hessian(Communicator& comm, ConstSlice parameters, const Batch& batch, double weight,
               Slice into) const;
  /// ∇F of the batch as double, off the clock; none for phantom parameters.
  std::vector<double> gradient_of(ConstSlice parameters, const Batch& batch);

 private:
  std::size_t inputs() const { return network().inputs(); }
  std::size_t outputs() const { return network().outputs(); }
};

}  // namespace troupe::algorithms
