#include "analysis/amount.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace troupe::analysis {

std::string amount(double bytes) {
  constexpr std::array<std::string_view, 7> units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  std::size_t unit = 0;
  for (; bytes >= 999.5 && unit + 1 < units.size(); ++unit) bytes /= 1000;
  return fmt::format("{:.3g} {}", bytes, units[unit]);
}

}  // namespace troupe::analysis
