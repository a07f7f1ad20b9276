#pragma once
// Which stretches of memory a device may still be reading or writing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace troupe::mpi {

struct Stretch {
  const std::byte* begin = nullptr;
  std::size_t bytes = 0;
  bool is_written = false;

  bool operator==(const Stretch&) const = default;
  /// True if the order of the two matters.
  bool conflicts(const Stretch& other) const {
    const std::less<const std::byte*> before;
    return (is_written || other.is_written) && bytes > 0 && other.bytes > 0 &&
           before(begin, other.begin + other.bytes) && before(other.begin, begin + bytes);
  }
};

/// What has been given to a lane and need not be over: each stretch with the last that touches it.
class Touched {
 public:
  /// `number`: of what touches it, not less than those before.
  void note(const Stretch& stretch, std::uint64_t number) {
    const auto known = std::ranges::find(noted_, stretch, &Note::stretch);
    if (known != noted_.end()) known->number = number;
    else if (noted_.size() == most) note_everything(number);
    else noted_.push_back({stretch, number});
  }
  /// Everything conflicts with it.
  void note_everything(std::uint64_t number) {
    noted_.clear();
    everything_ = number;
  }
  /// The last that conflicts with a stretch, or 0.
  std::uint64_t last_conflict(const Stretch& stretch) const {
    std::uint64_t last = everything_;
    for (const Note& note : noted_)
      if (note.number > last && note.stretch.conflicts(stretch)) last = note.number;
    return last;
  }
  void clear() noexcept {
    noted_.clear();
    everything_ = 0;
  }

 private:
  static constexpr std::size_t most = 512;
  struct Note {
    Stretch stretch;
    std::uint64_t number;
  };
  std::vector<Note> noted_;
  std::uint64_t everything_ = 0;
};

}  // namespace troupe::mpi
