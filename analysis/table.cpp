#include "analysis/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "analysis/amount.hpp"
#include "analysis/nccl_table.hpp"
#include "analysis/osu_table.hpp"
#include "analysis/targets.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::analysis {
namespace {

std::string gigabytes(BytesPerSecond rate) { return fmt::format("{:.2f}", rate.value * 1e-9); }
std::string number_or_dash(const std::optional<std::uint64_t>& number) {
  return number ? fmt::format("{}", *number) : "-";
}
std::string time_or_dash(const std::optional<Seconds>& time) {
  return time ? microseconds(*time) : "-";
}

/// Cells of text in columns: headings of one or more lines, all right-aligned but those said.
class Grid {
 public:
  void column(std::string heading, bool left = false) {
    columns_.push_back({.lines = {}, .width = 0, .left = left});
    std::size_t from = 0;
    while (from <= heading.size()) {
      const auto to = std::min(heading.find('\n', from), heading.size());
      columns_.back().lines.push_back(heading.substr(from, to - from));
      columns_.back().width = std::max(columns_.back().width, to - from);
      from = to + 1;
    }
  }
  void row(std::vector<std::string> cells) {
    for (std::size_t i = 0; i < cells.size(); ++i)
      columns_[i].width = std::max(columns_[i].width, cells[i].size());
    rows_.push_back(std::move(cells));
  }
  std::string text() const {
    std::size_t height = 0;
    for (const auto& column : columns_) height = std::max(height, column.lines.size());
    std::string text;
    for (std::size_t line = 0; line < height; ++line) {
      std::vector<std::string> cells;
      for (const auto& column : columns_) {
        const auto skipped = height - column.lines.size();
        cells.push_back(line < skipped ? "" : column.lines[line - skipped]);
      }
      text += "#" + joined(cells);
    }
    for (const auto& row : rows_) text += " " + joined(row);
    return text;
  }

 private:
  struct Column {
    std::vector<std::string> lines;
    std::size_t width = 0;
    bool left = false;
  };
  std::string joined(const std::vector<std::string>& cells) const {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i)
      text += columns_[i].left ? fmt::format("  {:<{}}", cells[i], columns_[i].width)
                               : fmt::format("  {:>{}}", cells[i], columns_[i].width);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  }
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

std::string heading(const Report& report) {
  const auto entry = [&](std::string_view key) { return environment_of(report, key); };
  std::string text = fmt::format("# {}", entry("name"));
  if (!entry("backend").empty()) text += fmt::format(" · backend {}", entry("backend"));
  if (!entry("network").empty()) text += fmt::format(" ({})", entry("network"));
  if (!entry("platform").empty()) text += fmt::format(" · platform {}", entry("platform"));
  if (!entry("ranks").empty()) text += fmt::format(" · {} ranks", entry("ranks"));
  if (!entry("payload").empty()) text += fmt::format(" · {} payload", entry("payload"));
  return text + "\n";
}

std::string collective_heading(const Report& report) {
  if (report.results.empty()) return {};
  const auto& first = report.results.front();
  return fmt::format(
      "# {} of {}, {}, {}, {} timing, median of {}\n", first.op, first.dtype, first.redop,
      first.in_place ? "in place" : "out of place", name_of(report.timing),
      first.iterations == 1 ? "1 iteration" : fmt::format("{} iterations", first.iterations));
}

std::string rows(const Report& report, bool several) {
  Grid grid;
  grid.column("size\n(B)");
  grid.column("count\n(elements)");
  grid.column("type");
  grid.column("redop");
  grid.column("algorithm", true);
  grid.column("time\n(us)");
  grid.column("algbw\n(GB/s)");
  grid.column("busbw\n(GB/s)");
  grid.column("model\n(us)");
  grid.column("bound\n(us)");
  const bool on_devices =
      std::ranges::any_of(report.results, [](const auto& r) { return r.on_device.has_value(); });
  if (on_devices) grid.column("device\n(us)");
  grid.column("messages");
  grid.column("#wrong");
  const auto best = fastest(report.results);
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    const auto& r = report.results[i];
    std::vector<std::string> row{fmt::format("{}", r.bytes),
                                 fmt::format("{}", r.count),
                                 r.dtype,
                                 r.redop,
                                 fmt::format("{}{}", r.algorithm, several && best[i] ? " *" : ""),
                                 microseconds(r.time),
                                 gigabytes(r.algbw),
                                 gigabytes(r.busbw),
                                 time_or_dash(r.model),
                                 time_or_dash(r.bound)};
    if (on_devices) row.push_back(time_or_dash(r.on_device));
    row.push_back(number_or_dash(r.messages));
    row.push_back(number_or_dash(r.wrong));
    grid.row(std::move(row));
  }
  return "#\n" + grid.text();
}

std::string two_lines(std::string name) {
  if (name.size() < 10) return name;
  auto cut = name.find('_', name.size() / 2 - 2);
  if (cut == std::string::npos) cut = name.find('_');
  if (cut != std::string::npos) name[cut] = '\n';
  return name;
}

