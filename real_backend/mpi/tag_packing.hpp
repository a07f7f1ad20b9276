#pragma once
// Contexts and tags in the one integer that MPI gives. Of 31 bits: the step modulo 32 (5), the name
// (6), and three times the number of the context's path plus what the message brings (20: enough
// for two spawns, a spawn and two subsets, or four subsets). Open tags take the same bits on a
// second communicator.

#include <cstdint>

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

  /// `upper_bound` is MPI_TAG_UB; with fewer bits than 31 contexts nest less deeply. Throws
  /// BackendError when not even one spawned flow has a number.
  explicit TagPacking(std::int64_t upper_bound);
  /// Throws BackendError when the context is nested too deeply.
  int pack(Context context, Tag tag) const;
  /// That of a tag that has its context.
  int pack(Tag tag) const { return pack(tag.context(), tag); }

  // What pack() gives is the tag of a message that brings values.
  static constexpr int marked(int tag, Brings brings) {
    return tag + (static_cast<int>(brings) << mark_shift);
  }
  static constexpr Brings mark_of(int marked) { return Brings{(marked >> mark_shift) % marks}; }
  static constexpr int without_mark(int tag) {
    return tag - (((tag >> mark_shift) % marks) << mark_shift);
  }

 private:
  static constexpr int mark_shift = 11, marks = 3;
  int path_digits_;  // bits of a path after its leading 1
};

}  // namespace troupe::mpi
