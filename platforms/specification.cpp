#include "platforms/specification.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "platforms/json_reader.hpp"

namespace troupe::platforms {
namespace {

std::filesystem::path resolved(const JsonReader& path, const std::filesystem::path& directory) {
  return (directory / path.text()).lexically_normal();
}

/// A host file by name, or its content: [{"host": "a", "slots": 2}, …].
std::vector<HostSlots> parse_hostfile(const JsonReader& value,
                                      const std::filesystem::path& directory) {
  if (value.is_text()) return read_hostfile(resolved(value, directory));
  std::vector<HostSlots> lines;
  for (const JsonReader& line : value.elements(1)) {
    line.expect_keys({"host", "slots"});
    lines.push_back(
        {.host = line["host"].text(), .slots = line.has("slots") ? line["slots"].integer(0) : 0});
  }
  return lines;
}

/// A setting may be written as text, number or truth value; SimGrid takes text.
std::string setting_text(const JsonReader& value) {
  const nlohmann::json& json = value.json();
  if (json.is_boolean()) return json.get<bool>() ? "yes" : "no";
  if (json.is_number()) return json.dump();
  return value.text();
}

Placement parse_placement_at(const JsonReader& value) {
  try {
    return parse_placement(value.text());
  } catch (const BadPlatform& error) {
    throw BadPlatform(fmt::format("{}: {}: {}", value.file(), value.pointer(), error.what()));
  }
}

}  // namespace

std::string PlatformSpec::name() const {
  if (generator.empty()) return file.string();
  const auto parsed = nlohmann::json::parse(generator, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("kind") || !parsed["kind"].is_string())
    return "generator";
  return parsed["kind"].get<std::string>() + " generator";
}

PlatformSpec platform_file(std::filesystem::path file) {
  PlatformSpec spec;
  spec.file = std::move(file);
  return spec;
}

PlatformSpec parse_platform_spec(const nlohmann::json& platform,
                                 const std::filesystem::path& directory, const std::string& where,
                                 const std::string& pointer) {
  const JsonReader value{platform, where, pointer};
  if (value.is_text()) return platform_file(resolved(value, directory));
  value.expect_keys({"file", "generator", "ranks", "placement", "hostfile", "ranks_per_host",
                     "latency_factor", "bandwidth_factor", "cfg"});
  if (value.has("file") == value.has("generator"))
    value.fail("exactly one of the keys \"file\" and \"generator\"");

  PlatformSpec spec;
  if (value.has("file")) spec.file = resolved(value["file"], directory);
  if (value.has("generator")) {
    if (!value["generator"].is_object()) value["generator"].fail("an object with the key \"kind\"");
    spec.generator = value["generator"].json().dump();
  }
  if (value.has("ranks")) spec.placement.ranks = value["ranks"].integer(0);
  if (value.has("ranks_per_host"))
    spec.placement.ranks_per_host = value["ranks_per_host"].integer(1);
  if (value.has("placement")) spec.placement.placement = parse_placement_at(value["placement"]);
  if (value.has("hostfile")) spec.placement.hostfile = parse_hostfile(value["hostfile"], directory);
  if (value.has("latency_factor")) spec.latency_factor = value["latency_factor"].number(0);
  if (value.has("bandwidth_factor"))
    spec.bandwidth_factor = value["bandwidth_factor"].number(0, true);
  if (value.has("cfg"))
    for (const auto& [name, setting] : value["cfg"].members())
      spec.cfg.emplace(name, setting_text(setting));
  return spec;
}

nlohmann::json to_json(const PlatformSpec& spec) {
  nlohmann::json json = nlohmann::json::object();
  if (spec.generator.empty()) json["file"] = spec.file.string();
  else json["generator"] = nlohmann::json::parse(spec.generator);
  json["ranks"] = spec.placement.ranks;
  json["ranks_per_host"] = spec.placement.ranks_per_host;
  json["placement"] = to_text(spec.placement.placement);
  for (const HostSlots& line : spec.placement.hostfile)
    json["hostfile"].push_back({{"host", line.host}, {"slots", line.slots}});
  if (spec.latency_factor) json["latency_factor"] = *spec.latency_factor;
  if (spec.bandwidth_factor) json["bandwidth_factor"] = *spec.bandwidth_factor;
  if (!spec.cfg.empty()) json["cfg"] = spec.cfg;
  return json;
}

}  // namespace troupe::platforms
