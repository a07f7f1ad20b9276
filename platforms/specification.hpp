#pragma once
// What a scenario or a command line says about the platform, before anything is loaded.

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "platforms/placement.hpp"

namespace troupe::platforms {

/// A platform and the use made of it. Exactly one of `file` and `generator` is set.
struct PlatformSpec {
  /// A SimGrid platform (.xml) or a GPU cluster (.json).
  std::filesystem::path file;
  /// An inline generator: the text of a JSON object such as
  /// {"kind": "star", "hosts": 16, "bandwidth": "10Gbps", "latency": "1us", "speed": "1Gf"}.
  std::string generator;

  PlacementRequest placement{};
  /// Multiply the latency and bandwidth of every route; unset: as the network model says.
  std::optional<double> latency_factor;
  std::optional<double> bandwidth_factor;
  /// SimGrid's own settings by name, e.g. {"network/model", "CM02"}.
  std::map<std::string, std::string> cfg;

  /// How the platform is called in messages: the file, or "star generator".
  std::string name() const;
};

/// A specification for one file, all else by default.
PlatformSpec platform_file(std::filesystem::path file);

/// Reads the "platform" object of a scenario (or just its text: a file). Keys: file | generator,
/// ranks, placement, hostfile, ranks_per_host, latency_factor, bandwidth_factor, cfg. Paths are
/// relative to `directory`. `where` (the scenario's file) and `pointer` are for messages only.
/// Throws BadPlatform; the generator itself is read when it is built.
PlatformSpec parse_platform_spec(const nlohmann::json& platform,
                                 const std::filesystem::path& directory, const std::string& where,
                                 const std::string& pointer = "/platform");

/// The inverse: every value, in the form parse_platform_spec reads. The host file stands in full.
nlohmann::json to_json(const PlatformSpec& spec);

}  // namespace troupe::platforms
