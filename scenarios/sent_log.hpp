#pragma once
// When a rank had sent how much: for ranks in processes of their own, which nobody can ask while
// they train.

#include <cstdint>
#include <span>
#include <vector>

#include "core/units.hpp"

namespace troupe::scenarios {

/// Sums since the beginning.
struct Sent {
  double messages = 0, bytes = 0;
};

/// The sums after each message; of many messages after every second, fourth, … of them, so that a
/// log stays small and is less than a part in `most` / 2 behind.
class SentLog {
 public:
  static constexpr std::size_t most = 4096;  ///< entries

  /// After a message, in the order of time.
  void add(Seconds time, Sent sum);
  /// By then, as far as the log tells; nothing before its first entry.
  Sent at(Seconds time) const;

  /// As it travels: three numbers an entry, time and sums, on this rank's clock.
  std::vector<double> numbers() const;
  static SentLog of_numbers(std::span<const double> numbers);

 private:
  struct Entry {
    Seconds time;
    Sent sum;
  };
  std::vector<Entry> entries_;
  std::uint64_t seen_ = 0, stride_ = 1;  // entry i was message (i + 1) · stride
};

}  // namespace troupe::scenarios
