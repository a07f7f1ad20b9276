#include "cli/sweep_results.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

namespace troupe::cli {

using Json = nlohmann::ordered_json;

namespace {

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// point and fields, then what the point gave, but for what a field already says under that name.
analysis::Row row_of(std::size_t number, const scenarios::SweepPoint& point, int status,
                     const Json& gave) {
  analysis::Row row;
  row.add("point", static_cast<std::int64_t>(number));
  for (const auto& [name, value] : point.fields)
    row.add(name, analysis::cell_from(Json::parse(value)));
  row.add("status", std::int64_t{status});
  for (auto& [name, cell] : analysis::row_from(gave).cells)
    if (!row.find(name)) row.add(name, std::move(cell));
  return row;
}

/// Whether a column has in every row what a field of the sweep has there.
bool says_a_field(const SweepResults& results, const std::set<std::string, std::less<>>& fields,
                  const std::string& column) {
  return std::ranges::any_of(fields, [&](const std::string& field) {
    return std::ranges::all_of(results.rows, [&](const analysis::Row& row) {
      const auto *said = row.find(column), *given = row.find(field);
      return given && (!said || *said == *given);
    });
  });
}

}  // namespace

std::string line_of(const analysis::Report& report) {
  Json json{{"status", 0}, {"rows", Json::array()}};
  for (const auto& row : analysis::rows_of(report)) json["rows"].push_back(to_json(row));
  return text_of(json);
}

std::string line_of_failure(int status, const std::string& why) {
  return text_of(Json{{"status", status}, {"error", why}});
}

SweepResults gather(const scenarios::Sweep& sweep, const SweepFolder& folder) {
  SweepResults results;
  for (std::size_t i = 0; i < sweep.points.size(); ++i) {
    const auto& point = sweep.points[i];
    const auto kept = folder.kept(point);
    const auto gave = Json::parse(kept ? *kept : line_of_failure(1, "has not run"));
    Json line{{"point", i}, {"fields", Json::object()}};
    for (const auto& [name, value] : point.fields) line["fields"][name] = Json::parse(value);
    for (const auto& [key, value] : gave.items()) line[key] = value;
    if (const auto report = folder.report_of(point)) line["report"] = *report;
    results.lines += text_of(line) + "\n";
    const int status = gave.value("status", 1);
    if (status != 0) {
      const auto why = gave.value("error", "");
      results.failures.push_back({i, status, why});
      results.rows.push_back(row_of(i, point, status, Json{{"failure", why}}));
    } else {
      for (const auto& row : gave["rows"]) results.rows.push_back(row_of(i, point, 0, row));
    }
  }
  results.columns = analysis::columns_of(results.rows);
  // What went wrong stands last, whichever point had it first.
  std::ranges::stable_partition(results.columns,
                                [](const auto& name) { return name != "failure"; });
  return results;
}

std::vector<std::string> columns_for_people(const scenarios::Sweep& sweep,
                                            const SweepResults& results) {
  std::set<std::string, std::less<>> wanted{
      "point",         "algorithm",         "bytes",       "steps",
      "loss",          "accuracy",          "time_s",      "busbw_Bps",
      "held_out_loss", "held_out_accuracy", "bound_ratio", "failure"};
  std::set<std::string, std::less<>> fields;
  for (const auto& point : sweep.points)
    for (const auto& field : point.fields) fields.insert(field.name);
  std::vector<std::string> columns;
  for (const auto& name : results.columns)
    if (fields.contains(name) || ((wanted.contains(name) || name.starts_with("time_to_")) &&
                                  !says_a_field(results, fields, name)))
      columns.push_back(name);
  return columns;
}

}  // namespace troupe::cli
