#include "platforms/other_files.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "core/errors.hpp"
#include "core/file_kind.hpp"

namespace troupe::platforms {
namespace {

/// Of a scenario, which may name a file of its folder: "; its platform: …".
std::string platform_of(const JsonReader& scenario) {
  if (!scenario.has("platform")) return "; it names no platform";
  const JsonReader platform = scenario["platform"];
  const bool has_file = platform.is_object() && platform.has("file");
  const JsonReader file = has_file ? platform["file"] : platform;
  if (!file.is_text()) return "; its platform is generated and has no file";
  const auto path = std::filesystem::path{scenario.file()}.parent_path() / file.text();
  return fmt::format("; its platform: troupe platform show {}", path.lexically_normal().string());
}

}  // namespace

void refuse_other_files(const JsonReader& value) {
  if (!value.is_object() || value.has("troupe_gpu_cluster")) return;
  const auto kind = kind_of_file([&](const char* key) { return value.has(key); }, value.file());
  if (!kind.empty())
    throw BadPlatform{fmt::format("{}: this is {}, not a platform{}", value.file(), kind,
                                  value.has("troupe") ? platform_of(value) : "")};
}

}  // namespace troupe::platforms
