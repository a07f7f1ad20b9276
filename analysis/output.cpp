#include "analysis/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "core/errors.hpp"

namespace troupe::analysis {
namespace {

std::string reason() { return std::generic_category().message(errno); }

/// Writes all of `content`; false with errno set when the system refuses.
bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// True for what is there and no file: a device or a pipe, which is written into and not replaced.
bool takes_a_stream(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
         !std::filesystem::is_directory(status);
}

std::string temporary(const std::string& path) {
  return fmt::format("{}.{}.part", path, ::getpid());
}

}  // namespace

Output::Output(std::string path) : path_{std::move(path)} {
  if (path_.empty()) throw BadInput{"an output needs a file name (or - for standard output)"};
  if (is_standard_output()) return;
  const std::filesystem::path target{path_};
  std::error_code error;
  if (std::filesystem::is_directory(target, error))
    throw BadInput{fmt::format("cannot write {}: it is a folder", path_)};
  error.clear();  // that there is nothing yet is as it should be
  if (target.has_parent_path()) std::filesystem::create_directories(target.parent_path(), error);
  if (error) throw BadInput{fmt::format("cannot write {}: {}", path_, error.message())};
  if (takes_a_stream(path_)) return;
  const auto trial = temporary(path_);
  const int file = ::open(trial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) throw BadInput{fmt::format("cannot write {}: {}", path_, reason())};
  ::close(file);
  ::unlink(trial.c_str());
}

void Output::write(std::string_view content) const {
  if (is_standard_output()) {
    std::fflush(stdout);
    if (!write_all(STDOUT_FILENO, content))
      throw Error{fmt::format("cannot write to standard output: {}", reason())};
    return;
  }
  write_whole(path_, content);
}

void write_whole(const std::string& path, std::string_view content) {
  const bool stream = takes_a_stream(path);
  const auto part = stream ? path : temporary(path);
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  const bool written = file >= 0 && write_all(file, content);
  const bool closed = file < 0 || ::close(file) == 0;
  if (!written || !closed || (!stream && std::rename(part.c_str(), path.c_str()) != 0)) {
    const auto why = reason();
    if (!stream) ::unlink(part.c_str());
    throw Error{fmt::format("cannot write {}: {}", path, why)};
  }
}

std::string read_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw BadInput{fmt::format("cannot read {}: it is a folder", path)};
  std::ifstream file{path, std::ios::binary};
  if (!file) throw BadInput{fmt::format("cannot read {}: {}", path, reason())};
  std::ostringstream content;
  content << file.rdbuf();
  if (file.bad()) throw BadInput{fmt::format("cannot read {}: {}", path, reason())};
  return std::move(content).str();
}

}  // namespace troupe::analysis
