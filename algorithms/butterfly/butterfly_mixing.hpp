#pragma once
// Butterfly mixing: after each gradient a rank averages with one partner, another one each step.

#include <string>

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

/// Trains; throws BadInput unless the ranks are a power of two, two at least. `problem.partners`
/// "fixed" keeps stage 0 for ever, as a control. Deterministic on every backend; the ranks'
/// parameters differ.
void butterfly_mixing(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why butterfly_mixing cannot serve the problem on so many ranks, or empty.
std::string refusal_of_butterfly(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
