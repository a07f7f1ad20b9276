#include "platforms/simgrid/loadable_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "platforms/simgrid/compat.hpp"

namespace troupe::platforms {
namespace {

const XmlTag* cluster_without_a_zone(std::span<const XmlTag> tags) {
  if (!compat::crashes_on_a_bare_cluster) return nullptr;
  const auto named = [](std::string_view name) {
    return [name](const XmlTag& tag) { return tag.name == name; };
  };
  if (std::ranges::any_of(tags, named("zone")) || std::ranges::any_of(tags, named("AS")))
    return nullptr;
  const auto cluster = std::ranges::find_if(tags, named("cluster"));
  return cluster != tags.end() && !(*cluster)["topology"].empty() ? &*cluster : nullptr;
}

/// Where the line begins; lines count from 1.
std::size_t start_of_line(const std::string& text, int line) {
  std::size_t at = 0;
  for (int passed = 1; passed < line && at != text.npos; ++passed) {
    at = text.find('\n', at);
    if (at != text.npos) ++at;
  }
  return at;
}

}  // namespace

LoadableFile::LoadableFile(const std::filesystem::path& file, std::span<const XmlTag> tags)
    : path_{file} {
  const XmlTag* cluster = cluster_without_a_zone(tags);
  if (cluster == nullptr) return;
  std::ifstream stream{file};
  std::string text{std::istreambuf_iterator<char>{stream}, {}};
  const std::size_t begin = text.find("<cluster", start_of_line(text, cluster->line));
  const std::size_t end = text.rfind("</platform");
  if (begin == text.npos || end == text.npos || end < begin) return;
  text.insert(end, "</zone>");
  text.insert(begin, "<zone id=\"around_" + std::string{(*cluster)["id"]} + "\" routing=\"Full\">");

  const auto copy = std::filesystem::temp_directory_path() /
                    ("troupe-" + std::to_string(::getpid()) + "-" + file.filename().string());
  std::ofstream{copy} << text;
  path_ = copy;
  is_copy_ = true;
}

LoadableFile::~LoadableFile() {
  std::error_code ignored;
  if (is_copy_) std::filesystem::remove(path_, ignored);
}

}  // namespace troupe::platforms
