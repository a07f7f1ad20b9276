#include "scenarios/sent_log.hpp"

#include <algorithm>

namespace troupe::scenarios {

void SentLog::add(Seconds time, Sent sum) {
  if (++seen_ % stride_ != 0) return;
  entries_.push_back({time, sum});
  if (entries_.size() < most) return;
  for (std::size_t i = 0; i < most / 2; ++i) entries_[i] = entries_[2 * i + 1];
  entries_.resize(most / 2);
  stride_ *= 2;
}

Sent SentLog::at(Seconds time) const {
  const auto after = std::ranges::upper_bound(entries_, time, {}, &Entry::time);
  return after == entries_.begin() ? Sent{} : std::prev(after)->sum;
}

std::vector<double> SentLog::numbers() const {
  std::vector<double> numbers;
  for (const Entry& entry : entries_)
    numbers.insert(numbers.end(), {entry.time.count(), entry.sum.messages, entry.sum.bytes});
  return numbers;
}

SentLog SentLog::of_numbers(std::span<const double> numbers) {
  SentLog log;
  for (std::size_t i = 0; i + 2 < numbers.size(); i += 3)
    log.entries_.push_back({Seconds{numbers[i]}, {numbers[i + 1], numbers[i + 2]}});
  return log;
}

}  // namespace troupe::scenarios
