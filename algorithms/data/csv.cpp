// Comma-separated values.

#include <algorithm>
#include <charconv>
#include <vector>

#include "algorithms/data/reading.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::algorithms {
namespace {

using Fields = std::vector<std::string>;

/// The fields of a line, without their quotes.
Fields fields_of(std::string_view line, char separator, const std::filesystem::path& file,
                 std::size_t number) {
  Fields fields;
  for (bool more = true; more;) {
    const auto field_ends = [&](std::size_t from) {
      return std::min(line.find(separator, from), line.size());
    };
    const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
    std::string text;
    std::size_t end = 0;
    if (begin < line.size() && line[begin] == '"') {
      std::size_t at = begin + 1;
      for (; at < line.size() && (line[at] != '"' || line.substr(at, 2) == "\"\""); ++at) {
        text += line[at];
        if (line[at] == '"') ++at;  // two quotes within quotes are one
      }
      end = field_ends(std::min(at + 1, line.size()));
      if (at >= line.size() || !trimmed(line.substr(at + 1, end - at - 1)).empty())
        damaged(at_line(file, number, fields.size() + 1),
                in_quotes(line.substr(begin, end - begin)),
                "a quoted field that ends at its closing quote");
    } else {
      end = field_ends(0);
      text = trimmed(line.substr(0, end));
    }
    fields.push_back(std::move(text));
    more = end < line.size();
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return fields;
}

bool is_header(const Fields& fields) {
  return std::ranges::none_of(fields,
                              [](const auto& field) { return to_number(field).has_value(); }) &&
         std::ranges::any_of(fields, [](const auto& field) { return !field.empty(); });
}

/// Which column is the target. `names` is empty where the file has no header.
std::size_t target_column(const std::string& target, const Fields& names, std::size_t columns,
                          const std::filesystem::path& file) {
  if (target.empty()) return columns - 1;
  const auto named = std::ranges::find(names, target);
  if (named != names.end()) return static_cast<std::size_t>(named - names.begin());
  std::size_t number = 0;
  const char* const end = target.data() + target.size();
  const auto [read_to, error] = std::from_chars(target.data(), end, number);
  if (error == std::errc{} && read_to == end && number < columns) return number;
  std::string expected = "a column's number from 0 to " + std::to_string(columns - 1);
  expected += names.empty() ? " (the file has no header to name columns)" : " or its name";
  throw BadInput(file.string() + ": the target is " + in_quotes(target) + ", expected " + expected +
                 did_you_mean(target, names));
}

}  // namespace

Dataset read_csv(const std::filesystem::path& file, const CsvOptions& options) {
  const std::string text = read_whole(file);
  Lines lines{std::string_view{text}.substr(text.starts_with("\xef\xbb\xbf") ? 3 : 0)};
  Dataset data{.outputs = options.labels.classes ? 0u : 1u, .classes = options.labels.classes};
  std::size_t columns = 0, target = 0;
  Fields names;
  while (const auto line = lines.next()) {
    if (line->find_first_not_of(' ') == line->npos) continue;
    const Fields fields = fields_of(*line, options.separator, file, lines.number());
    if (columns == 0) {
      columns = fields.size();
      if (columns < 2)
        damaged(file.string() + ": line " + std::to_string(lines.number()),
                "one column, " + in_quotes(*line),
                "a target and at least one feature, separated by " +
                    in_quotes({&options.separator, 1}));
      if (is_header(fields)) names = fields;
      target = target_column(options.target, names, columns, file);
      if (!names.empty()) continue;
    }
    if (fields.size() != columns)
      damaged(file.string() + ": line " + std::to_string(lines.number()),
              std::to_string(fields.size()) + " columns", std::to_string(columns) + " as before");
    for (std::size_t column = 0; column < columns; ++column) {
      const auto where = [&] { return at_line(file, lines.number(), column + 1); };
      if (column == target) {
        add_target(data, fields[column], options.labels, where());
      } else if (const auto value = to_number(fields[column])) {
        data.features.push_back(*value);
      } else {
        damaged(where(), in_quotes(fields[column]), "a finite number");
      }
    }
    ++data.samples;
  }
  if (data.samples == 0)
    throw BadInput(file.string() + ": has no samples, only " +
                   (names.empty() ? "empty lines" : "a header"));
  data.inputs = columns - 1;
  return data;
}

}  // namespace troupe::algorithms
