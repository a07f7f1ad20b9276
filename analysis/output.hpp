#pragma once
// Files that appear whole or not at all.

#include <string>
#include <string_view>

namespace troupe::analysis {

/// Where a report will be written; "-" is standard output. The constructor makes missing folders
/// and proves that a file can be created there (throws BadInput with the system's reason), so that
/// a long run does not end in a full stop; nothing is left behind until write().
class Output {
 public:
  explicit Output(std::string path);
  /// Writes a temporary file beside the target and renames it. Throws Error when the disk refuses.
  void write(std::string_view content) const;
  bool is_standard_output() const noexcept { return path_ == "-"; }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// Writes a temporary file beside `path` and renames it; a device or a pipe is written into. Throws
/// Error when the disk refuses.
void write_whole(const std::string& path, std::string_view content);

/// The whole of a file. Throws BadInput with the system's reason.
std::string read_file(const std::string& path);

}  // namespace troupe::analysis
