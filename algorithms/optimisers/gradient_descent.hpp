#pragma once
// Gradient descent without memory.

#include "algorithms/optimisers/optimiser.hpp"

namespace troupe::algorithms {

/// x ← x − η g, g over one sample, a batch or all of them (Robbins and Monro 1951).
std::unique_ptr<Optimiser> make_gradient_descent(const TrainingProblem& problem, std::size_t size);

}  // namespace troupe::algorithms
