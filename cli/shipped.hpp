#pragma once
// Files that come with Troupe, and where they stand.

#include <string>
#include <vector>

#include "platforms/library.hpp"

namespace troupe::cli {

/// In order of name; empty where they are not installed.
std::vector<platforms::ShippedPlatform> shipped_platforms();

/// The file of a shipped platform, or the text itself, as an absolute path. Throws BadPlatform with
/// `where` the text was given and the nearest name if there is neither.
std::string find_platform(const std::string& text, const std::string& where = "--platform");

/// Relative to the working directory.
std::string absolute_path(const std::string& path);

/// This executable, and its folder.
std::string program_file();
std::string program_folder();

}  // namespace troupe::cli
