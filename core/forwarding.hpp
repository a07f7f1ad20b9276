#pragma once
// What decorators of a communicator have in common, so that each says only what it changes.

#include <functional>
#include <utility>

#include "core/communicator.hpp"

namespace troupe {

/// Passes every call on to `inner`, except
///
/// - spawn, since a flow passed on as it is would be an undecorated one. Each decorator says what
///   its flows are: mostly inner().spawn(decorated<Itself>(task, …)).
/// - do_exchange, do_wait and do_compute, since a world that does these at once would not be seen
///   to send, receive, start or wait. They stay what they are in the port: made of the decorator's
///   own isend, irecv, start and wait_any. A decorator may override them to let the world do them
///   at once, if it does there all that it does in those four.
///
/// A decorator that issues requests of its own waits for them in a wait_any of its own.
class ForwardingCommunicator : public Communicator {
 public:
  // What decorates a decorator of its own type would be a copy of it.
  ForwardingCommunicator(const ForwardingCommunicator&) = delete;
  ForwardingCommunicator& operator=(const ForwardingCommunicator&) = delete;

  Rank rank() const override { return inner_.rank(); }
  int size() const override { return inner_.size(); }
  Seconds now() const override { return inner_.now(); }
  Context context() const override { return inner_.context(); }
  Request isend(Rank to, Tag tag, ConstPayload payload) override {
    return inner_.isend(to, tag, payload);
  }
  Request irecv(Rank from, Tag tag, Payload room) override { return inner_.irecv(from, tag, room); }
  Request start(Kernel kernel) override { return inner_.start(std::move(kernel)); }
  std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) override {
    return inner_.wait_any(set, until);
  }

 protected:
  /// `inner` must outlive this.
  explicit ForwardingCommunicator(Communicator& inner) : inner_{inner} {}
  Communicator& inner() const noexcept { return inner_; }

  /// The tag, in this context if it is in none yet.
  Tag placed(Tag tag) const { return tag.is_placed() ? tag : tag.in(context()); }

  /// A task that runs `task` on Decorator{flow, arguments…}. Arguments are kept as copies: what
  /// flows share is given by std::ref.
  template <class Decorator, class... Arguments>
  static Task decorated(Task task, Arguments... arguments) {
    return [task = std::move(task), ... arguments = std::move(arguments)](Communicator& flow) {
      Decorator own{flow, arguments...};
      task(own);
    };
  }

 private:
  Communicator& inner_;
};

}  // namespace troupe
