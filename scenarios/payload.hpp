#pragma once
// Inputs with exact answers: small integers in every dtype, so that a correct result is equal, not
// close, whatever the order of additions; and the buffers a collective needs.

#include <cstdint>

#include "algorithms/catalogue.hpp"

namespace troupe::scenarios {

/// The buffers of one rank for one problem, real (in any memory) or phantom.
class CollectiveBuffers {
 public:
  CollectiveBuffers(algorithms::Collective op, const algorithms::Problem& problem, Rank rank,
                    bool phantom, bool in_place, Memory& memory = host_memory());
  algorithms::Buffers buffers() const { return buffers_; }
  /// Writes the inputs, and values that no result contains into what is output only. Phantom: does
  /// nothing.
  void fill();
  /// How many values of the output differ from the exact answer (an average: by more than
  /// rounding).
  std::uint64_t wrong() const;

 private:
  algorithms::Collective op_;
  const algorithms::Problem& problem_;
  Rank rank_;
  bool phantom_;
  Buffer input_, output_;
  algorithms::Buffers buffers_;
};

/// Bytes that all ranks together allocate for a problem with real payload.
double memory_needed(algorithms::Collective op, const algorithms::Problem& problem, bool in_place);

/// Counts of an all_to_all_v of about `count` values a rank: uneven, and the same in sum for all.
std::vector<std::size_t> uneven_counts(std::size_t count, int ranks);

}  // namespace troupe::scenarios
