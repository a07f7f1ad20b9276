#pragma once
// Contexts and tags in the one integer that MPI gives. Of 31 bits: the context's path with its
// leading 1 (20), the name (6), the step modulo 32 (5). Open tags take the same bits on a second
// communicator.

#include <cstdint>

#include "core/tag.hpp"

namespace troupe::mpi {

class TagPacking {
 public:
  /// `upper_bound` is MPI_TAG_UB; fewer bits than 31 leave fewer for contexts. Throws BackendError
  /// when not even the world's context fits.
  explicit TagPacking(std::int64_t upper_bound);
  /// Throws BackendError when the context is nested too deeply.
  int pack(Context context, Tag tag) const;
  /// "tag 5, step 3 (mod 32)": for messages.
  static std::string describe(int packed);

 private:
  int path_bits_;
};

}  // namespace troupe::mpi
