#pragma once
// What all ranks had sent when a step was reported, for training curves over bytes and messages.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "algorithms/training_log.hpp"
#include "scenarios/counting.hpp"

namespace troupe::scenarios {

/// Counters of the ranks of this process; thread-safe. Where ranks are processes, each logs what it
/// sends, and the process that reports is told what the others logged.
class SentSoFar {
 public:
  /// `together`: all ranks are in this process.
  SentSoFar(int ranks, bool together);

  int ranks() const { return ranks_; }
  /// For the communicator of a rank.
  SentCounters& of(Rank rank) { return counters_[static_cast<std::size_t>(rank)]; }
  /// What a rank has sent till now.
  Sent now(Rank rank) const;
  /// Keeps what all ranks have sent till now, as the state at that step; a later one of the same
  /// step replaces it.
  void keep(std::int64_t step);
  /// What a rank in a process of its own logged.
  SentLog& log(Rank rank) { return logs_[static_cast<std::size_t>(rank)]; }
  /// How far the clocks of ranks in processes of their own are ahead of rank 0's, by rank.
  void align(std::vector<Seconds> clocks_ahead) { clocks_ahead_ = std::move(clocks_ahead); }
  /// A time on a rank's clock, on rank 0's.
  Seconds common(Rank rank, Seconds time) const { return time - ahead(rank); }
  /// What a rank had sent when a step was reported: as kept, or logged by that time on rank 0's
  /// clock. Nothing where it was neither.
  std::optional<Sent> at(Rank rank, std::int64_t step, Seconds time) const;

 private:
  Seconds ahead(Rank rank) const {
    return clocks_ahead_.empty() ? Seconds{} : clocks_ahead_[static_cast<std::size_t>(rank)];
  }

  int ranks_;
  std::vector<SentLog> logs_;  // by rank, where ranks are processes
  std::vector<Seconds> clocks_ahead_;
  std::unique_ptr<SentCounters[]> counters_;
  std::mutex mutex_;
  std::map<std::int64_t, std::vector<Sent>> kept_;
};

/// What all ranks together had sent at each line of the history's summary: a rank that reported the
/// step, by then; any other, when the last of those reported it, as `sent` knows. Empty for lines
/// where that is not known of every rank.
std::vector<std::optional<Sent>> sent_at_lines(const algorithms::TrainingHistory& history,
                                               const std::vector<algorithms::Figures>& lines,
                                               const SentSoFar& sent);

}  // namespace troupe::scenarios
