#pragma once
// The platforms that come with Troupe, by name.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::platforms {

struct ShippedPlatform {
  std::string name;  ///< of the file, without its extension
  std::filesystem::path file;
  std::string description;  ///< first sentence of the file's comment, or a GPU cluster's name
};

/// All platform files (.xml, and .json that describe GPU clusters) in `directories`, by name. A
/// name found in an earlier directory hides later ones; directories that do not exist are passed
/// over.
std::vector<ShippedPlatform> list_platforms(std::span<const std::filesystem::path> directories);

/// A path to an existing file as it is; otherwise the platform of that name, with or without its
/// extension. Throws BadPlatform with the nearest name.
std::filesystem::path find_platform(std::string_view name,
                                    std::span<const std::filesystem::path> directories);

/// Where to look: $TROUPE_PLATFORMS if set (separated by ':'), then the installed set beside
/// `executable` (../share/troupe/platforms), then the source tree this was built from.
std::vector<std::filesystem::path> platform_directories(const std::filesystem::path& executable);

}  // namespace troupe::platforms
