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

struct Sent {
  double messages = 0, bytes = 0;
};

/// Counters of the ranks of this process. Thread-safe.
class SentSoFar {
 public:
  explicit SentSoFar(int ranks)
      : ranks_{ranks},
        counters_{std::make_unique<SentCounters[]>(static_cast<std::size_t>(ranks))} {}

  int ranks() const { return ranks_; }
  /// For the communicator of a rank.
  SentCounters& of(Rank rank) { return counters_[static_cast<std::size_t>(rank)]; }
  /// What a rank has sent till now.
  Sent now(Rank rank) const;
  /// Keeps what all ranks have sent till now, as the state at that step; a later one of the same
  /// step replaces it.
  void keep(std::int64_t step);
  /// What was kept, by rank; null if nothing was.
  const std::vector<Sent>* kept(std::int64_t step) const;

 private:
  int ranks_;
  std::unique_ptr<SentCounters[]> counters_;
  std::mutex mutex_;
  std::map<std::int64_t, std::vector<Sent>> kept_;
};

/// What all ranks together had sent at each line of the history's summary: a rank that reported the
/// step, by then; any other, when the last of those reported it, as `sent` kept it (else, as it had
/// said itself at or before that time). Empty for lines where that is not known of every rank.
std::vector<std::optional<Sent>> sent_at_lines(const algorithms::TrainingHistory& history,
                                               const std::vector<algorithms::Figures>& lines,
                                               const SentSoFar& sent);

}  // namespace troupe::scenarios
