#pragma once
// A report as rows of named figures, one a result of a collective, or one for a whole training:
// what sweeps list, comparisons line up and conditions are asked of.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "analysis/report.hpp"

namespace troupe::analysis {

/// Nothing where a run has no such figure.
using Cell = std::variant<std::monostate, std::string, std::int64_t, double>;

/// Cells by name, in order; a name that ends in _s, _bytes, _Bps or _share has that unit.
struct Row {
  std::vector<std::pair<std::string, Cell>> cells;
  void add(std::string name, Cell cell) { cells.emplace_back(std::move(name), std::move(cell)); }
  /// Null where there is no cell of that name.
  const Cell* find(std::string_view name) const noexcept;
};

/// Of a collective, a row a result: op, algorithm, ranks, bytes, …; time_s, busbw_Bps, messages,
/// sent_bytes; bound_ratio (time by lower bound); latency_share, bandwidth_share, reduction_share
/// (of the time, what the closed form spends on each) and contention_share (the rest).
/// Of a training, one row: strategy, collective, model, ranks; the last figures of the curve; the
/// totals; time, steps, bytes and messages to each of its targets, and to `asked`.
/// Both where that is known, of the result or of a whole report (a training, one result):
/// compute_share, communication_share, waiting_share of the ranks' time, and the busiest links.
std::vector<Row> rows_of(const Report& report, const std::vector<Target>& asked = {});

/// The names of all rows, in order of first appearance.
std::vector<std::string> columns_of(const std::vector<Row>& rows);

/// A cell as a JSON value, and back; objects and lists are text.
nlohmann::ordered_json to_json(const Cell& cell);
nlohmann::ordered_json to_json(const Row& row);
Cell cell_from(const nlohmann::ordered_json& value);
Row row_from(const nlohmann::ordered_json& object);

/// The shortest text that reads back as the same value; nothing is empty.
std::string exact_text(const Cell& cell);
/// A cell for people, with the unit its column's name ends in.
std::string readable_text(std::string_view column, const Cell& cell);
/// The number of a cell, if it is one.
std::optional<double> number_of(const Cell& cell) noexcept;

/// Rows as comma-separated values (RFC 4180), exact, with one header line.
std::string rows_csv(const std::vector<Row>& rows, const std::vector<std::string>& columns);
/// Rows for people, aligned; the header begins with '#'.
std::string rows_table(const std::vector<Row>& rows, const std::vector<std::string>& columns);
/// Rows as a table in Markdown.
std::string rows_markdown(const std::vector<Row>& rows, const std::vector<std::string>& columns);

}  // namespace troupe::analysis
