#pragma once
// What a rank did in a real run, as reports have it.

#include <optional>
#include <string>
#include <utility>

#include "analysis/report.hpp"
#include "core/activity.hpp"
#include "core/tag.hpp"

namespace troupe::scenarios {

inline analysis::RankActivity described(Rank rank, std::string host, const Activity& activity,
                                        std::optional<Seconds> on_device = {}) {
  return {.rank = rank,
          .host = std::move(host),
          .messages = activity.messages,
          .bytes = activity.bytes,
          .received_messages = activity.received_messages,
          .received_bytes = activity.received_bytes,
          .kernels = activity.kernels,
          .flops = activity.flops,
          .compute = activity.computing,
          .communication = activity.communicating,
          .waiting = activity.waiting,
          .on_device = on_device};
}

}  // namespace troupe::scenarios
