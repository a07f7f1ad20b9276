#include "cli/shipped.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::cli {

namespace fs = std::filesystem;

std::string absolute_path(const std::string& path) {
  return fs::absolute(path).lexically_normal().string();
}

std::string program_folder() {
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error);
  return error ? std::string{"."} : program.parent_path().string();
}

std::vector<ShippedPlatform> shipped_platforms() {
  const fs::path installed = fs::path{program_folder()} / ".." / "share" / "troupe";
  const fs::path source = TROUPE_SOURCE_DIR;
  std::vector<fs::path> folders{installed / "platforms", installed / "files",
                                source / "platforms" / "files", source / "platforms"};
  if (const char* chosen = std::getenv("TROUPE_PLATFORMS")) folders.insert(folders.begin(), chosen);
  for (const auto& folder : folders) {
    std::vector<ShippedPlatform> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{folder, error}) {
      const auto& file = entry.path();
      const bool schema = file.stem().extension() == ".schema";
      if ((file.extension() == ".xml" || file.extension() == ".json") && !schema)
        found.push_back({file.stem(), file.lexically_normal()});
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    if (!found.empty()) return found;
  }
  return {};
}

std::string find_platform(const std::string& text) {
  std::error_code error;
  if (fs::exists(text, error)) return absolute_path(text);
  std::vector<std::string> names;
  for (const auto& platform : shipped_platforms()) {
    if (platform.name == text) return platform.file;
    names.push_back(platform.name);
  }
  throw BadPlatform{fmt::format(
      "--platform \"{}\": no such file, and no shipped platform of that name{} (shipped: {})", text,
      did_you_mean(text, names), fmt::join(names, ", "))};
}

}  // namespace troupe::cli
