// Explains a deadlock: who waits for what, and which messages nobody received.

#include <algorithm>

#include "sim/simgrid/flow.hpp"

namespace troupe::sim::simgrid_world {

namespace {
constexpr std::size_t lines_at_most = 16;

std::string joined(std::vector<std::string> lines) {
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), lines_at_most); ++i) text += "\n  " + lines[i];
  if (lines.size() > lines_at_most)
    text += "\n  … and " + std::to_string(lines.size() - lines_at_most) + " more";
  return text;
}
}  // namespace

std::string World::explain_deadlock() const {
  std::vector<const Flow*> blocked;
  for (const Flow* flow : flows_)
    if (flow->is_blocked()) blocked.push_back(flow);
  std::ranges::stable_sort(blocked, {}, [](const Flow* flow) { return flow->rank(); });

  std::vector<std::string> waiting;
  for (const Flow* flow : blocked) {
    std::string line = "rank " + std::to_string(flow->rank()) + " waits ";
    std::size_t found = 0;
    for (const SimOperation& operation : operations_) {
      const bool awaited = operation.in_use && operation.flow == flow && !operation.is_done() &&
                           flow->waits_for(operation);
      if (!awaited) continue;
      if (found++ < 4) line += (found > 1 ? " or " : "") + operation.describe();
    }
    if (found > 4) line += " or for one of " + std::to_string(found - 4) + " more requests";
    waiting.push_back(line);
  }

  std::vector<std::string> unmatched;
  matching_.for_each_waiting(
      [&](const MessageKey& key, const SimOperation& operation, bool is_send) {
        if (!is_send) return;
        unmatched.push_back("from rank " + std::to_string(operation.from) + " to rank " +
                            std::to_string(key.to) + " (tag " + std::to_string(key.name) +
                            ", step " + std::to_string(key.step) + ", " +
                            std::to_string(operation.bytes) + " bytes)");
      });
  std::ranges::sort(unmatched);

  std::string text = "deadlock at " + std::to_string(now().count()) +
                     " s of simulated time:" + joined(std::move(waiting));
  if (!unmatched.empty())
    text += "\nmessages sent and never received:" + joined(std::move(unmatched));
  return text;
}

}  // namespace troupe::sim::simgrid_world
