#pragma once
// What a run has left over when it ends, and what it hangs on when it does not: the same facts and
// the same words for every backend.

#include <cstddef>
#include <string>
#include <vector>

#include "core/activity.hpp"
#include "core/tag.hpp"

namespace troupe {

/// A message that was sent and that no receive has taken.
struct UnmatchedMessage {
  Rank from = 0, to = 0;
  Tag tag{0};
  std::size_t bytes = 0;
};

/// What a run that ended well can tell about itself.
struct RunReport {
  std::vector<UnmatchedMessage> unmatched;  ///< ordered by sender, then receiver
  std::vector<Activity> activity = {};      ///< by rank
};

/// A flow of control that waits, with no deadline.
struct BlockedFlow {
  Rank rank = 0;
  Context context;                 ///< the flow's own
  std::vector<std::string> waits;  ///< "to receive from rank 1 (tag 3, step 2)", …: any would do
};

/// "rank 0, flow 0, waits to receive from rank 1 (tag 3, step 2) or …"
std::string to_text(const BlockedFlow&);

/// Every flow waits for another one.
struct Standstill {
  std::vector<BlockedFlow> blocked;
  std::vector<Rank> returned;  ///< ranks whose program has already returned
  std::vector<UnmatchedMessage> unmatched;
};
/// The message of a Deadlock: every blocked rank and what it waits for, who has returned, and the
/// messages nobody took.
std::string to_text(const Standstill&);

/// "tag 3, step 2", "open tag 3", "tag 3 in flow 0"; what is 0 or the world is left out.
std::string to_text(Tag);
/// "the world", "flow 0", "flow 0 of subset 3".
std::string to_text(Context);
/// "rank 0 sent 12 bytes to rank 1 (tag 3, step 2)"
std::string to_text(const UnmatchedMessage&);
/// The phrases of BlockedFlow::waits.
std::string waits_to_receive(Rank from, Tag);
std::string waits_to_send(Rank to, Tag, std::size_t bytes);
std::string waits_for_flow(Context child);

}  // namespace troupe
