#include "analysis/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::analysis {
namespace {

using Json = nlohmann::ordered_json;

/// What rows say themselves, or what says nothing about a run.
constexpr std::array<std::string_view, 7> told_otherwise{"name",
                                                         "platform.file",
                                                         "machine",
                                                         "collective.algorithm",
                                                         "collective.sizes",
                                                         "collective.plan",
                                                         "training.strategy"};

/// The fields of a scenario by path with dots; a list is one value.
void flatten(const Json& json, const std::string& path, std::map<std::string, Cell>& into) {
  if (std::ranges::find(told_otherwise, path) != told_otherwise.end()) return;
  if (!json.is_object()) {
    into[path] = cell_from(json);
    return;
  }
  for (const auto& [key, value] : json.items())
    flatten(value, path.empty() ? key : path + "." + key, into);
}

Cell cell_of(const Row& row, std::string_view column) {
  const auto* cell = row.find(column);
  return cell ? *cell : Cell{};
}

/// For each report, the fields in which its scenario differs from another's.
std::vector<Row> differing_fields(const std::vector<NamedReport>& reports) {
  std::vector<std::map<std::string, Cell>> fields(reports.size());
  std::vector<std::string> names;
  for (std::size_t run = 0; run < reports.size(); ++run) {
    flatten(Json::parse(reports[run].report.scenario), "", fields[run]);
    for (const auto& [name, value] : fields[run])
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  std::vector<Row> rows(reports.size());
  for (const auto& name : names) {
    const auto value_in = [&](const auto& of) {
      const auto at = of.find(name);
      return at == of.end() ? Cell{} : at->second;
    };
    if (std::ranges::all_of(fields,
                            [&](const auto& of) { return value_in(of) == value_in(fields[0]); }))
      continue;
    for (std::size_t run = 0; run < reports.size(); ++run)
      rows[run].add(name, value_in(fields[run]));
  }
  return rows;
}

void check_timing(const std::vector<NamedReport>& reports) {
  for (const auto& other : reports)
    if (other.report.timing != reports.front().report.timing)
      throw BadInput{fmt::format(
          "{} was timed {} and {} {}: times of the two modes are not comparable (--timing)",
          reports.front().name, name_of(reports.front().report.timing), other.name,
          name_of(other.report.timing))};
}

Cell algorithm_of(const Row& row) {
  const auto* algorithm = row.find("algorithm");
  return algorithm ? *algorithm : cell_of(row, "strategy");
}

Cell key_of(const Row& row, const std::string& by) {
  if (by == "algorithm") return algorithm_of(row);
  return cell_of(row, by == "size" ? "bytes" : by);
}

/// Equal problems: collective, size and placement of buffers.
bool same_problem(const Row& a, const Row& b) {
  return std::ranges::all_of(std::array{"op", "bytes", "in_place"}, [&](const char* column) {
    return cell_of(a, column) == cell_of(b, column);
  });
}

class Baselines {
 public:
  Baselines(const std::vector<Row>& rows, std::string wanted)
      : rows_{rows}, wanted_{std::move(wanted)} {
    std::vector<std::string> known;
    for (const auto& row : rows)
      for (const auto& cell : {cell_of(row, "run"), algorithm_of(row)})
        if (const auto* text = std::get_if<std::string>(&cell);
            text && std::ranges::find(known, *text) == known.end())
          known.push_back(*text);
    if (wanted_.empty()) wanted_ = exact_text(cell_of(rows.front(), "run"));
    is_run_ = std::ranges::any_of(
        rows, [&](const Row& row) { return cell_of(row, "run") == Cell{wanted_}; });
    if (std::ranges::find(known, wanted_) == known.end())
      throw BadInput{fmt::format("--baseline \"{}\": neither a report nor an algorithm of theirs{}",
                                 wanted_, did_you_mean(wanted_, known))};
  }
  int of(const Row& row) const {
    int only = -1, several = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const auto& other = rows_[i];
      if (!same_problem(row, other)) continue;
      if (!is_run_) {
        if (cell_of(other, "run") == cell_of(row, "run") && algorithm_of(other) == Cell{wanted_})
          return static_cast<int>(i);
        continue;
      }
      if (cell_of(other, "run") != Cell{wanted_}) continue;
      if (algorithm_of(other) == algorithm_of(row)) return static_cast<int>(i);
      only = static_cast<int>(i);
      ++several;
    }
    return several == 1 ? only : -1;
  }

 private:
  const std::vector<Row>& rows_;
  std::string wanted_;
  bool is_run_ = false;
};

void sort_by(std::vector<Row>& rows, const std::string& by) {
  const std::vector<std::string> known{"algorithm", "platform", "size"};
  if (std::ranges::find(known, by) == known.end())
    throw BadInput{fmt::format("--by \"{}\": expected algorithm, platform or size{}", by,
                               did_you_mean(by, known))};
  std::vector<Cell> order;
  for (const auto& row : rows)
    if (const auto key = key_of(row, by); std::ranges::find(order, key) == order.end())
      order.push_back(key);
  if (by == "size")
    std::ranges::stable_sort(order, {},
                             [](const Cell& cell) { return number_of(cell).value_or(-1); });
  std::ranges::stable_sort(rows, {}, [&](const Row& row) {
    return std::ranges::find(order, key_of(row, by)) - order.begin();
  });
}

/// A column by its name, or by its name without the unit at its end.
std::string column_named(const Comparison& comparison, const std::string& name) {
  std::vector<std::string> known;
  for (const std::string unit : {"", "_s", "_bytes", "_Bps", "_share"})
    for (const auto& column : comparison.columns) {
      if (!column.ends_with(unit)) continue;
      known.push_back(column.substr(0, column.size() - unit.size()));
      if (known.back() == name) return column;
    }
  throw BadInput{
      fmt::format("--fail-if: no report has a figure \"{}\"{}", name, did_you_mean(name, known))};
}

void order_columns(Comparison& result, const std::string& by) {
  auto all = columns_of(result.rows);
  const std::string first = by == "size" ? "bytes" : by;
  std::ranges::stable_partition(all, [&](const auto& name) { return name == first; });
  const auto differs = [&](const std::string& name) {
    if (name == "run" || name == first) return true;
    const auto value = cell_of(result.rows.front(), name);
    return std::ranges::any_of(result.rows,
                               [&](const Row& row) { return cell_of(row, name) != value; });
  };
  const auto same = std::ranges::stable_partition(all, differs);
  result.differing = static_cast<std::size_t>(same.begin() - all.begin());
  result.columns = std::move(all);
}

}  // namespace

