#pragma once
// What every rank did and when, as spans: made of what ranks recorded at the port, the same on
// every backend. Writing and reading it is trace_json.hpp's business.

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/activity.hpp"
#include "core/recorder.hpp"

namespace troupe::analysis {

/// A kernel, one end of a message, or a time in which a rank did neither.
struct Span {
  enum class Lane : std::uint8_t { compute, send, receive, waiting };
  Lane lane = Lane::compute;
  std::uint16_t name = 0;  ///< of a kernel, index of Trace::kernels
  Rank rank = 0;
  Rank peer = any_rank;     ///< of a message, the other end
  std::uint32_t flow = 0;   ///< of a message, what its two ends have in common; 0: no other end
  std::uint64_t bytes = 0;  ///< of a message
  Seconds issued{};         ///< when the rank asked for it
  Seconds begin{}, end{};   ///< of the work, or of the transfer
};

/// A kernel as a rank's device timed it.
struct DeviceSpan {
  Rank rank = 0;
  std::uint16_t name = 0;  ///< index of Trace::kernels
  Seconds begin{}, end{};
};

/// Something that takes many spans: one run of a collective, a step of training.
struct Phase {
  Rank rank = 0;
  std::string name;    ///< Horovod's where the meaning is the same: "NEGOTIATE_ALLREDUCE"
  std::string detail;  ///< "ring, 1048576 B"; may be empty
  Seconds begin{}, end{};
};

/// How much of a link's bandwidth was used, in equal parts of the trace's time.
struct LinkUse {
  std::string name;
  std::vector<double> shares;  ///< 0 … 1; a little more where transfers sped up and slowed down
};

struct Trace {
  int ranks = 0;
  std::vector<std::string> host_of_rank;  ///< empty where nobody knows
  std::string name;                       ///< of the scenario
  std::string digest;                     ///< of the resolved scenario
  bool simulated = false;  ///< then a rank waits whenever it neither computes nor communicates
  std::vector<std::string> kernels;
  std::vector<Span> spans;          ///< sorted by (rank, lane, begin)
  std::vector<DeviceSpan> devices;  ///< sorted by (rank, begin); in no share of a rank's time
  std::vector<Phase> phases;
  std::vector<LinkUse> links;
  Seconds end{};
  std::uint64_t left_out = 0;  ///< events for which there was no room: all those after `end`
  std::size_t links_left_out = 0;
};

/// Up to which size messages from one rank to another are eager.
using EagerLimit = std::function<Bytes(Rank from, Rank to)>;

/// The events of each rank as spans: which send belongs to which receive, when a transfer began
/// (when both ends had asked for it; at once where it is eager), when a kernel (after the one
/// before it in its flow). `left_out` and `until` say what ranks had no room for: spans that began
/// later are left out, so that what is there is complete. No waiting spans yet.
Trace trace_of(const std::vector<std::vector<RecordedEvent>>& events, const EagerLimit& eager_limit,
               std::uint64_t left_out, Seconds until);

/// Adds the kernels that each rank's device timed; those that began at `until` or later only where
/// nothing was left out.
void add_device_kernels(Trace& trace, const std::vector<std::vector<TimedKernel>>& of_rank,
                        Seconds until);

/// Adds the waiting of each rank: its time till `ends[rank]` in which it neither computes nor has a
/// transfer. To be called once.
void add_waiting(Trace& trace, const std::vector<Seconds>& ends);

/// A link by name, and what it carries.
struct NamedLink {
  std::string name;
  BytesPerSecond bandwidth{};
};
/// Names the links from one rank to another.
using RouteOf = std::function<std::vector<std::string>(Rank from, Rank to)>;
/// Adds the use of links: every transfer at its mean rate. Of many links, those that carried most.
void add_links(Trace& trace, const std::vector<NamedLink>& links, const RouteOf& route);

/// Seconds that each rank computed, communicated (a transfer but no kernel) and neither of both,
/// from the spans alone.
struct Shares {
  Seconds compute{}, communication{}, waiting{};
};
std::vector<Shares> shares_of(const Trace& trace);

}  // namespace troupe::analysis
