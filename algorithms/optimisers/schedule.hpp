#pragma once
// Learning-rate schedules: by what the rate of any optimiser is multiplied at each of its steps.

#include "algorithms/optimisers/optimiser.hpp"

namespace troupe::algorithms {

/// The kinds, with what they can be told:
///   constant: 1 · step: factor^⌊k/every⌋ · inverse_time: (1 + decay k)^−power ·
///   cosine: from 1 to `least` over `over` steps, half a wave (Loshchilov and Hutter, ICLR 2017),
///   then `least`;
/// all of them times min(1, (k+1) / warm_up), a linear start (Goyal et al. 2017).
std::span<const Kind> kinds_of_schedules();

/// The factor of step k = 0, 1, … of the optimiser. EXPECTS one of the kinds.
double factor_of_schedule(const Choice& schedule, std::int64_t k);

/// The same optimiser at the rates of the schedule.
std::unique_ptr<Optimiser> scheduled(std::unique_ptr<Optimiser> optimiser, const Choice& schedule);

}  // namespace troupe::algorithms
