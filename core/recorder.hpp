#pragma once
// What a rank sent, received and computed, and when: for tests of costs, timelines and static
// schedules.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "core/forwarding.hpp"

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
  /// Keeps the first `most_events`, and counts them all. Counts alone (0) cost next to nothing:
  /// nobody asks the time.
  explicit RecordedRank(std::size_t most_events = std::numeric_limits<std::size_t>::max())
      : most_events_{most_events} {}
  /// From now on it tells when something is issued, in the place of now(), which may wait for what
  /// a device has been given. It agrees with now() otherwise; empty: now().
  void tell_time_by(std::function<Seconds()> clock) { clock_ = std::move(clock); }

  std::uint64_t messages_sent() const { return locked(messages_sent_); }
  std::uint64_t bytes_sent() const { return locked(bytes_sent_); }
  std::uint64_t kernels() const { return locked(kernels_); }
  /// The sum of work() over all kernels.
  Work work() const { return locked(work_); }
  /// The events that were kept, in the order of issue.
  std::vector<RecordedEvent> events() const { return locked(events_); }
  /// How many were not, and when the first of them was issued (`forever` if there is none; not
  /// known of counts alone).
  std::uint64_t left_out() const { return locked(left_out_); }
  Seconds first_left_out() const { return locked(first_left_out_); }

 private:
  friend class Recorder;
  class Ending;
  template <class T>
  T locked(const T& value) const {
    const std::lock_guard lock{mutex_};
    return value;
  }
  Request record(Request request, RecordedEvent event);

  const std::size_t most_events_;
  std::function<Seconds()> clock_;
  mutable std::mutex mutex_;
  std::uint64_t messages_sent_ = 0, bytes_sent_ = 0, kernels_ = 0;
  Work work_;
  std::vector<RecordedEvent> events_;
  std::uint64_t left_out_ = 0;
  Seconds first_left_out_ = forever;
};

/// Does what `comm` does, and writes it down. Flows spawned here are recorded into the same log.
class Recorder final : public ForwardingCommunicator {
 public:
  Recorder(Communicator& comm, RecordedRank& log) : ForwardingCommunicator{comm}, log_{log} {}

  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request start(Kernel kernel) override;
  Request spawn(Task task) override;

 private:
  Seconds issued_now() const {
    if (log_.most_events_ == 0) return {};
    return log_.clock_ ? log_.clock_() : now();
  }

  RecordedRank& log_;
};

}  // namespace troupe
