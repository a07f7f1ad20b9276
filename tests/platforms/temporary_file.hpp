#pragma once
// A file that exists as long as a test needs it.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace troupe::platforms {

class TemporaryFile {
 public:
  /// `name` keeps its extension; the directory is this process's own.
  TemporaryFile(const std::string& name, const std::string& content)
      : directory_{std::filesystem::temp_directory_path() /
                   ("troupe-platforms-" + std::to_string(getpid()))},
        path_{directory_ / name} {
    std::filesystem::create_directories(directory_);
    std::ofstream{path_} << content;
  }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
    std::filesystem::remove(directory_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string text() const { return path_.string(); }

 private:
  std::filesystem::path directory_;
  std::filesystem::path path_;
};

}  // namespace troupe::platforms
