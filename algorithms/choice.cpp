#include "algorithms/choice.hpp"

#include <algorithm>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::algorithms {

std::string refusal_of_choice(std::string_view what, std::string_view name,
                              std::span<const std::string> known) {
  if (std::ranges::find(known, name) != known.end()) return {};
  std::string text = "unknown " + std::string{what} + " \"" + std::string{name} + "\"";
  const std::string meant = did_you_mean(name, known);
  constexpr std::size_t a_few = 12;  // a long list helps nobody who mistyped one of it
  if (known.size() > a_few && !meant.empty()) return text + meant;
  text += ", not one of";
  for (const std::string& other : known) text += (&other == known.data() ? " " : ", ") + other;
  return text + meant;
}

void expect_choice(std::string_view what, std::string_view name,
                   std::span<const std::string> known) {
  const std::string why = refusal_of_choice(what, name, known);
  if (!why.empty()) throw BadInput(why);
}

}  // namespace troupe::algorithms
