#pragma once
// AdaGrad.

#include <array>

#include "algorithms/optimisers/optimiser.hpp"

namespace troupe::algorithms {

/// s ← s + g²;  x ← x − η g / (√s + ε), element by element (Duchi, Hazan and Singer, JMLR 12,
/// 2011).
struct AdaGrad {
  static constexpr Number epsilon{
      .name = "epsilon", .fallback = 1e-10, .help = "added to the root of the squares"};
  static constexpr std::array<AnySetting, 1> settings{&epsilon};

  static std::unique_ptr<Optimiser> make(const TrainingProblem& problem, std::size_t size);
};

}  // namespace troupe::algorithms
