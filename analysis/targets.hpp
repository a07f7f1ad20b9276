#pragma once
// When a training reached what it was to reach. A curve is known at its points only: a target is
// reached at the first point that has it, and not before.

#include <string>

#include "analysis/report.hpp"

namespace troupe::analysis {

/// "loss=0.1". Throws BadInput for anything else.
Target target_from(const std::string& text);
/// "loss 0.1".
std::string in_words(const Target& target);

/// The first point of the curve whose figure is at most (an accuracy: at least) the target's value.
std::optional<Reached> reached(const Report& report, const Target& target);

/// The value of one figure at a point of a curve, if it is there and a number.
std::optional<double> value_of(const TrainingPoint& point, std::string_view figure);

/// The names of a curve's figures, in order of first appearance.
std::vector<std::string> figures_of(const Report& report);

}  // namespace troupe::analysis
