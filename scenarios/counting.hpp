#pragma once
// Counts what a rank sends, for the cost of one collective apart from the control messages around
// it, and for curves over what was sent.

#include <atomic>
#include <cstdint>
#include <functional>

#include "core/forwarding.hpp"
#include "scenarios/sent_log.hpp"

namespace troupe::scenarios {

/// What was sent; shared by all flows of a rank.
struct SentCounters {
  std::atomic<std::uint64_t> messages{0}, bytes{0};
  SentLog* log = nullptr;            ///< when; only where the flows of a rank share a thread ...
  std::function<Seconds()> clock{};  ///< ... by this; empty: by now(), which may wait for a device
};

/// A communicator that adds every isend to the counters and passes everything on.
class CountingCommunicator final : public ForwardingCommunicator {
 public:
  CountingCommunicator(Communicator& inner, SentCounters& sent)
      : ForwardingCommunicator{inner}, sent_{sent} {}

  Request isend(Rank to, Tag tag, ConstPayload payload) override {
    count(payload);
    return inner().isend(to, tag, payload);
  }
  Request spawn(Task task) override {
    return inner().spawn(decorated<CountingCommunicator>(std::move(task), std::ref(sent_)));
  }

 private:
  Completion do_wait(Request& request) override { return wait(inner(), std::move(request)); }
  Completion do_exchange(const Tag& tag, const ConstPayload& outgoing, Rank to, const Payload& room,
                         Rank from) override {
    count(outgoing);
    return exchange(inner(), tag, outgoing, to, room, from);
  }
  void do_compute(Kernel&& kernel) override { compute(inner(), std::move(kernel)); }
  void count(const ConstPayload& payload) {
    const auto messages = 1 + sent_.messages.fetch_add(1, std::memory_order_relaxed);
    const auto bytes =
        payload.bytes + sent_.bytes.fetch_add(payload.bytes, std::memory_order_relaxed);
    if (sent_.log)
      sent_.log->add(sent_.clock ? sent_.clock() : inner().now(),
                     {static_cast<double>(messages), static_cast<double>(bytes)});
  }

  SentCounters& sent_;
};

}  // namespace troupe::scenarios
