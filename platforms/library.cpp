#include "platforms/library.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::platforms {
namespace {

namespace fs = std::filesystem;

/// "16 hosts, each …" of "<!-- 16 hosts, each …. More. -->": up to the first full stop.
std::string first_sentence(const std::string& xml) {
  const auto begin = xml.find("<!--");
  if (begin == xml.npos) return {};
  std::istringstream words{xml.substr(begin + 4, xml.find("-->", begin) - begin - 4)};
  std::string sentence;
  for (std::string word; words >> word;) {
    sentence += (sentence.empty() ? "" : " ") + word;
    if (word.ends_with('.')) return sentence.substr(0, sentence.size() - 1);
  }
  return sentence;
}

/// Nothing where the file is no platform.
std::optional<std::string> description_of(const fs::path& file) {
  std::ifstream stream{file};
  std::ostringstream content;
  content << stream.rdbuf();
  if (file.extension() == ".xml") {
    if (content.str().find("<platform") == std::string::npos) return std::nullopt;
    return first_sentence(content.str());
  }
  if (file.extension() != ".json") return std::nullopt;
  const auto json = nlohmann::json::parse(content.str(), nullptr, false);
  if (!json.is_object() || !json.contains("troupe_gpu_cluster")) return std::nullopt;
  return json.value("name", std::string{});
}

}  // namespace

std::vector<ShippedPlatform> list_platforms(std::span<const fs::path> directories) {
  std::map<std::string, ShippedPlatform> found;
  for (const fs::path& directory : directories) {
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator{directory, missing}) {
      if (!entry.is_regular_file()) continue;
      const std::string name = entry.path().stem().string();
      if (found.contains(name)) continue;
      if (const auto description = description_of(entry.path()))
        found.emplace(name, ShippedPlatform{name, entry.path(), *description});
    }
  }
  std::vector<ShippedPlatform> platforms;
  for (auto& [name, platform] : found) platforms.push_back(std::move(platform));
  return platforms;
}

fs::path find_platform(std::string_view name, std::span<const fs::path> directories) {
  if (fs::is_regular_file(name)) return name;
  std::vector<std::string> names;
  for (const ShippedPlatform& platform : list_platforms(directories)) {
    if (platform.name == name || platform.file.filename() == name) return platform.file;
    names.push_back(platform.name);
  }
  throw BadPlatform(fmt::format("{}: neither a file nor a platform that comes with Troupe{}", name,
                                did_you_mean(name, names)));
}

std::vector<fs::path> platform_directories(const fs::path& executable) {
  std::vector<fs::path> directories;
  if (const char* own = std::getenv("TROUPE_PLATFORMS")) {
    std::istringstream list{own};
    for (std::string directory; std::getline(list, directory, ':');)
      if (!directory.empty()) directories.emplace_back(directory);
  }
  directories.push_back(
      (executable.parent_path() / "../share/troupe/platforms").lexically_normal());
  directories.emplace_back(TROUPE_PLATFORMS_SOURCE);
  return directories;
}

}  // namespace troupe::platforms
