#pragma once
// Gradient descent with momentum.

#include <array>
#include <string_view>

#include "algorithms/optimisers/optimiser.hpp"

namespace troupe::algorithms {

/// v ← βv + (1−d)g;  x ← x − ηv, from v = 0. Heavy ball (d = 0, Polyak 1964): v is a sum of
/// gradients, 1/(1−β) times as long in the end as one. EMA (d = β): v is their exponential mean,
/// the heavy ball at a rate of η(1−β). Nesterov (1983): x ← x − η((1−d)g + βv), a look ahead.
struct Momentum {
  static constexpr std::array<std::string_view, 2> forms{"heavy_ball", "ema"};
  static constexpr Number momentum{.name = "momentum",
                                   .fallback = 0.9,
                                   .most = 1,
                                   .help = "beta, the part of the velocity that is kept"};
  static constexpr Text form{.name = "form",
                             .fallback = "heavy_ball",
                             .choices = forms,
                             .help = "heavy_ball: v <- beta v + g; ema: v <- beta v + (1-beta) g"};
  static constexpr Flag nesterov{.name = "nesterov", .help = "look one step ahead"};
  static constexpr std::array<AnySetting, 3> settings{&momentum, &form, &nesterov};

  static std::unique_ptr<Optimiser> make(const TrainingProblem& problem, std::size_t size);
};

}  // namespace troupe::algorithms
