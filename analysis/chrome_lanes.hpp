#pragma once
// How the lanes of ranks are numbered as threads of a Chrome trace, for its writer and its reader.

#include <array>
#include <cstdint>
#include <string_view>

#include "core/tag.hpp"

namespace troupe::analysis::chrome {

enum class Row : std::uint8_t { phases, compute, send, receive, waiting, device };
/// So many rows has a rank, and one more where devices have timed kernels.
inline constexpr int usual_rows = 5;
inline constexpr int most_rows = 6;
constexpr std::string_view name_of(Row row) {
  constexpr std::array<std::string_view, most_rows> names{"phases",  "compute", "send",
                                                          "receive", "waiting", "device"};
  return names[static_cast<std::size_t>(row)];
}
/// Where a row stands among those of its rank: what a device ran below what was launched.
constexpr int place_of(Row row) {
  constexpr std::array<int, most_rows> places{0, 1, 3, 4, 5, 2};
  return places[static_cast<std::size_t>(row)];
}

struct Lane {
  Rank rank = 0;
  Row row = Row::phases;
  int number = 0;  ///< further ones where spans of a row overlap
};

/// From 1 on, different for different lanes.
constexpr int thread_of(Lane lane, int ranks, int rows) {
  return 1 + lane.rank * rows + static_cast<int>(lane.row) + lane.number * ranks * rows;
}
/// The inverse.
constexpr Lane lane_of(int thread, int ranks, int rows) {
  const int within = (thread - 1) % (ranks * rows);
  return {within / rows, static_cast<Row>(within % rows), (thread - 1) / (ranks * rows)};
}

}  // namespace troupe::analysis::chrome