std::string matrix(const Report& report) {
  std::vector<std::string> algorithms;
  std::vector<std::uint64_t> sizes;
  std::map<std::pair<std::uint64_t, std::string>, std::size_t> cells;
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    const auto& r = report.results[i];
    if (std::find(algorithms.begin(), algorithms.end(), r.algorithm) == algorithms.end())
      algorithms.push_back(r.algorithm);
    if (std::find(sizes.begin(), sizes.end(), r.bytes) == sizes.end()) sizes.push_back(r.bytes);
    cells[{r.bytes, r.algorithm}] = i;
  }
  const auto best = fastest(report.results);
  Grid grid;
  grid.column("size");
  for (const auto& name : algorithms) grid.column(two_lines(name) + " ");
  grid.column("best", true);
  grid.column("busbw\n(GB/s)");
  const bool bounded = std::any_of(report.results.begin(), report.results.end(),
                                   [](const auto& r) { return r.bound.has_value(); });
  if (bounded) grid.column("bound\n(us)");
  std::uint64_t wrong = 0;
  for (const auto size : sizes) {
    std::vector<std::string> row{to_text(Bytes{size})};
    const CollectiveResult* winner = nullptr;
    for (const auto& name : algorithms) {
      const auto at = cells.find({size, name});
      if (at == cells.end()) {
        row.push_back("- ");
        continue;
      }
      const auto& r = report.results[at->second];
      wrong += r.wrong.value_or(0);
      row.push_back(microseconds(r.time) + (best[at->second] ? "*" : " "));
      if (best[at->second]) winner = &r;
    }
    row.push_back(winner ? winner->algorithm : "");
    row.push_back(winner ? gigabytes(winner->busbw) : "");
    if (bounded) row.push_back(winner ? time_or_dash(winner->bound) : "");
    grid.row(std::move(row));
  }
  std::string text = "# time in us by algorithm, * = fastest of its size\n#\n" + grid.text();
  if (wrong) text += fmt::format("# wrong values: {}\n", wrong);
  return text;
}

std::string refusals(const Report& report) {
  std::map<std::pair<std::string, std::string>, int> lines;
  for (const auto& refusal : report.refused) ++lines[{refusal.algorithm, refusal.reason}];
  std::string text;
  for (const auto& [line, times] : lines)
    text += fmt::format("# {} left out: {}\n", line.first, line.second);
  return text;
}

std::string curve(const Report& report) {
  const auto names = figures_of(report);
  Grid grid;
  grid.column("step");
  grid.column("time\n(s)");
  for (const auto& name : names)
    grid.column(name == "sent_bytes" ? "sent\n(B)"
                : name == "device_s" ? "device\n(s)"
                                     : two_lines(name));
  for (const auto& point : report.training) {
    std::vector<std::string> row{fmt::format("{}", point.step),
                                 fmt::format("{:.6g}", point.time.count())};
    for (const auto& name : names) {
      const auto value = value_of(point, name);
      const bool counts = name == "sent_bytes" || name == "messages";
      row.push_back(value ? fmt::format("{:.{}g}", *value, counts ? 15 : 6) : "-");
    }
    grid.row(std::move(row));
  }
  return "#\n" + grid.text() + "#\n";
}

std::string target_line(const TargetResult& result) {
  const auto what = in_words(result.target);
  if (!result.reached) return fmt::format("# {}: not reached\n", what);
  const auto& reached = *result.reached;
  std::string text =
      fmt::format("# {}: reached at step {} after {}", what, reached.step, to_text(reached.time));
  if (reached.messages) text += fmt::format(", {:.15g} messages", *reached.messages);
  if (reached.sent_bytes) text += fmt::format(", {} sent", amount(*reached.sent_bytes));
  return text + "\n";
}

/// The whole run in a line: what it took, and what of the ranks' time went where.
std::string totals_line(const Report& report) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : report.totals) {
    if (key == "time_s") parts.push_back(to_text(Seconds{value}));
    else if (key == "messages") parts.push_back(fmt::format("{:.15g} messages", value));
    else if (key == "sent_bytes") parts.push_back(amount(value) + " sent");
    else if (key == "flops") parts.push_back(fmt::format("{:.3g} flops", value));
    else if (key == "device_s") parts.push_back(to_text(Seconds{value}) + " on devices");
    else if (key == "links_per_message") parts.push_back(fmt::format("{:.3g} links each", value));
    else if (key == "unmatched_messages" && value != 0)
      parts.push_back(fmt::format("{:.15g} messages unmatched", value));
  }
  if (const auto shares = busy_shares(report))
    parts.push_back(fmt::format("{:.1f} % computing, {:.1f} % communicating, {:.1f} % waiting",
                                100 * shares->compute, 100 * shares->communication,
                                100 * shares->waiting));
  return fmt::format("# {}\n", fmt::join(parts, " · "));
}

std::string training(const Report& report) {
  std::string text = curve(report) + totals_line(report);
  for (const auto& target : report.targets) text += target_line(target);
  return text;
}

}  // namespace

Layout layout_named(std::string_view name) {
  static const std::array<std::string, 5> names{"auto", "rows", "matrix", "nccl", "osu"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (name == names[i]) return static_cast<Layout>(i);
  throw BadInput{fmt::format("\"{}\" is no layout (auto, rows, matrix, nccl, osu){}", name,
                             did_you_mean(name, names))};
}

std::string microseconds(Seconds time) {
  const double us = time.count() * 1e6;
  if (us < 999.995) return fmt::format("{:.2f}", us);
  if (us < 99999.95) return fmt::format("{:.1f}", us);
  return fmt::format("{:.0f}", us);
}

std::string table(const Report& report, Layout layout) {
  if (layout == Layout::nccl) return nccl_table(report);
  if (layout == Layout::osu) return osu_table(report);
  std::string text = heading(report) + collective_heading(report);
  if (!report.training.empty() || !report.totals.empty()) text += training(report);
  if (!report.results.empty()) {
    const auto& first = report.results.front().algorithm;
    const bool several = std::any_of(report.results.begin(), report.results.end(),
                                     [&](const auto& r) { return r.algorithm != first; });
    const bool as_matrix = layout == Layout::matrix || (layout == Layout::automatic && several);
    text += as_matrix ? matrix(report) : rows(report, several);
    if (const auto time = time_on_devices(report.ranks))
      text += fmt::format("# {} on devices, all ranks and iterations together\n", to_text(*time));
  }
  return text + refusals(report);
}

}  // namespace troupe::analysis
