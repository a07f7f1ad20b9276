#include "analysis/measured.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "core/errors.hpp"

namespace troupe::analysis {
namespace measured {
namespace {

constexpr std::size_t longest_line = 1'000'000;
constexpr std::string_view blanks = " \t\r\f\v";

/// What was met, short enough for one line and without anything a terminal would act on.
std::string shown(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 40)) result += c >= ' ' && c <= '~' ? c : '?';
  return result + (text.size() > 40 ? "..." : "");
}

}  // namespace

Lines::Lines(const std::string& text, std::string name) : rest_{text}, name_{std::move(name)} {}

std::optional<std::string_view> Lines::next() {
  if (rest_.empty()) return {};
  ++number_;
  const auto end = rest_.find('\n');
  auto line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  if (line.size() > longest_line) fail("a line of more than a million bytes: not a table");
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}
void Lines::fail(std::string_view column, std::string_view found, std::string_view expected) const {
  throw BadInput{fmt::format("{}:{}: column {}: found \"{}\"; expected {}", name_, number_,
                             shown(column), shown(found), expected)};
}
void Lines::fail(const std::string& message) const {
  throw BadInput{fmt::format("{}:{}: {}", name_, number_, message)};
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (auto at = line.find_first_not_of(blanks); at != std::string_view::npos;) {
    const auto end = line.find_first_of(blanks, at);
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(blanks, end);
  }
  return words;
}

Seconds time_at(const Lines& lines, std::string_view column, std::string_view text, double unit) {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  const double seconds = value * unit;
  if (error != std::errc{} || at != end || !std::isfinite(seconds) || !(seconds > 0))
    lines.fail(column, text, "a time above 0");
  return Seconds{seconds};
}

std::uint64_t whole_at(const Lines& lines, std::string_view column, std::string_view text,
                       std::uint64_t least, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end || value < least || value > most)
    lines.fail(column, text, fmt::format("a whole number from {} to {}", least, most));
  return value;
}

MeasuredRow completed(MeasuredRow row, const MeasuredDefaults& defaults, const std::string& name) {
  const auto place = row.line > 0 ? fmt::format("{}:{}", name, row.line) : name;
  if (row.machine.empty()) row.machine = defaults.machine;
  if (row.op.empty()) row.op = defaults.op.empty() ? "allreduce" : defaults.op;
  if (row.algorithm.empty()) row.algorithm = defaults.algorithm;
  if (row.ranks == 0) row.ranks = row.op == "point_to_point" ? 2 : defaults.ranks;
  if (row.ranks == 0)
    throw BadInput{
        fmt::format("{}: the table does not say how many ranks ran: give --ranks", place)};
  const bool told = defaults.nodes > 0 && row.op != "point_to_point";
  if (row.nodes == 0) row.nodes = told ? defaults.nodes : row.ranks;
  if (row.nodes > row.ranks)
    throw BadInput{fmt::format("{}: {} nodes with {} ranks; expected a rank or more on each node",
                               place, row.nodes, row.ranks)};
  if (row.p10 == Seconds{}) row.p10 = row.time;
  if (row.p90 == Seconds{}) row.p90 = row.time;
  if (row.p10 > row.time || row.time > row.p90)
    throw BadInput{fmt::format("{}: the time {:g} s is not between p10 {:g} s and p90 {:g} s",
                               place, row.time.count(), row.p10.count(), row.p90.count())};
  return row;
}

std::string op_of_program(std::string_view program) {
  static constexpr std::array<std::array<std::string_view, 3>, 8> names{{
      {"all_reduce_perf", "Allreduce", "allreduce"},
      {"all_gather_perf", "Allgather", "allgather"},
      {"reduce_scatter_perf", "Reduce_scatter", "reduce_scatter"},
      {"broadcast_perf", "Broadcast", "broadcast"},
      {"reduce_perf", "Reduce", "reduce"},
      {"scatter_perf", "Scatter", "scatter"},
      {"gather_perf", "Gather", "gather"},
      {"alltoall_perf", "All-to-All", "all_to_all"},
  }};
  const auto file = program.substr(program.find_last_of('/') + 1);
  for (const auto& [nccl, osu, ours] : names)
    if (file == nccl || file == osu) return std::string{ours};
  return {};
}

}  // namespace measured

namespace {

bool begins_a_comment(std::string_view line) {
  const auto at = line.find_first_not_of(" \t");
  return at != std::string_view::npos && line[at] == '#';
}

}  // namespace

std::vector<MeasuredRow> read_measured(const std::string& text, const std::string& name,
                                       const MeasuredDefaults& defaults) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos)
    throw BadInput{fmt::format("{}: empty; expected a table of measured times", name)};
  std::vector<MeasuredRow> rows;
  if (text[first] == '{') {
    rows = measured::read_nccl_json(text, name, defaults);
  } else {
    auto read = measured::read_csv;
    measured::Lines lines{text, name};
    for (auto line = lines.next(); line; line = lines.next()) {
      if (!begins_a_comment(*line)) continue;
      if (line->find("OSU MPI") != std::string_view::npos) read = measured::read_osu;
      if (line->find("out-of-place") != std::string_view::npos) read = measured::read_nccl_text;
      if (read != measured::read_csv) break;
    }
    rows = read(text, name, defaults);
  }
  if (rows.empty()) throw BadInput{fmt::format("{}: a table without a row", name)};
  for (auto& row : rows) row = measured::completed(std::move(row), defaults, name);
  return rows;
}

}  // namespace troupe::analysis
