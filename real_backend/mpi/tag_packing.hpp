#pragma once
// Contexts and tags in the one integer that MPI gives, which may be as short as 15 bits: the step
// modulo 32 (5), the name (6), and three times the number of a context plus what the message brings
// (the rest). Open tags take the same bits on a second communicator.
//
// Contexts whose path is short have a number of their own: with 31 bits, two spawns, a spawn and
// two subsets, or four subsets. Others share the numbers that are left (context_numbers.hpp), but
// for the last one: a message of that number tells what one of those stands for.

#include <cstdint>
#include <optional>

#include "core/tag.hpp"

namespace troupe::mpi {

class TagPacking {
 public:
  /// What a message brings. It fits wherever it would with values.
  enum class Brings : int {
    values,
    nothing,  ///< but weighs as much: a phantom
    header    ///< the values follow in fragments (fragments.hpp)
  };

  /// `upper_bound` is MPI_TAG_UB, which the standard promises to be 32767 or more.
  explicit TagPacking(std::int64_t upper_bound);

  /// That of a context that has one of its own.
  std::optional<std::uint32_t> own_number(Context context) const;
  /// Those that contexts share are from here ...
  std::uint32_t first_shared() const noexcept { return first_shared_; }
  /// ... to below this one, of messages that tell.
  std::uint32_t telling() const noexcept { return telling_; }

  /// The tag of a message that brings values.
  static int pack(std::uint32_t number, Tag tag) {
    return static_cast<int>(number * std::uint32_t{marks} << mark_shift | low_bits(tag));
  }
  /// The same of a context with a number of its own. Throws BackendError where it has none.
  int pack(Tag tag) const;
  static int marked(int tag, Brings brings) {
    return tag + (static_cast<int>(brings) << mark_shift);
  }

  static Brings mark_of(int tag) { return Brings{(tag >> mark_shift) % marks}; }
  static std::uint32_t number_of(int tag) {
    return static_cast<std::uint32_t>(tag >> mark_shift) / marks;
  }
  /// Name and step, below 1 << mark_shift.
  static std::uint32_t low_bits(Tag tag) {
    return tag.name() << step_bits | (tag.step() & ((1u << step_bits) - 1));
  }
  static std::uint32_t low_bits(int tag) {
    return static_cast<std::uint32_t>(tag) & ((1u << mark_shift) - 1);
  }

  static constexpr int mark_shift = 11;

 private:
  static constexpr int step_bits = 5, marks = 3;
  int path_digits_;  // bits of a path after its leading 1, of contexts with numbers of their own
  std::uint32_t first_shared_, telling_;
};

}  // namespace troupe::mpi
