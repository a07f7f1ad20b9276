#pragma once
// The rules of the house that a machine can check, as functions over text, so that each has a
// negative control beside it. docs/architecture.md says why they are.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::house {

/// A file of the project: its path from the root, with '/', and its text.
struct File {
  std::string path;
  std::string text;
};

/// All text files under `root` but those of builds and of git.
std::vector<File> files_under(const std::filesystem::path& root);

/// What a file includes that its folder may not, one sentence each: our own folders, and the
/// libraries that only some folders may speak to.
std::vector<std::string> broken_includes(const File& file);

/// Words of unfinished work, and paths that exist on one person's machine only.
std::vector<std::string> unwanted_words(const File& file);

/// Sources of the folders that no CMake file names: they are not built, and nobody would notice.
std::vector<std::string> forgotten_sources(const std::vector<File>& files);

/// Relative links of a Markdown file that lead nowhere.
std::vector<std::string> broken_links(const File& file, const std::filesystem::path& root);

}  // namespace troupe::house
