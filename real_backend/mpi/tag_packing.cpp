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

/// How many paths there are of at most that many digits.
constexpr std::uint64_t paths(int digits) {
  if (digits < 0) return 0;
  return 1 + subsets * paths(digits - subset_digits) + spawns * paths(digits - spawn_digits);
}

/// The place of a path (its lowest `length` bits) among those of at most `digits` digits, in depth
/// first order: all numbers below paths(digits) are used, where the path itself leaves gaps.
constexpr std::uint64_t number_of_path(std::uint64_t path, int length, int digits) {
  if (length == 0) return 0;
  const bool is_spawn = path >> (length - 1) & 1;
  const int taken = is_spawn ? spawn_digits : subset_digits;
  const std::uint64_t child = path >> (length - taken) & ((is_spawn ? spawns : subsets) - 1);
  const std::uint64_t before = is_spawn ? subsets * paths(digits - subset_digits) : 0;
  return 1 + before + child * paths(digits - taken) +
         number_of_path(path, length - taken, digits - taken);
}

}  // namespace

TagPacking::TagPacking(std::int64_t upper_bound) {
  constexpr std::int64_t least = (1 << 15) - 1, most = (std::int64_t{1} << 31) - 1;
  EXPECTS(upper_bound >= least, "MPI's tags reach 32767 and more");
  const auto tags = static_cast<std::uint64_t>(std::min(upper_bound, most)) + 1;
  const std::uint64_t numbers = (tags >> mark_shift) / marks;
  // Enough to share that contexts which take turns seldom need to be told again.
  constexpr std::uint64_t shared = 1024;
  path_digits_ = 0;
  while (paths(path_digits_ + 1) <= numbers - std::min(shared, numbers / 2)) ++path_digits_;
  first_shared_ = static_cast<std::uint32_t>(paths(path_digits_));
  telling_ = static_cast<std::uint32_t>(numbers - 1);
}

std::optional<std::uint32_t> TagPacking::own_number(Context context) const {
  const int length = static_cast<int>(std::bit_width(context.path())) - 1;
  if (length > path_digits_) return {};
  return static_cast<std::uint32_t>(number_of_path(context.path(), length, path_digits_));
}

int TagPacking::pack(Tag tag) const {
  if (const auto number = own_number(tag.context())) return pack(*number, tag);
  throw BackendError{
      "communicators are nested too deeply for receives that MPI matches itself: the path of this "
      "one takes " +
      std::to_string(std::bit_width(tag.context().path()) - 1) +
      " bits, 9 for each spawn and 5 for each subset, and tags leave room for " +
      std::to_string(path_digits_)};
}

}  // namespace troupe::mpi
