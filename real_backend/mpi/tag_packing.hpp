#pragma once
// Contexts and tags in the one integer that MPI gives. Of 31 bits: the number of the context's path
// (19: enough for two spawns, a spawn and two subsets, or four subsets), whether the message is a
// phantom (1), the name (6), the step modulo 32 (5). Open tags take the same bits on a second
// communicator.

#include <cstdint>

#include "core/tag.hpp"

namespace troupe::mpi {

class TagPacking {
 public:
  /// `upper_bound` is MPI_TAG_UB; with fewer bits than 31 contexts nest less deeply. Throws
  /// BackendError when not even one spawned flow has a number.
  explicit TagPacking(std::int64_t upper_bound);
  /// Throws BackendError when the context is nested too deeply.
  int pack(Context context, Tag tag) const;
  /// That of a tag that has its context.
  int pack(Tag tag) const { return pack(tag.context(), tag); }

  /// Set in the tag of a message without values, which fits wherever it would without.
  static constexpr int phantom = 1 << 11;

 private:
  int path_digits_;  // bits of a path after its leading 1
};

}  // namespace troupe::mpi
