#pragma once
// What a rank sent, received and computed, and when: for tests of costs, timelines and static
// schedules.

#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/communicator.hpp"

namespace troupe {

/// One message, kernel or spawned flow, from its issue to the end of its request.
struct RecordedEvent {
  enum class Kind : std::uint8_t { send, receive, kernel, flow };
  /// `dropped` means never waited for: of a receive, that it may never have been matched.
  enum class State : std::uint8_t { active, complete, failed, dropped };

  Kind kind = Kind::send;
  State state = State::active;
  Rank peer = any_rank;     ///< of a receive on an open tag, who sent, once it is complete
  Tag tag{0};               ///< of a message, in its context; of others, only the context counts
  std::size_t bytes = 0;    ///< of a send, its length; of a receive, its room until it is complete
  std::string_view kernel;  ///< "Reduce", …
  Work work;                ///< of a kernel
  Seconds issued{};
  Seconds completed{};  ///< meaningful when complete or failed
};

/// The log of one rank, filled by all of its flows. It must outlive every request recorded in it.
class RecordedRank {
 public:
  /// Counts only, where `keeps_events` is false: costs next to nothing.
  explicit RecordedRank(bool keeps_events = true) : keeps_events_{keeps_events} {}

  std::uint64_t messages_sent() const { return locked(messages_sent_); }
  std::uint64_t bytes_sent() const { return locked(bytes_sent_); }
  std::uint64_t kernels() const { return locked(kernels_); }
  /// The sum of work() over all kernels.
  Work work() const { return locked(work_); }
  /// All events in the order of issue.
  std::vector<RecordedEvent> events() const { return locked(events_); }

 private:
  friend class Recorder;
  class Ending;
  template <class T>
  T locked(const T& value) const {
    const std::lock_guard lock{mutex_};
    return value;
  }
  Request record(Request request, RecordedEvent event);

  const bool keeps_events_;
  mutable std::mutex mutex_;
  std::uint64_t messages_sent_ = 0, bytes_sent_ = 0, kernels_ = 0;
  Work work_;
  std::vector<RecordedEvent> events_;
};

/// Does what `comm` does, and writes it down. Flows spawned here are recorded into the same log.
class Recorder final : public Communicator {
 public:
  Recorder(Communicator& comm, RecordedRank& log) : comm_{comm}, log_{log} {}

  Rank rank() const override { return comm_.rank(); }
  int size() const override { return comm_.size(); }
  Seconds now() const override { return comm_.now(); }
  Context context() const override { return comm_.context(); }
  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request start(Kernel kernel) override;
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) override {
    return comm_.wait_any(set, until);
  }

 private:
  Tag placed(Tag tag) const { return tag.is_placed() ? tag : tag.in(context()); }
  Communicator& comm_;
  RecordedRank& log_;
};

}  // namespace troupe
