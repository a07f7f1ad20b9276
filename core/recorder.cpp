#include "core/recorder.hpp"

namespace troupe {

/// Writes the end of a request into its event.
class RecordedRank::Ending final : public RequestObserver {
 public:
  Ending(RecordedRank& log, std::size_t index) : log_{log}, index_{index} {}
  void ended(const Completion* completion, Seconds completed_at, bool failed) noexcept override {
    using State = RecordedEvent::State;
    const std::lock_guard lock{log_.mutex_};
    RecordedEvent& event = log_.events_[index_];
    event.state = !completion ? State::dropped : failed ? State::failed : State::complete;
    if (!completion) return;
    event.completed = completed_at;
    if (event.kind != RecordedEvent::Kind::receive || failed) return;
    event.peer = completion->from;
    event.bytes = completion->bytes;
  }

 private:
  RecordedRank& log_;
  std::size_t index_;
};

Request RecordedRank::record(Request request, RecordedEvent event) {
  std::unique_ptr<Ending> ending;
  {
    const std::lock_guard lock{mutex_};
    if (event.kind == RecordedEvent::Kind::send) {
      ++messages_sent_;
      bytes_sent_ += event.bytes;
    } else if (event.kind == RecordedEvent::Kind::kernel) {
      ++kernels_;
      work_.flops += event.work.flops;
      work_.bytes += event.work.bytes;
    }
    if (events_.size() >= most_events_) {
      if (left_out_++ == 0) first_left_out_ = event.issued;
      return request;
    }
    events_.push_back(event);
    ending = std::make_unique<Ending>(*this, events_.size() - 1);
  }
  request.observe(std::move(ending));
  return request;
}

Request Recorder::isend(Rank to, Tag tag, ConstPayload payload) {
  RecordedEvent event;
  event.kind = RecordedEvent::Kind::send;
  event.peer = to;
  event.tag = placed(tag);
  event.bytes = payload.bytes;
  event.issued = issued_now();
  return log_.record(inner().isend(to, tag, payload), event);
}
Request Recorder::irecv(Rank from, Tag tag, Payload room) {
  RecordedEvent event;
  event.kind = RecordedEvent::Kind::receive;
  event.peer = from;
  event.tag = placed(tag);
  event.bytes = room.bytes;
  event.issued = issued_now();
  return log_.record(inner().irecv(from, tag, room), event);
}
Request Recorder::start(Kernel kernel) {
  RecordedEvent event;
  event.kind = RecordedEvent::Kind::kernel;
  event.peer = rank();
  event.tag = event.tag.in(context());
  event.kernel = name_of(kernel);
  event.work = work(kernel);
  event.issued = issued_now();
  return log_.record(inner().start(std::move(kernel)), event);
}
Request Recorder::spawn(Task task) {
  RecordedEvent event;
  event.kind = RecordedEvent::Kind::flow;
  event.peer = rank();
  event.tag = event.tag.in(context());
  event.issued = issued_now();
  return log_.record(inner().spawn(decorated<Recorder>(std::move(task), std::ref(log_))), event);
}

}  // namespace troupe
