#include "scenarios/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "analysis/output.hpp"
#include "core/version.hpp"
#include "platforms/digest.hpp"
#include "scenarios/scenario.hpp"

namespace troupe::scenarios {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;

/// More points than this are surely a mistake, and would fill the memory before a disk.
constexpr std::size_t most_points = 10'000'000;

std::string pointer_of(const std::string& name) {
  if (name.starts_with("/")) return name;
  std::string pointer = "/";
  for (const char c : name) pointer += c == '.' ? '/' : c;
  return pointer;
}

std::vector<Field> fields_of(const Ordered& object, const std::string& place) {
  if (!object.is_object())
    throw BadScenario{fmt::format("{}: found {}; expected an object {{FIELD: VALUE, ...}}", place,
                                  object.dump())};
  std::vector<Field> fields;
  for (const auto& [name, value] : object.items()) fields.push_back({name, value.dump()});
  return fields;
}

/// The listed points; one without fields where none are listed.
std::vector<SweepPoint> listed_points(const Ordered& json, const std::string& file) {
  if (!json.contains("points")) return {SweepPoint{}};
  const auto& list = json["points"];
  if (!list.is_array() || list.empty())
    throw BadScenario{fmt::format("{}: /points: expected a list of at least one point", file)};
  std::vector<SweepPoint> points;
  for (std::size_t i = 0; i < list.size(); ++i)
    points.push_back({fields_of(list[i], fmt::format("{}: /points/{}", file, i)), {}});
  return points;
}

/// Each point once more for each value of the field.
std::vector<SweepPoint> varied(const std::vector<SweepPoint>& points, const std::string& name,
                               const Ordered& values, const std::string& file) {
  if (!values.is_array() || values.empty())
    throw BadScenario{fmt::format("{}: /vary: \"{}\" is {}; expected a list of at least one value",
                                  file, name, values.dump())};
  if (points.size() > most_points / values.size())
    throw BadScenario{fmt::format("{}: more than {} points", file, most_points)};
  std::vector<SweepPoint> all;
  all.reserve(points.size() * values.size());
  for (const auto& point : points)
    for (const auto& value : values) {
      all.push_back(point);
      all.back().fields.push_back({name, value.dump()});
    }
  return all;
}

/// Digests of files by path, each read once.
class FileDigests {
 public:
  /// Of the files that texts somewhere in the scenario name.
  std::string of(const Json& value, const fs::path& folder) {
    std::string all;
    if (value.is_string()) all = of_file(folder / value.get_ref<const std::string&>());
    if (value.is_structured())
      for (const auto& item : value) all += of(item, folder);
    return all;
  }

 private:
  const std::string& of_file(const fs::path& path) {
    const auto [at, first] = known_.try_emplace(path.string());
    std::error_code error;
    if (first && fs::is_regular_file(path, error)) {
      constexpr std::uintmax_t large = 64 << 20;  // of data; told apart by size and time
      const auto size = fs::file_size(path);
      at->second = size < large ? platforms::digest_of(analysis::read_file(path.string()))
                                : fmt::format("{}:{}", size,
                                              fs::last_write_time(path).time_since_epoch().count());
    }
    return at->second;
  }
  std::map<std::string, std::string> known_;
};

/// The scenario where it stands: in a file of its own, or in the sweep.
void read_base(const Section& top, const std::string& file, Sweep& sweep) {
  if (!top.has("scenario")) top.complain("", "expected \"scenario\": a file or an object");
  const auto& base = top.value("scenario");
  sweep.scenario_file = file;
  if (base.is_string()) {
    sweep.scenario_file =
        (fs::path{sweep.folder} / base.get<std::string>()).lexically_normal().string();
    const auto text =
        top.placed("scenario", [&] { return analysis::read_file(sweep.scenario_file); });
    sweep.scenario = parse_json(text, sweep.scenario_file).dump();
    sweep.folder = fs::path{sweep.scenario_file}.parent_path().string();
  } else if (base.is_object()) {
    sweep.scenario = base.dump();
  } else {
    top.fail("scenario", "a file or an object");
  }
}

}  // namespace

void check_points(Sweep& sweep) {
  FileDigests files;
  const auto folder = fs::path{sweep.folder};
  for (std::size_t i = 0; i < sweep.points.size(); ++i) {
    auto& point = sweep.points[i];
    try {
      Origin origin;
      const auto json = scenario_of(sweep, point, origin);
      read_scenario(json, origin, sweep.folder);
      point.digest = platforms::digest_of(
          fmt::format("{}\n{}\n{}", version, json.dump(), files.of(json, folder)));
    } catch (const BadInput& error) {
      if (point.fields.empty()) throw;
      throw BadScenario{
          fmt::format("{}: point {} ({}): {}", sweep.file, i, in_words(point), error.what())};
    }
  }
}

std::string in_words(const SweepPoint& point) {
  std::string text;
  for (const auto& field : point.fields)
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", field.name, field.value);
  return text;
}

Json scenario_of(const Sweep& sweep, const SweepPoint& point, Origin& origin) {
  origin = Origin{sweep.scenario_file == sweep.file ? std::string{} : sweep.scenario_file};
  auto json = Json::parse(sweep.scenario);
  for (const auto& [name, value] : point.fields) {
    const auto pointer = pointer_of(name);
    try {
      json[Json::json_pointer{pointer}] = Json::parse(value);
    } catch (const Json::exception&) {
      throw BadScenario{fmt::format("field \"{}\" cannot be reached in the scenario", name)};
    }
    origin.given_by(pointer, name);
  }
  return json;
}

Sweep read_sweep(const std::string& file) {
  const auto text = analysis::read_file(file);
  const auto json = parse_json(text, file);
  const auto ordered = Ordered::parse(text);
  const Origin origin{file};
  Sweep sweep;
  sweep.file = file;
  sweep.folder = fs::absolute(file).lexically_normal().parent_path().string();
  const Section top{json, origin, ""};
  if (!top.has("troupe_sweep"))
    top.complain("", top.misplaced() + "a sweep begins with \"troupe_sweep\": 1");
  if (top.value("troupe_sweep") != 1) top.fail("troupe_sweep", "1, the version of the format");
  read_base(top, file, sweep);
  if (!top.has("points") && !top.has("vary"))
    top.complain("", "expected \"vary\", \"points\" or both");
  sweep.points = listed_points(ordered, file);
  if (top.has("vary")) {
    const auto& vary = ordered["vary"];
    if (!vary.is_object() || vary.empty()) top.fail("vary", "{FIELD: [VALUE, ...], ...}");
    for (const auto& [name, values] : vary.items())
      sweep.points = varied(sweep.points, name, values, file);
  }
  top.close();
  check_points(sweep);
  return sweep;
}

}  // namespace troupe::scenarios
