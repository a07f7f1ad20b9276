// Rows as text: for programs, exact; for people, with units.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/rows.hpp"
#include "core/text.hpp"

namespace troupe::analysis {
namespace {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

Cell cell_of(const Row& row, const std::string& column) {
  const auto* cell = row.find(column);
  return cell ? *cell : Cell{};
}

/// What a person sees of a column's name; its unit stands in the cells.
std::string heading(std::string_view column) {
  for (const std::string_view unit : {"_s", "_Bps"})
    if (column.ends_with(unit)) column.remove_suffix(unit.size());
  return std::string{column};
}

std::string markdown_field(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

}  // namespace

std::string exact_text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *number);
  if (const auto* number = std::get_if<double>(&cell)) return fmt::format("{}", *number);
  return {};
}

std::string readable_text(std::string_view column, const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  const auto number = number_of(cell);
  if (!number) return "-";
  if (column.ends_with("_s")) return to_text(Seconds{*number});
  if (column.ends_with("_Bps")) return fmt::format("{:.2f} GB/s", *number * 1e-9);
  if (column.ends_with("_share")) return fmt::format("{:.1f} %", 100 * *number);
  const bool is_whole = *number == std::floor(*number) && std::abs(*number) < 1e15;
  if (is_whole && column.ends_with("bytes") && *number >= 0)
    return to_text(Bytes{static_cast<std::uint64_t>(*number)});
  if (is_whole) return fmt::format("{:.0f}", *number);
  return fmt::format("{:.6g}", *number);
}

std::string rows_csv(const std::vector<Row>& rows, const std::vector<std::string>& columns) {
  std::string text;
  const auto line = [&](auto field_of) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      text += (i ? "," : "") + csv_field(field_of(columns[i]));
    text += "\n";
  };
  line([](const std::string& column) { return column; });
  for (const auto& row : rows)
    line([&](const std::string& column) { return exact_text(cell_of(row, column)); });
  return text;
}

std::string rows_table(const std::vector<Row>& rows, const std::vector<std::string>& columns) {
  std::vector<std::vector<std::string>> lines{{}};
  std::vector<std::size_t> widths;
  std::vector<bool> left;
  for (const auto& column : columns) {
    lines.front().push_back(heading(column));
    widths.push_back(lines.front().back().size());
    left.push_back(std::ranges::all_of(rows, [&](const Row& row) {
      const auto cell = cell_of(row, column);
      return !number_of(cell);
    }));
  }
  for (const auto& row : rows) {
    lines.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      lines.back().push_back(readable_text(columns[i], cell_of(row, columns[i])));
      widths[i] = std::max(widths[i], lines.back().back().size());
    }
  }
  std::string text;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    std::string line = at == 0 ? "#" : " ";
    for (std::size_t i = 0; i < columns.size(); ++i)
      line += left[i] ? fmt::format(" {:<{}} ", lines[at][i], widths[i])
                      : fmt::format(" {:>{}} ", lines[at][i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string rows_markdown(const std::vector<Row>& rows, const std::vector<std::string>& columns) {
  std::string text = "|", rule = "|";
  for (const auto& column : columns) {
    text += " " + markdown_field(heading(column)) + " |";
    const bool numbers = std::ranges::any_of(
        rows, [&](const Row& row) { return number_of(cell_of(row, column)).has_value(); });
    rule += numbers ? "---:|" : "---|";
  }
  text += "\n" + rule + "\n";
  for (const auto& row : rows) {
    text += "|";
    for (const auto& column : columns)
      text += " " + markdown_field(readable_text(column, cell_of(row, column))) + " |";
    text += "\n";
  }
  return text;
}

}  // namespace troupe::analysis
