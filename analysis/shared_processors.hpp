#pragma once
// Ranks of a node that compute on one processor.

#include <optional>
#include <string>
#include <vector>

namespace troupe::analysis {

/// How many ranks share each processor, 1 if none does: all nodes alike, rank r of a node on its
/// processor r modulo so many as there are. Nothing where they share some otherwise, which a
/// GPU-cluster file cannot say. By rank: its node, its place in it, and the processor's name, which
/// is of its node; empty: it has its own.
std::optional<int> hosts_per_processor(const std::vector<int>& node, const std::vector<int>& place,
                                       const std::vector<std::string>& processor);

}  // namespace troupe::analysis