Comparison comparison(const std::vector<NamedReport>& reports, const ComparisonChoice& choice) {
  if (reports.empty()) throw BadInput{"a comparison needs at least one report"};
  check_timing(reports);
  const auto fields = differing_fields(reports);
  Comparison result;
  for (std::size_t run = 0; run < reports.size(); ++run) {
    const auto& report = reports[run].report;
    if (report.results.empty() && report.training.empty())
      throw BadInput{fmt::format("{}: the report has no results", reports[run].name)};
    for (const auto& figures : rows_of(report, choice.targets)) {
      Row row;
      row.add("run", reports[run].name);
      if (const auto platform = environment_of(report, "platform"); !platform.empty())
        row.add("platform", std::string{platform});
      for (const auto& cells : {fields[run].cells, figures.cells})
        for (const auto& [name, cell] : cells)
          if (!row.find(name)) row.add(name, cell);
      result.rows.push_back(std::move(row));
    }
  }
  if (!choice.by.empty()) sort_by(result.rows, choice.by);
  const Baselines baselines{result.rows, choice.baseline};
  for (const auto& row : result.rows) result.baseline.push_back(baselines.of(row));
  std::vector<Cell> ratios;
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const auto time = number_of(cell_of(result.rows[i], "time_s"));
    std::optional<double> base;
    if (result.baseline[i] >= 0)
      base =
          number_of(cell_of(result.rows[static_cast<std::size_t>(result.baseline[i])], "time_s"));
    ratios.push_back(time && base && *base > 0 ? Cell{*time / *base} : Cell{});
  }
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    auto& cells = result.rows[i].cells;
    const auto time = std::ranges::find(cells, "time_s", &std::pair<std::string, Cell>::first);
    cells.insert(time == cells.end() ? time : time + 1, {"time_ratio", ratios[i]});
  }
  order_columns(result, choice.by);
  return result;
}

std::string table_of(const Comparison& comparison) {
  std::string same;
  for (std::size_t i = comparison.differing; i < comparison.columns.size(); ++i) {
    const auto& name = comparison.columns[i];
    const auto cell = cell_of(comparison.rows.front(), name);
    if (std::holds_alternative<std::monostate>(cell)) continue;
    same += fmt::format("{}{} {}", same.empty() ? "" : ", ", name, readable_text(name, cell));
  }
  const auto middle =
      comparison.columns.begin() + static_cast<std::ptrdiff_t>(comparison.differing);
  auto text = rows_table(comparison.rows, {comparison.columns.begin(), middle});
  return same.empty() ? text : text + "# the same everywhere: " + same + "\n";
}

std::string json_of(const Comparison& comparison) {
  Json list = Json::array();
  for (const auto& row : comparison.rows) {
    Json object = Json::object();
    for (const auto& column : comparison.columns) object[column] = to_json(cell_of(row, column));
    list.push_back(std::move(object));
  }
  return list.dump(1) + "\n";
}

std::vector<std::size_t> rows_where(const Comparison& comparison, const Condition& condition) {
  for (const auto& name : condition.names()) column_named(comparison, name.figure);
  std::vector<std::size_t> found;
  std::size_t compared = 0;
  for (std::size_t i = 0; i < comparison.rows.size(); ++i) {
    const int base = comparison.baseline[i];
    if (condition.uses_baseline() && (base < 0 || static_cast<std::size_t>(base) == i)) continue;
    bool known = true;
    const bool holds = condition.holds([&](const Condition::Name& name) {
      const auto& row = comparison.rows[name.of_baseline ? static_cast<std::size_t>(base) : i];
      const auto value = number_of(cell_of(row, column_named(comparison, name.figure)));
      if (!value && name.of_baseline) known = false;
      return value.value_or(std::numeric_limits<double>::infinity());
    });
    if (!known) continue;
    ++compared;
    if (holds) found.push_back(i);
  }
  if (compared == 0)
    throw BadInput{
        fmt::format("--fail-if \"{}\": no row has a baseline to be compared with "
                    "(--baseline)",
                    condition.text())};
  return found;
}

std::string in_words(const Comparison& comparison, const Condition& condition, std::size_t row) {
  const auto& of = comparison.rows[row];
  auto text = readable_text("run", cell_of(of, "run"));
  for (const char* column : {"algorithm", "bytes"})
    if (const auto* cell = of.find(column)) text += " " + readable_text(column, *cell);
  const char* separator = ": ";
  for (const auto& name : condition.names()) {
    const auto column = column_named(comparison, name.figure);
    const auto& from =
        name.of_baseline ? comparison.rows[static_cast<std::size_t>(comparison.baseline[row])] : of;
    text += fmt::format("{}{} {}", separator, name.of_baseline ? "baseline" : name.figure,
                        readable_text(column, cell_of(from, column)));
    separator = ", ";
  }
  return text;
}

}  // namespace troupe::analysis
