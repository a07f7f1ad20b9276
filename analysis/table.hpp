#pragma once
// Reports as text for people: microseconds and 1e9 bytes per second.

#include <string>

#include "analysis/report.hpp"

namespace troupe::analysis {

enum class Layout : std::uint8_t {
  automatic,  ///< matrix where several algorithms were measured, else rows
  rows,       ///< one line for each size and algorithm, all columns
  matrix,     ///< one line for each size, one column for each algorithm: times, the best marked
  nccl,       ///< the table of nccl-tests, character for character, one for each algorithm
  osu         ///< likewise of the OSU Micro-Benchmarks
};
/// Throws BadInput with the nearest name.
Layout layout_named(std::string_view name);

/// The whole text a person sees after a run: heading, table, footer.
std::string table(const Report& report, Layout layout = Layout::automatic);

/// Microseconds in a field: "0.52", "1234.5", "1234567".
std::string microseconds(Seconds time);

}  // namespace troupe::analysis
