#pragma once
// The folder of a sweep: what each finished point gave, a lock, and at the end the results.
//   points/DIGEST.json   what a point gave, one line; named by what was simulated, so that a sweep
//                        that grows keeps its points
//   reports/DIGEST.json  its whole report, where asked for
//   results.jsonl, results.csv  all points in order, written when the last one has ended
// Every file appears whole or not at all.

#include <optional>
#include <string>

#include "scenarios/sweep.hpp"

namespace troupe::cli {

class SweepFolder {
 public:
  enum class Use {
    alone,    ///< nobody else may be at work here
    together  ///< with other parts of the same sweep
  };
  /// Makes and locks the folder; the lock ends with the process. Throws BadInput where that cannot
  /// be, naming the process that is at work there.
  SweepFolder(std::string path, Use use);
  ~SweepFolder();
  SweepFolder(const SweepFolder&) = delete;
  SweepFolder& operator=(const SweepFolder&) = delete;

  const std::string& path() const noexcept { return path_; }

  /// What a point gave, if it has run: a JSON line {"status": …, …}.
  std::optional<std::string> kept(const scenarios::SweepPoint& point) const;
  /// Whether a point has succeeded, and has its report where those are wanted.
  bool finished(const scenarios::SweepPoint& point, bool with_report) const;
  /// Keeps what a point gave. Throws Error when the disk refuses.
  void keep(const scenarios::SweepPoint& point, const std::string& line,
            const std::string& report) const;
  /// "reports/DIGEST.json" if it is there.
  std::optional<std::string> report_of(const scenarios::SweepPoint& point) const;
  /// Writes a file of the folder.
  void write(const std::string& name, const std::string& content) const;

 private:
  void lock(Use use);
  std::string path_;
  int lock_ = -1;
};

}  // namespace troupe::cli
