#include "real_backend/mpi/tag_packing.hpp"

#include <algorithm>
#include <bit>

namespace troupe::mpi {

namespace {
constexpr int name_bits = 6, step_bits = 5;
}

TagPacking::TagPacking(std::int64_t upper_bound) {
  const auto bits = std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(upper_bound, 0)) + 1) - 1;
  path_bits_ = std::min(static_cast<int>(bits), 31) - name_bits - step_bits;
  if (path_bits_ < 1)
    throw BackendError{"this MPI's tags end at " + std::to_string(upper_bound) +
                       " (MPI_TAG_UB); at least 4095 is needed"};
}

int TagPacking::pack(Context context, Tag tag) const {
  const std::uint64_t path = context.path();
  if (static_cast<int>(std::bit_width(path)) > path_bits_)
    throw BackendError{"communicators are nested too deeply for MPI: the path of this one takes " +
                       std::to_string(std::bit_width(path)) + " bits of a tag and " +
                       std::to_string(path_bits_) +
                       " are left (1, and 9 for each spawn, 5 for each subset)"};
  return static_cast<int>((path << name_bits | tag.name()) << step_bits |
                          (tag.step() & ((1u << step_bits) - 1)));
}

std::string TagPacking::describe(int packed) {
  const auto bits = static_cast<std::uint32_t>(packed);
  std::string text = "tag " + std::to_string(bits >> step_bits & ((1u << name_bits) - 1)) +
                     ", step " + std::to_string(bits & ((1u << step_bits) - 1)) + " (mod 32)";
  const std::uint32_t path = bits >> (step_bits + name_bits);
  if (path != 1) text += ", context " + std::to_string(path);
  return text;
}

}  // namespace troupe::mpi
