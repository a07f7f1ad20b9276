// What nccl-tests print, as text and with -J as JSON (src/util.cu there). Times are those out of
// place; in place where there are no others.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "analysis/measured.hpp"
#include "core/errors.hpp"

namespace troupe::analysis::measured {
namespace {

using Json = nlohmann::json;

// ---- text

/// What the comments above the table say.
struct Heading {
  std::string op;
  int ranks = 0;
  std::set<std::string, std::less<>> hosts;
  std::vector<std::string> columns;  ///< empty until the line that names them
  bool has_units = false;
};

void read_comment(const Lines& lines, const std::vector<std::string_view>& words,
                  Heading& heading) {
  const auto follows = [&](std::string_view key) {
    const auto at = std::find(words.begin(), words.end(), key);
    return at == words.end() || at + 1 == words.end() ? std::string_view{} : *(at + 1);
  };
  if (const auto program = follows("starting:"); !program.empty())
    heading.op = op_of_program(program);
  if (words.size() > 2 && words[1] == "Rank" && !follows("Pid").empty()) {
    ++heading.ranks;
    heading.hosts.emplace(follows("on"));
  }
  if (words.size() > 2 && words[1] == "size") {
    heading.columns.assign(words.begin() + 1, words.end());
    heading.has_units = false;
  } else if (!heading.columns.empty() && !heading.has_units && words.size() > 1) {
    if (words[1] != "(B)" || std::find(words.begin(), words.end(), "(us)") == words.end())
      lines.fail("columns size and time have no units; expected a line with (B) and (us)");
    heading.has_units = true;
  }
}

MeasuredRow read_row(const Lines& lines, const std::vector<std::string_view>& words,
                     const Heading& heading) {
  const auto& columns = heading.columns;
  if (columns.empty()) lines.fail("a row before the line that names the columns");
  if (!heading.has_units) lines.fail("a row before the line with the units (B) and (us)");
  const auto time = std::find_if(columns.begin(), columns.end(), [](const auto& column) {
    return column == "time" || column == "cputime";
  });
  if (time == columns.end()) lines.fail("no column time");
  if (words.size() < columns.size())
    lines.fail(fmt::format("{} columns; expected {}", words.size(), columns.size()));
  MeasuredRow row{.op = heading.op, .line = lines.number()};
  row.bytes = whole_at(lines, "size", words[0], 0, std::uint64_t{1} << 50);
  row.time = time_at(lines, *time, words[static_cast<std::size_t>(time - columns.begin())], 1e-6);
  row.ranks = heading.ranks;
  row.nodes = static_cast<int>(heading.hosts.size());
  return row;
}

// ---- JSON

[[noreturn]] void fail(const std::string& name, const std::string& at, const std::string& found,
                       const char* expected) {
  throw BadInput{
      fmt::format("{}: {}: found {}; expected {}", name, at, found.substr(0, 60), expected)};
}
std::string shown(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}
const Json& member(const Json& object, const char* key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto at = object.find(key);
  return at == object.end() ? nothing : *at;
}
std::uint64_t whole(const Json& json, const std::string& name, const std::string& at,
                    std::uint64_t most) {
  if (!json.is_number_unsigned() || json.get<std::uint64_t>() > most)
    fail(name, at, shown(json), "a whole number");
  return json.get<std::uint64_t>();
}

Seconds time_of(const Json& result, const std::string& name, const std::string& at) {
  for (const char* half : {"out_of_place", "in_place"})
    for (const char* key : {"time", "cpu_time"}) {
      const auto& time = member(member(result, half), key);
      if (time.is_null()) continue;
      if (!time.is_number() || !std::isfinite(time.get<double>()) || time.get<double>() <= 0)
        fail(name, fmt::format("{}/{}/{}", at, half, key), shown(time), "a time above 0, in us");
      return Seconds{time.get<double>() * 1e-6};
    }
  fail(name, at + "/out_of_place/time", "nothing", "a time above 0, in us");
}

}  // namespace

std::vector<MeasuredRow> read_nccl_text(const std::string& text, const std::string& name,
                                        const MeasuredDefaults&) {
  Lines lines{text, name};
  Heading heading;
  std::vector<MeasuredRow> rows;
  for (auto line = lines.next(); line; line = lines.next()) {
    const auto words = words_of(*line);
    if (words.empty()) continue;
    if (words.front().front() == '#') read_comment(lines, words, heading);
    else if (const auto digit = words.front().front();
             (digit >= '0' && digit <= '9') || digit == '-')
      if (auto row = read_row(lines, words, heading); row.bytes > 0) rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<MeasuredRow> read_nccl_json(const std::string& text, const std::string& name,
                                        const MeasuredDefaults&) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw BadInput{fmt::format("{}: no valid JSON at byte {}", name, error.byte)};
  }
  const auto& results = member(json, "results");
  if (!results.is_array())
    throw BadInput{fmt::format("{}: not a JSON file of nccl-tests (no list \"results\")", name)};
  const auto& config = member(json, "config");
  const auto& devices = member(config, "devices");
  MeasuredRow common{.op = ""};
  if (const auto& arguments = member(json, "args");
      arguments.is_array() && !arguments.empty() && arguments.front().is_string())
    common.op = op_of_program(arguments.front().get<std::string>());
  if (devices.is_array() && !devices.empty()) {  // one for each process
    std::uint64_t ranks = devices.size();
    for (const char* key : {"nthreads", "ngpus"})
      if (const auto& count = member(config, key); !count.is_null())
        ranks *= whole(count, name, fmt::format("/config/{}", key), 4096);
    if (ranks == 0 || ranks > 1 << 24)
      fail(name, "/config/devices", std::to_string(ranks), "a rank or more");
    std::set<std::string> hosts;
    for (const auto& device : devices)
      if (const auto& host = member(device, "hostname"); host.is_string())
        hosts.insert(host.get<std::string>());
    common.ranks = static_cast<int>(ranks);
    common.nodes = static_cast<int>(hosts.size());
  }
  std::vector<MeasuredRow> rows;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto at = fmt::format("/results/{}", i);
    auto row = common;
    row.bytes = whole(member(results[i], "size"), name, at + "/size", std::uint64_t{1} << 50);
    row.time = time_of(results[i], name, at);
    if (row.bytes > 0) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace troupe::analysis::measured
