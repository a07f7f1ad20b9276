#pragma once
// Files that come with Troupe, and where they stand.

#include <string>
#include <vector>

#include "platforms/library.hpp"

namespace troupe::cli {

/// In order of name; empty where they are not installed.
std::vector<platforms::ShippedPlatform> shipped_platforms();

/// The file of a shipped platform, or the text itself, as an absolute path. Throws BadPlatform with
/// the nearest name if there is neither.
std::string find_platform(const std::string& text);

/// Relative to the working directory.
std::string absolute_path(const std::string& path);

/// The folder of this executable.
std::string program_folder();

}  // namespace troupe::cli
