#include "algorithms/selection.hpp"

#include <algorithm>

namespace troupe::algorithms {

const Entry& least_cost(Collective collective, const Problem& problem,
                        const AlphaBetaGamma& machine) {
  const Entry* best = nullptr;
  Seconds least = forever;
  for (const Entry& entry : catalogue()) {
    if (entry.collective != collective || entry.name == "auto" || !entry.refusal(problem).empty())
      continue;
    const Seconds time = entry.cost(problem, machine).time;
    if (best && time >= least) continue;
    best = &entry;
    least = time;
  }
  EXPECTS(best != nullptr, "some algorithm can serve every problem");
  return *best;
}

const Entry& tuned(const Tuning& tuning, const Problem& problem) {
  const std::string collective{name_of(tuning.collective)};
  if (tuning.rows.empty()) throw BadInput("the tuning of " + collective + " has no rows");
  const auto reaches = [&](const Tuning::Row& row) { return problem.bytes() <= row.up_to.value; };
  auto row = std::find_if(tuning.rows.begin(), tuning.rows.end(), reaches);
  if (row == tuning.rows.end()) --row;
  const Entry& entry = find_entry(tuning.collective, row->algorithm);
  const std::string refusal = entry.refusal(problem);
  if (!refusal.empty())
    throw BadInput("the tuning of " + collective + " says \"" + row->algorithm +
                   "\", which cannot serve this: " + refusal);
  return entry;
}

}  // namespace troupe::algorithms
