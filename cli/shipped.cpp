#include "cli/shipped.hpp"

#include <fmt/format.h>

#include "core/errors.hpp"

namespace troupe::cli {

namespace fs = std::filesystem;

std::string absolute_path(const std::string& path) {
  return fs::absolute(path).lexically_normal().string();
}

std::string program_file() {
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error);
  return error ? "./troupe" : program.string();
}

std::string program_folder() { return fs::path{program_file()}.parent_path().string(); }

std::vector<platforms::ShippedPlatform> shipped_platforms() {
  return platforms::list_platforms(platforms::platform_directories(program_file()));
}

std::string find_platform(const std::string& text, const std::string& where) {
  try {
    return absolute_path(
        platforms::find_platform(text, platforms::platform_directories(program_file())));
  } catch (const BadPlatform& error) {
    throw BadPlatform{fmt::format("{}: {} (troupe platform list)", where, error.what())};
  }
}

}  // namespace troupe::cli
