#include "rules.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace troupe::house {

namespace fs = std::filesystem;

namespace {

using Names = std::set<std::string, std::less<>>;

/// Who may include whom. Folders that are not here (tests, benchmarks) may include everything.
const std::map<std::string, Names, std::less<>> may_include{
    {"core", {"core"}},
    {"algorithms", {"core", "algorithms"}},
    {"platforms", {"core", "platforms"}},
    {"sim", {"core", "platforms", "sim"}},
    {"real_backend", {"core", "real_backend"}},
    {"analysis", {"core", "analysis"}},
    {"scenarios", {"core", "algorithms", "platforms", "analysis", "scenarios"}},
    {"cli", {"core", "algorithms", "platforms", "analysis", "scenarios", "cli"}},
    {"examples", {"core"}},
};
const Names folders{"core",         "algorithms", "platforms", "sim",
                    "real_backend", "analysis",   "scenarios", "cli",
                    "tests",        "benchmarks", "examples"};

/// The factory: the only files outside the backends that know them by name.
bool is_factory(std::string_view path) {
  return path.starts_with("scenarios/") &&
         std::ranges::any_of(std::initializer_list<std::string_view>{"backend", "_simgrid",
                                                                     "_loggp", "_mpi", "_cuda"},
                             [&](auto part) { return path.find(part) != std::string_view::npos; });
}

/// Single arrows beyond the rule, each with its reason.
const std::set<std::pair<std::string, std::string>> exceptions{
    // What a launcher left in the environment; without MPI, so that troupe can look before it
    // becomes troupe-mpi.
    {"cli/hand_over.cpp", "real_backend/mpi/launch.hpp"},
};

/// Libraries behind one door each: the include's beginning, and the paths that may open it.
struct Door {
  std::string_view include;
  std::vector<std::string_view> paths;
};
const std::vector<Door> doors{
    {"simgrid/",
     {"sim/simgrid/", "platforms/", "scenarios/backend_simgrid", "tests/", "benchmarks/"}},
    {"xbt", {"sim/simgrid/", "platforms/", "scenarios/backend_simgrid", "tests/", "benchmarks/"}},
    {"mpi.h", {"real_backend/", "tests/", "benchmarks/"}},
    {"mpi-ext.h", {"real_backend/", "tests/", "benchmarks/"}},
    {"cuda", {"real_backend/cuda/", "tests/", "benchmarks/"}},
    {"cublas", {"real_backend/cuda/", "tests/", "benchmarks/"}},
    {"cusolver", {"real_backend/cuda/", "tests/", "benchmarks/"}},
    {"nccl.h", {"real_backend/cuda/", "tests/", "benchmarks/"}},
    {"boost/program_options", {"cli/", "tests/"}},
    {"boost/context", {"sim/", "real_backend/", "tests/", "benchmarks/"}},
    {"zlib.h", {"algorithms/data/", "analysis/gzip", "analysis/page/packed", "tests/"}},
    {"Eigen/", {"core/kernel", "algorithms/", "analysis/", "tests/", "benchmarks/"}},
};

std::string first_folder(std::string_view path) {
  const auto slash = path.find('/');
  return std::string{slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash)};
}

bool has_ending(std::string_view path, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [&](auto ending) { return path.ends_with(ending); });
}
bool is_source(std::string_view path) { return has_ending(path, {".hpp", ".cpp", ".cu", ".cuh"}); }

/// True if `word` is in the text between characters that cannot belong to a file's name.
bool has_word(std::string_view text, std::string_view word) {
  const auto ends = [&](std::size_t at) {
    return at >= text.size() ||
           std::string_view{" \t\n();\"/"}.find(text[at]) != std::string_view::npos;
  };
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
    if ((at == 0 || ends(at - 1)) && ends(at + word.size())) return true;
  return false;
}

template <class Use>
void each_line(const File& file, Use use) {
  std::istringstream lines{file.text};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number)
    use(line, file.path + ":" + std::to_string(number));
}

}  // namespace

