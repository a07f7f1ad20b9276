#pragma once
// A platform file as the SimGrid at hand can load it.

#include <filesystem>
#include <span>

#include "platforms/xml_scan.hpp"

namespace troupe::platforms {

/// The file itself; or, where SimGrid 4 would crash on it (a <cluster> with a topology and no zone
/// around it), a copy in the temporary directory with a zone around it, which changes no route and
/// is gone with this object.
class LoadableFile {
 public:
  LoadableFile(const std::filesystem::path& file, std::span<const XmlTag> tags);
  LoadableFile(const LoadableFile&) = delete;
  LoadableFile& operator=(const LoadableFile&) = delete;
  ~LoadableFile();

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  bool is_copy_ = false;
};

}  // namespace troupe::platforms
