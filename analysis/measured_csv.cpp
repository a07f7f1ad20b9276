// The plain table: a line of column names, then a line for each time.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analysis/measured.hpp"
#include "core/text.hpp"

namespace troupe::analysis::measured {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 4> units{
    {{"_s", 1}, {"_ms", 1e-3}, {"_us", 1e-6}, {"_ns", 1e-9}}};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (std::size_t at = 0;;) {
    const auto comma = line.find(',', at);
    cells.push_back(trimmed(line.substr(at, comma - at)));
    if (comma == std::string_view::npos) return cells;
    at = comma + 1;
  }
}

/// A column: which field of a row it fills, and its unit in seconds.
struct Column {
  std::string name, field;
  double unit = 1;
};

std::string without_unit(std::string_view name, double& unit) {
  for (const auto& [suffix, seconds] : units)
    if (name.ends_with(suffix)) {
      unit = seconds;
      return std::string{name.substr(0, name.size() - suffix.size())};
    }
  return std::string{name};
}

std::vector<Column> columns_of(const Lines& lines, std::string_view header) {
  const std::vector<std::string> known{"machine", "op",      "algorithm", "ranks", "nodes",
                                       "bytes",   "time_us", "p10_us",    "p90_us"};
  std::vector<Column> columns;
  for (const auto name : cells_of(header)) {
    Column column{.name = std::string{name}, .field = std::string{name}};
    const auto bare = without_unit(name, column.unit);
    if (bare == "time" || bare == "p10" || bare == "p90") {
      if (bare == name)
        lines.fail(
            fmt::format("column {} has no unit; expected {}_us, or _s, _ms, _ns", bare, bare));
      column.field = bare;
    } else if (std::find(known.begin(), known.end(), name) == known.end()) {
      lines.fail(
          fmt::format("unknown column \"{}\"{}; expected machine, op, algorithm, ranks, "
                      "nodes, bytes, time_us, p10_us, p90_us",
                      std::string{name.substr(0, 40)}, did_you_mean(name, known)));
    }
    for (const auto& other : columns)
      if (other.field == column.field)
        lines.fail(fmt::format("columns {} and {} say the same", other.name, column.name));
    columns.push_back(std::move(column));
  }
  for (const char* needed : {"ranks", "bytes", "time"})
    if (std::none_of(columns.begin(), columns.end(),
                     [&](const auto& column) { return column.field == needed; }))
      lines.fail(
          fmt::format("no column {}", needed == std::string_view{"time"} ? "time_us" : needed));
  return columns;
}

}  // namespace

std::vector<MeasuredRow> read_csv(const std::string& text, const std::string& name,
                                  const MeasuredDefaults&) {
  Lines lines{text, name};
  std::vector<Column> columns;
  std::vector<MeasuredRow> rows;
  for (auto line = lines.next(); line; line = lines.next()) {
    const auto content = trimmed(*line);
    if (content.empty() || content.front() == '#') continue;
    if (columns.empty()) {
      columns = columns_of(lines, content);
      continue;
    }
    const auto cells = cells_of(content);
    if (cells.size() != columns.size())
      lines.fail(fmt::format("{} columns; expected {}", cells.size(), columns.size()));
    MeasuredRow row{.op = "", .line = lines.number()};
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto& [title, field, unit] = columns[i];
      const auto cell = cells[i];
      if (field == "machine") row.machine = cell;
      if (field == "op") row.op = cell;
      if (field == "algorithm") row.algorithm = cell;
      if (field == "ranks") row.ranks = static_cast<int>(whole_at(lines, title, cell, 1, 1 << 24));
      if (field == "nodes") row.nodes = static_cast<int>(whole_at(lines, title, cell, 1, 1 << 24));
      if (field == "bytes") row.bytes = whole_at(lines, title, cell, 0, std::uint64_t{1} << 50);
      if (field == "time") row.time = time_at(lines, title, cell, unit);
      if (field == "p10") row.p10 = time_at(lines, title, cell, unit);
      if (field == "p90") row.p90 = time_at(lines, title, cell, unit);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace troupe::analysis::measured
