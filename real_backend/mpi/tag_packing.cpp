#include "real_backend/mpi/tag_packing.hpp"

#include <algorithm>
#include <bit>
#include <string>

namespace troupe::mpi {

namespace {

// The digits of a path, as core/tag.hpp writes them: 1 and 8 bits for a spawn, 0 and 4 for a
// subset.
constexpr int spawn_digits = 9, subset_digits = 5;
constexpr std::uint64_t spawns = 256, subsets = 16;
constexpr int step_bits = 5;

/// How many paths there are of at most that many digits.
constexpr std::uint64_t paths(int digits) {
  if (digits < 0) return 0;
  return 1 + subsets * paths(digits - subset_digits) + spawns * paths(digits - spawn_digits);
}

/// The place of a path (its lowest `length` bits) among those of at most `digits` digits, in depth
/// first order: all numbers below paths(digits) are used, where the path itself leaves gaps.
constexpr std::uint64_t number_of(std::uint64_t path, int length, int digits) {
  if (length == 0) return 0;
  const bool is_spawn = path >> (length - 1) & 1;
  const int taken = is_spawn ? spawn_digits : subset_digits;
  const std::uint64_t child = path >> (length - taken) & ((is_spawn ? spawns : subsets) - 1);
  const std::uint64_t before = is_spawn ? subsets * paths(digits - subset_digits) : 0;
  return 1 + before + child * paths(digits - taken) +
         number_of(path, length - taken, digits - taken);
}

}  // namespace

TagPacking::TagPacking(std::int64_t upper_bound) {
  constexpr std::int64_t least = 0, most = (std::int64_t{1} << 31) - 1;
  const auto tags = static_cast<std::uint64_t>(std::clamp(upper_bound, least, most)) + 1;
  const std::uint64_t numbers = (tags >> mark_shift) / marks;
  path_digits_ = 0;
  while (paths(path_digits_ + 1) <= numbers) ++path_digits_;
  if (path_digits_ < spawn_digits)
    throw BackendError{
        "this MPI's tags end at " + std::to_string(upper_bound) + " (MPI_TAG_UB); at least " +
        std::to_string((paths(spawn_digits) * marks << mark_shift) - 1) + " is needed"};
}

int TagPacking::pack(Context context, Tag tag) const {
  const int length = static_cast<int>(std::bit_width(context.path())) - 1;
  if (length > path_digits_)
    throw BackendError{"communicators are nested too deeply for MPI: the path of this one takes " +
                       std::to_string(length) + " bits, 9 for each spawn and 5 for each subset, " +
                       "and tags leave room for " + std::to_string(path_digits_)};
  const auto number = static_cast<std::uint32_t>(number_of(context.path(), length, path_digits_));
  return static_cast<int>(number * std::uint32_t{marks} << mark_shift | tag.name() << step_bits |
                          (tag.step() & ((1u << step_bits) - 1)));
}

}  // namespace troupe::mpi
