#pragma once
// Adam, and AdamW: Adam with decoupled weight decay.

#include <array>

#include "algorithms/optimisers/optimiser.hpp"

namespace troupe::algorithms {

/// m ← β₁m + (1−β₁)g;  s ← β₂s + (1−β₂)g²;  x ← x − η m̂ / (√ŝ + ε), with m̂ = m/(1−β₁ᵗ) and
/// ŝ = s/(1−β₂ᵗ) at step t (Kingma and Ba, ICLR 2015, algorithm 1).
struct Adam {
  static constexpr Number beta1{
      .name = "beta1", .fallback = 0.9, .below = 1, .help = "of the mean of gradients"};
  static constexpr Number beta2{
      .name = "beta2", .fallback = 0.999, .below = 1, .help = "of the mean of their squares"};
  static constexpr Number epsilon{
      .name = "epsilon", .fallback = 1e-8, .help = "added to the root of the squares"};
  static constexpr std::array<AnySetting, 3> settings{&beta1, &beta2, &epsilon};

  static std::unique_ptr<Optimiser> make(const TrainingProblem& problem, std::size_t size);
};

/// The same with x ← x − η(m̂ / (√ŝ + ε) + λx) (Loshchilov and Hutter, ICLR 2019, algorithm 2).
struct AdamW {
  static constexpr Number weight_decay{
      .name = "weight_decay", .fallback = 0.01, .help = "lambda of x <- x - rate lambda x"};
  static constexpr std::array<AnySetting, 4> settings{&Adam::beta1, &Adam::beta2, &Adam::epsilon,
                                                      &weight_decay};

  static std::unique_ptr<Optimiser> make(const TrainingProblem& problem, std::size_t size);
};

}  // namespace troupe::algorithms