std::vector<File> files_under(const fs::path& root) {
  static const Names skipped{".git", "build", "out", ".cache"};
  std::vector<File> files;
  for (auto at = fs::recursive_directory_iterator{root}; at != fs::recursive_directory_iterator{};
       ++at) {
    const std::string name = at->path().filename().string();
    if (skipped.contains(name)) {
      if (at->is_directory()) at.disable_recursion_pending();
      continue;
    }
    if (!at->is_regular_file() || at->is_symlink()) continue;
    std::ifstream stream{at->path(), std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{stream}, {}};
    if (text.find('\0') != std::string::npos) continue;  // a picture, or data
    files.push_back({at->path().lexically_relative(root).generic_string(), std::move(text)});
  }
  std::ranges::sort(files, {}, &File::path);
  return files;
}

std::vector<std::string> broken_includes(const File& file) {
  static const std::regex include{R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])"};
  std::vector<std::string> broken;
  if (!is_source(file.path)) return broken;
  const std::string own = first_folder(file.path);
  const auto rule = may_include.find(own);
  each_line(file, [&](const std::string& line, const std::string& where) {
    std::smatch match;
    if (!std::regex_search(line, match, include)) return;
    const std::string target = match[2];
    for (const Door& door : doors)
      if (target.starts_with(door.include) &&
          std::ranges::none_of(door.paths, [&](auto path) { return file.path.starts_with(path); }))
        broken.push_back(where + ": " + target + " is included outside its door");
    if (match[1] == "<" || rule == may_include.end()) return;
    const std::string other = first_folder(target);
    if (!folders.contains(other))
      broken.push_back(where + ": \"" + target + "\" is not written from the root of the tree");
    else if (!rule->second.contains(other) &&
             !(is_factory(file.path) && (other == "sim" || other == "real_backend")) &&
             !exceptions.contains({file.path, target}))
      broken.push_back(where + ": " + own + " may not include " + other + " (" + target + ")");
  });
  return broken;
}

std::vector<std::string> unwanted_words(const File& file) {
  // Written in pieces, or this file would be its own first finding.
  static const std::regex words{
      "TO"
      "DO|FIX"
      "ME|XX"
      "X\\b|not imple"
      "mented|GTEST_SKIP\\(\\)\\s*;|DIS"
      "ABLED_"
      "|EXPECT_TRUE\\(tr"
      "ue\\)|#if \\x30"
      "|/ho"
      "me/|/Us"
      "ers/|(^|[^a-z0-9_.}])/wo"
      "rk/|(^|[^a-z0-9_])/ro"
      "ot/|\\.\\./sha"
      "red"};
  std::vector<std::string> found;
  if (file.path == "LICENSE") return found;
  each_line(file, [&](const std::string& line, const std::string& where) {
    std::smatch match;
    if (std::regex_search(line, match, words))
      found.push_back(where + ": \"" + match[0].str() + "\"");
  });
  return found;
}

std::vector<std::string> forgotten_sources(const std::vector<File>& files) {
  std::map<std::string, std::string> lists;  // folder → text of its CMake files
  for (const File& file : files)
    if (const fs::path path{file.path};
        path.filename() == "CMakeLists.txt" || path.extension() == ".cmake")
      lists[path.parent_path().generic_string()] += file.text + "\n";
  std::vector<std::string> forgotten;
  for (const File& file : files) {
    if (!has_ending(file.path, {".cpp", ".cu"}) || !folders.contains(first_folder(file.path)))
      continue;
    // Named by its own folder's list, or by one further up with the folders in between.
    const fs::path path{file.path};
    bool named = false;
    for (fs::path folder = path.parent_path(); !named && !folder.empty();
         folder = folder.parent_path())
      if (const auto list = lists.find(folder.generic_string()); list != lists.end())
        named = has_word(list->second, path.lexically_relative(folder).generic_string());
    if (!named) forgotten.push_back(file.path + ": no CMakeLists.txt names it");
  }
  return forgotten;
}

std::vector<std::string> broken_links(const File& file, const fs::path& root) {
  static const std::regex link{R"(\]\(([^)\s#]+)(#[^)]*)?\))"};
  std::vector<std::string> broken;
  if (!file.path.ends_with(".md")) return broken;
  each_line(file, [&](const std::string& line, const std::string& where) {
    for (std::sregex_iterator at{line.begin(), line.end(), link}, end; at != end; ++at) {
      const std::string target = (*at)[1];
      if (target.find("://") != std::string::npos || target.starts_with("mailto:")) continue;
      if (!fs::exists(root / fs::path{file.path}.parent_path() / target))
        broken.push_back(where + ": " + target + " does not exist");
    }
  });
  return broken;
}

}  // namespace troupe::house
