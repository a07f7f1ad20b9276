// What OSU's micro-benchmarks print: "# OSU MPI Allreduce Latency Test v7.4", a line that names the
// columns with their units, and a line for each size. Several tests may follow each other.

#include <fmt/format.h>

#include "analysis/measured.hpp"

namespace troupe::analysis::measured {
namespace {

/// "Allreduce Latency Test v7.4" → "allreduce"; "Latency Test" → "point_to_point".
std::string op_of_title(const Lines& lines, std::string_view title) {
  const auto words = words_of(title);
  const auto first = words.empty() ? std::string_view{} : words.front();
  if (first == "Latency") return "point_to_point";
  if (first == "Bandwidth" || first == "Bi-Directional" || first == "Multiple")
    lines.fail("a test of many messages at once; expected osu_latency or a collective's latency");
  if (const auto op = op_of_program(first); !op.empty()) return op;
  lines.fail(
      fmt::format("the test of \"{}\" is not known; expected osu_latency, osu_allreduce, "
                  "osu_allgather, osu_bcast, osu_reduce, ...",
                  std::string{first.substr(0, 40)}));
}

/// Whether the first column of latencies is in microseconds: "Avg Latency(us)", "Latency (us)".
bool has_microseconds(std::string_view columns) {
  static constexpr std::string_view title = "Latency";
  auto at = columns.find(title);
  if (at == std::string_view::npos) return false;
  at = columns.find_first_not_of(' ', at + title.size());
  return at != std::string_view::npos && columns.substr(at).starts_with("(us)");
}

}  // namespace

std::vector<MeasuredRow> read_osu(const std::string& text, const std::string& name,
                                  const MeasuredDefaults&) {
  static constexpr std::string_view title = "# OSU MPI ";
  Lines lines{text, name};
  std::vector<MeasuredRow> rows;
  std::string op;
  bool has_unit = false;
  for (auto line = lines.next(); line; line = lines.next()) {
    const auto words = words_of(*line);
    if (words.empty()) continue;
    if (line->starts_with(title)) {
      op = op_of_title(lines, line->substr(title.size()));
      has_unit = false;
    } else if (words.front() == "#" && words.size() > 2 && words[1] == "Size") {
      if (!has_microseconds(*line))
        lines.fail("column Latency has no unit; expected \"Latency (us)\"");
      has_unit = true;
    } else if (words.front().front() != '#') {
      if (op.empty()) lines.fail("a row before any \"# OSU MPI ... Test\"");
      if (!has_unit) lines.fail("a row before the line \"# Size  ... Latency(us)\"");
      if (words.size() < 2) lines.fail("1 column; expected a size and a latency");
      MeasuredRow row{.op = op, .line = lines.number()};
      row.bytes = whole_at(lines, "Size", words[0], 0, std::uint64_t{1} << 50);
      row.time = time_at(lines, "Latency(us)", words[1], 1e-6);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace troupe::analysis::measured
