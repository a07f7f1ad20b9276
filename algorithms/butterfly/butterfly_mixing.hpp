#pragma once
// Butterfly mixing: after each gradient a rank averages with one partner, another one each step.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// The partner of `rank` in stage `stage` of a butterfly of a power of two of ranks: an involution,
/// and after log2(ranks) stages every rank has heard of every other.
Rank butterfly_partner(Rank rank, std::int64_t stage, int ranks);

/// x ← (x + x_partner) / 2 on both sides: symmetric averaging (dimension exchange, Cybenko 1989).
/// One message of M each way; the sum of the two is kept, and both end with the same bits. `theirs`
/// (the size of x) is left with what the partner had.
void average_with(Communicator& comm, Rank partner, Slice x, Slice theirs);

/// What butterfly_mixing can be told.
struct ButterflyMixing {
  static constexpr std::array<std::string_view, 2> ways{"butterfly", "fixed"};
  static constexpr Text partners{.name = "partners",
                                 .fallback = "butterfly",
                                 .choices = ways,
                                 .help = "another partner at each step; fixed is the control"};
  static constexpr Whole mixing_rounds{.name = "mixing_rounds",
                                       .fallback = 1,
                                       .most = 1'000'000,
                                       .help = "exchanges after each gradient"};
  static constexpr std::array<AnySetting, 2> settings{&partners, &mixing_rounds};
};

/// Trains; throws BadInput unless the ranks are a power of two, two at least. Partners
/// "fixed" keep stage 0 for ever, as a control. Deterministic on every backend; the ranks'
/// parameters differ.
void butterfly_mixing(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why butterfly_mixing cannot serve the problem on so many ranks, or empty.
std::string refusal_of_butterfly(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
