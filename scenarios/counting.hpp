#pragma once
// Counts what a rank sends, for the cost of one collective apart from the control messages around
// it, and for curves over what was sent.

#include <atomic>
#include <cstdint>

#include "core/communicator.hpp"
#include "scenarios/sent_log.hpp"

namespace troupe::scenarios {

/// What was sent; shared by all flows of a rank.
struct SentCounters {
  std::atomic<std::uint64_t> messages{0}, bytes{0};
  SentLog* log = nullptr;  ///< when; only where the flows of a rank share a thread
};

/// A communicator that adds every isend to the counters and passes everything on.
class CountingCommunicator final : public Communicator {
 public:
  CountingCommunicator(Communicator& inner, SentCounters& sent) : inner_{inner}, sent_{sent} {}

  Rank rank() const override { return inner_.rank(); }
  int size() const override { return inner_.size(); }
  Seconds now() const override { return inner_.now(); }
  Context context() const override { return inner_.context(); }
  Request isend(Rank to, Tag tag, ConstPayload payload) override {
    count(payload);
    return inner_.isend(to, tag, payload);
  }
  Request irecv(Rank from, Tag tag, Payload room) override { return inner_.irecv(from, tag, room); }
  Request start(Kernel kernel) override { return inner_.start(std::move(kernel)); }
  Request spawn(Task task) override {
    return inner_.spawn([task = std::move(task), &sent = sent_](Communicator& flow) {
      CountingCommunicator counted{flow, sent};
      task(counted);
    });
  }
  std::optional<Completion> wait_any(WaitSet& set, Seconds until) override {
    return inner_.wait_any(set, until);
  }

 private:
  Completion do_wait(Request& request) override { return wait(inner_, std::move(request)); }
  Completion do_exchange(const Tag& tag, const ConstPayload& outgoing, Rank to, const Payload& room,
                         Rank from) override {
    count(outgoing);
    return exchange(inner_, tag, outgoing, to, room, from);
  }
  void do_compute(Kernel&& kernel) override { compute(inner_, std::move(kernel)); }
  void count(const ConstPayload& payload) {
    const auto messages = 1 + sent_.messages.fetch_add(1, std::memory_order_relaxed);
    const auto bytes =
        payload.bytes + sent_.bytes.fetch_add(payload.bytes, std::memory_order_relaxed);
    if (sent_.log)
      sent_.log->add(inner_.now(), {static_cast<double>(messages), static_cast<double>(bytes)});
  }

  Communicator& inner_;
  SentCounters& sent_;
};

}  // namespace troupe::scenarios
