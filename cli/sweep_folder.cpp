#include "cli/sweep_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "analysis/output.hpp"
#include "core/errors.hpp"

namespace troupe::cli {

namespace fs = std::filesystem;

namespace {

std::string file_of(const scenarios::SweepPoint& point) { return point.digest + ".json"; }

}  // namespace

SweepFolder::SweepFolder(std::string path, Use use) : path_{std::move(path)} {
  for (const char* part : {"points", "reports"}) {
    std::error_code error;
    fs::create_directories(fs::path{path_} / part, error);
    if (error)
      throw BadInput{fmt::format("cannot make the folder {}/{}: {}", path_, part, error.message())};
  }
  lock(use);
  const analysis::Output probe{path_ + "/results.jsonl"};  // can anything be written here?
  if (use == Use::together) return;
  for (const char* part : {"", "points", "reports"})  // what a process that was killed left behind
    for (const auto& entry : fs::directory_iterator{fs::path{path_} / part})
      if (entry.path().extension() == ".part") fs::remove(entry.path());
}

SweepFolder::~SweepFolder() {
  if (lock_ >= 0) ::close(lock_);
}

/// A lock of fcntl(): it belongs to this process and not to its children, works over NFS, and is
/// gone when the process is, however that ends.
void SweepFolder::lock(Use use) {
  const auto file = path_ + "/lock";
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) throw BadInput{fmt::format("cannot write {}: {}", file, std::strerror(errno))};
  struct flock wanted {};
  wanted.l_type = use == Use::alone ? F_WRLCK : F_RDLCK;
  wanted.l_whence = SEEK_SET;
  if (::fcntl(lock_, F_SETLK, &wanted) == 0) return;
  const int why = errno;
  if (why != EACCES && why != EAGAIN)
    throw BadInput{fmt::format("cannot lock {}: {}", file, std::strerror(why))};
  struct flock holder = wanted;
  const bool known = ::fcntl(lock_, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK;
  throw BadInput{fmt::format(
      "{}: another sweep is at work in this folder{}: wait for it, or give another --out", path_,
      known ? fmt::format(" (process {})", holder.l_pid) : std::string{})};
}

std::optional<std::string> SweepFolder::kept(const scenarios::SweepPoint& point) const {
  const auto file = path_ + "/points/" + file_of(point);
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return {};
  auto text = analysis::read_file(file);
  if (!text.ends_with("}\n")) return {};  // a disk that lost power
  text.pop_back();
  return text;
}

bool SweepFolder::finished(const scenarios::SweepPoint& point, bool with_report) const {
  const auto line = kept(point);
  return line && line->starts_with("{\"status\":0,") && (!with_report || report_of(point));
}

void SweepFolder::keep(const scenarios::SweepPoint& point, const std::string& line,
                       const std::string& report) const {
  if (!report.empty()) write("reports/" + file_of(point), report);
  write("points/" + file_of(point), line + "\n");
}

std::optional<std::string> SweepFolder::report_of(const scenarios::SweepPoint& point) const {
  auto name = "reports/" + file_of(point);
  std::error_code error;
  if (!fs::is_regular_file(fs::path{path_} / name, error)) return {};
  return name;
}

void SweepFolder::write(const std::string& name, const std::string& content) const {
  analysis::write_whole(path_ + "/" + name, content);
}

}  // namespace troupe::cli
