#pragma once
// A survey of a network: which pairs of ranks are timed, at which sizes, and which messages are put
// under way together. Rank 0 decides what comes next; everybody else does what it is told, so that
// nothing is measured while something else is.

#include <functional>

#include "algorithms/microbenchmarks/messages.hpp"
#include "core/measured_links.hpp"

namespace troupe::algorithms {

struct SurveyChoice {
  /// Of one pair of ranks in a group and one of two groups, growing; of others some of them, and
  /// the last two for messages together.
  std::vector<Bytes> sizes;
  RoundChoice rounds;
  std::vector<Rank> sharing{};  ///< ranks that compute on rank 0's processor, on rank 0
  int all_pairs_up_to = 16;     ///< ranks; of more, those 1, 2, 4, … ranks apart
};

/// Done so far, of 1.
using SurveyProgress = std::function<void(double share)>;

/// Which ranks are near each other, told from times of pairs: the group of each, numbered from 0;
/// all 0 where there is but one. Called on rank 0.
using FindGroups = std::function<std::vector<int>(const MeasuredLinks&)>;

/// Times messages among all ranks; of one rank only what it computes. Complete on rank 0 only
/// (without hosts). EXPECTS a size.
MeasuredLinks survey(Communicator& comm, const SurveyChoice& choice, const FindGroups& find_groups,
                     const SurveyProgress& progress = {});

}  // namespace troupe::algorithms
