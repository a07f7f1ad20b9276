#pragma once
// What a flow waits for.

#include <cstddef>
#include <exception>

#include "core/tag.hpp"
#include "sim/loggp/agenda.hpp"

namespace troupe::sim::loggp {

class Flow;

/// A message's sending or receiving side, a kernel or a spawned flow in progress. What every
/// message touches stands in two lines of the cache.
struct Pending : Event {
  enum class What : std::uint8_t { send, receive, kernel, flow };
  enum class For : std::uint8_t {
    request,  ///< it is a LogGPOperation
    flow,     ///< that waits for it and nothing else
    ahead     ///< of an Exchange
  };

  What what = What::kernel;
  struct Flags {
    For is_for = For::request;
    bool done = false;
    bool queued = false;     ///< waits in a channel for its other side
    bool eager = false;      ///< a message that does not wait for its receiver
    bool arrived = false;    ///< an eager message is there, its receiver or not
    bool committed = false;  ///< its turn at the port it enters by is settled
  } is;
  Flow* flow = nullptr;  ///< who issued it; null once the request is over
  /// The other side, once matched. Before, the next in the queue of a channel; of a kernel, the
  /// next of its lane; of a spare operation, the next spare one.
  Pending* other = nullptr;
  std::size_t bytes = 0;  ///< sent, or room to receive
  double end = 0;         ///< when its last byte is in, as far as is known
  double head = 0;  ///< when it was issued; once it leaves, when its first byte is at the port
                    ///< it enters by
  Rank from = any_rank, to = any_rank;

  Tag tag{0};                    ///< of a message, in its context; of a flow, its context
  std::byte* address = nullptr;  ///< of the payload; read only when it is sent
  std::uint64_t order = 0;       ///< among messages whose first bytes arrive together
  std::int32_t port = -1;        ///< it enters by
  std::uint8_t pair_kind = 0;    ///< Route::kind
  Pending *child = nullptr, *sibling = nullptr;  ///< among a port's arrivals

  std::exception_ptr error;  ///< what the kernel threw, or why the message failed

  void begin(Flow* issuer, What kind_of_work, For waiting) noexcept {
    what = kind_of_work;
    is = {.is_for = waiting};
    flow = issuer;
    other = nullptr;
  }
  /// Of a message, or of a receive of one, whose `sender` may be any_rank.
  void name(Rank sender, Rank receiver, const Tag& name_of_message, std::size_t size,
            std::byte* payload) noexcept {
    from = sender;
    to = receiver;
    tag = name_of_message;
    bytes = size;
    address = payload;
  }
  /// True if the two could meet: an open tag is one queue a receiver.
  bool is_alike(const Pending& that) const noexcept {
    return to == that.to && tag == that.tag && (from == that.from || tag.is_open());
  }
};

}  // namespace troupe::sim::loggp
