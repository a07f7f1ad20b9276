#pragma once
// The two messages of an exchange, of a rank that runs ahead.

#include <cstddef>
#include <cstdint>
#include <exception>

#include "core/tag.hpp"
#include "sim/loggp/pairs.hpp"

namespace troupe::sim::loggp {

/// What a rank sends and receives in one exchange, issued at one time under one tag, and when each
/// of the two ends. Three lines of the cache: what others look for, what they leave, and the pair.
struct alignas(64) Exchange {
  // Of `open`: which messages have not ended, as far as is known, and which of these wait for their
  // other sides.
  static constexpr std::uint8_t receiving = 1, sending = 2, receive_waits = 4, send_waits = 8;

  double issued = 0;
  Context context{};
  std::uint32_t name = 0, step = 0;  ///< of the tag
  Rank to = any_rank, from = any_rank;
  std::size_t bytes = 0;  ///< sent
  std::size_t room = 0;   ///< to receive; once received, how many bytes were
  std::uint8_t open = 0;

  const std::byte* leaving = nullptr;
  std::byte* arriving = nullptr;
  struct Span {
    double begun = 0, end = 0;
  } sent, received;
  std::exception_ptr error;  ///< of what was received, if it has failed

  /// Of the receiver it was sent to last, with what has been counted since. To nobody at first.
  alignas(64) Pair pair;

  Tag tag() const { return Tag{name}.at(step).in(context); }
  bool has_tag_of(const Exchange& that) const noexcept {
    return context == that.context && name == that.name && step == that.step;
  }
};

}  // namespace troupe::sim::loggp
