#pragma once
// Names among a few: how a wrong one is told.

#include <span>
#include <string>
#include <string_view>

namespace troupe::algorithms {

/// Empty if `name` is one of the known, else e.g. `unknown graph "rings", not one of ring, path,
/// did you mean "ring"?` with "graph" for `what`; of many, those not meant are left out.
std::string refusal_of_choice(std::string_view what, std::string_view name,
                              std::span<const std::string> known);

/// Throws BadInput with that text.
void expect_choice(std::string_view what, std::string_view name,
                   std::span<const std::string> known);

}  // namespace troupe::algorithms
