#include "algorithms/choice.hpp"

#include <algorithm>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::algorithms {

std::string refusal_of_choice(std::string_view what, std::string_view name,
                              std::span<const std::string> known) {
  if (std::ranges::find(known, name) != known.end()) return {};
  std::string text = "unknown " + std::string{what} + " \"" + std::string{name} + "\", not one of";
  for (const std::string& other : known) text += (&other == known.data() ? " " : ", ") + other;
  return text + did_you_mean(name, known);
}

void expect_choice(std::string_view what, std::string_view name,
                   std::span<const std::string> known) {
  const std::string why = refusal_of_choice(what, name, known);
  if (!why.empty()) throw BadInput(why);
}

}  // namespace troupe::algorithms
