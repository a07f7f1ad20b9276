#pragma once
// Averaged stochastic gradient descent: the A of one of the methods called ASGD.

#include <array>

#include "algorithms/optimisers/optimiser.hpp"

namespace troupe::algorithms {

/// x_{k+1} = x_k − η_k g_k with η_k = η(1 + ληk)^−a, and x̄ the mean of x_{t0+1} … x_k, which is
/// what is evaluated and kept (Ruppert 1988; Polyak and Juditsky 1992; λ and a as PyTorch's ASGD
/// has them). At a constant rate (λ = 0) x keeps a noise of the order of η, x̄ loses it as 1/(k −
/// t0). Up to step t0 the estimate is x itself. Where something else than this optimiser moves x as
/// well (mixing with a neighbour, say), the average is over x right after each step of its own.
struct Polyak {
  static constexpr Number decay{
      .name = "decay", .fallback = 1e-4, .help = "lambda of rate (1 + lambda rate k)^-a"};
  static constexpr Number power{
      .name = "power", .fallback = 0.75, .help = "a of rate (1 + lambda rate k)^-a"};
  static constexpr Whole average_from{.name = "average_from",
                                      .help = "t0, the steps that do not count in the average"};
  static constexpr std::array<AnySetting, 3> settings{&decay, &power, &average_from};

  static std::unique_ptr<Optimiser> make(const TrainingProblem& problem, std::size_t size);
};

}  // namespace troupe::algorithms
