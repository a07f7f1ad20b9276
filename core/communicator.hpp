#pragma once
// The port: everything a distributed algorithm may ask of the machine it runs on. Algorithms are
// ordinary blocking functions against Communicator and know nothing else; simulated networks, MPI,
// threads and GPUs implement it, and tests/contract is what they all must pass. There are no
// collectives here: those are what is studied, and stand in algorithms/.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "core/kernel.hpp"
#include "core/request.hpp"
#include "core/slice.hpp"
#include "core/tag.hpp"
#include "core/units.hpp"

namespace troupe {

/// Bytes to send: a slice, or any span of trivially copyable values. A view; phantom where the
/// slice is.
struct ConstPayload {
  const std::byte* address = nullptr;
  std::size_t bytes = 0;
  Memory* memory = &host_memory();

  ConstPayload() = default;
  ConstPayload(ConstSlice slice)
      : address{slice.address()}, bytes{slice.size_bytes()}, memory{&slice.memory()} {}
  ConstPayload(Slice slice) : ConstPayload{ConstSlice{slice}} {}
  template <class T, std::size_t N>
  requires std::is_trivially_copyable_v<T> ConstPayload(std::span<T, N> values)
      : address{reinterpret_cast<const std::byte*>(values.data())}, bytes{values.size_bytes()} {}
  bool is_phantom() const noexcept { return address == nullptr; }
};

/// Room to receive into.
struct Payload {
  std::byte* address = nullptr;
  std::size_t bytes = 0;
  Memory* memory = &host_memory();

  Payload() = default;
  Payload(Slice slice)
      : address{slice.address()}, bytes{slice.size_bytes()}, memory{&slice.memory()} {}
  template <class T, std::size_t N>
  requires(std::is_trivially_copyable_v<T> && !std::is_const_v<T>) Payload(std::span<T, N> values)
      : address{reinterpret_cast<std::byte*>(values.data())}, bytes{values.size_bytes()} {}
  bool is_phantom() const noexcept { return address == nullptr; }
};

/// One value as a payload: comm.isend(to, tag, value(x)).
template <class T>
std::span<T, 1> value(T& x) {
  return std::span<T, 1>{&x, 1};
}

/// The eager rule: with a limit of 0 no message is eager, not even an empty one.
constexpr bool is_eager(std::size_t bytes, Bytes eager_limit) {
  return eager_limit.value > 0 && bytes <= eager_limit.value;
}

class Communicator;
/// What a spawned flow runs. The communicator is the flow's own and lives as long as the flow.
using Task = std::function<void(Communicator&)>;

/// One rank's view of the machine it trains on, used by one flow of control.
///
/// Order: messages of equal (context, from, to, tag) arrive in the order of their sending.
///
/// Eager rule, the same everywhere (is_eager): a message of at most the run's eager limit leaves at
/// isend and that request completes at once (the payload has been copied); above it the transfer
/// starts when both sides have posted, and both requests complete when it is delivered. The limit
/// is 0, nothing is eager, unless the run says otherwise (LogGP networks: by class of pair, too);
/// no algorithm may rely on it.
///
/// Dropping a request without waiting for it: a receive that is not matched is as if it had never
/// been posted, and its message stays queued for the next; a matched receive, a send, a kernel or a
/// spawned flow is never cancelled: the destructor blocks until it is complete, and the peer
/// notices nothing.
class Communicator {
 public:
  virtual ~Communicator() = default;

  /// 0 ≤ rank() < size().
  virtual Rank rank() const = 0;
  virtual int size() const = 0;
  /// Seconds since the run began, simulated or wall-clock; never decreases.
  virtual Seconds now() const = 0;
  /// What keeps this communicator's tags apart from those of others of the same rank.
  virtual Context context() const = 0;

  /// Starts sending. The payload belongs to the message until the request completes. EXPECTS 0 ≤ to
  /// < size(); a rank may send to itself. Waiting throws PeerLost if the receiver is gone.
  virtual Request isend(Rank to, Tag tag, ConstPayload payload) = 0;
  /// Starts receiving into `room`, whose size is a capacity: a shorter message is legal
  /// (Completion::bytes tells), a longer one makes the wait throw Truncated. `from` is any_rank if
  /// and only if the tag is open; ties between senders go by (time, rank, sequence).
  virtual Request irecv(Rank from, Tag tag, Payload room) = 0;
  /// Starts local work. Kernels of one flow run in the order of issue, one at a time; messages
  /// overlap them. An operand may be used again once the request has completed. A kernel that fails
  /// throws from the wait.
  virtual Request start(Kernel kernel) = 0;
  /// Starts a second flow of control of this rank with its own context and its own order of
  /// kernels. Flows are matched across ranks by their order of spawning on this communicator.
  /// Completes when the task returns; what the task throws is thrown by the wait.
  virtual Request spawn(Task task) = 0;

  /// Blocks until a request of the set has completed, takes it out and says which: the one that
  /// completed first, ties by (peer, order of issue). The only call that blocks. EXPECTS every
  /// request of the set to come from this communicator, and at least one. With a deadline (on
  /// now()) it may return nothing, and then every request is as active as before. Throws what the
  /// completed request failed with (Truncated, PeerLost, …); that request is taken out, the others
  /// stay.
  virtual std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) = 0;

 protected:
  Communicator() = default;
  Communicator(const Communicator&) = default;
  Communicator& operator=(const Communicator&) = default;

  friend Completion wait(Communicator& comm, Request request);
  friend Completion exchange(Communicator& comm, Tag tag, ConstPayload outgoing, Rank to,
                             Payload room, Rank from);
  friend void compute(Communicator& comm, Kernel kernel);
  // The functions of these names below, made of the calls above. A world that can do the same with
  // less, overrides them.
  virtual Completion do_wait(Request& request);
  virtual Completion do_exchange(const Tag& tag, const ConstPayload& outgoing, Rank to,
                                 const Payload& room, Rank from);
  virtual void do_compute(Kernel&& kernel);
};

// ---- what algorithms are written with: small functions on top of the port

/// Waits for one request.
inline Completion wait(Communicator& comm, Request request) { return comm.do_wait(request); }
/// Waits for one request until a deadline. On expiry the request is still active and still the
/// caller's.
std::optional<Completion> wait_until(Communicator& comm, Request& request, Seconds until);
/// Waits for all that is left in the set.
void wait_all(Communicator& comm, WaitSet& set);
/// Waits for all of several requests.
template <class... Requests>
requires(std::is_same_v<Requests, Request>&&...) void wait_all(Communicator& comm,
                                                               Requests... requests) {
  WaitSet set;
  (set.add(std::move(requests)), ...);
  wait_all(comm, set);
}

void send(Communicator& comm, Rank to, Tag tag, ConstPayload payload);
Completion receive(Communicator& comm, Rank from, Tag tag, Payload room);
/// Sends one payload and receives another at the same time; what was received.
inline Completion exchange(Communicator& comm, Tag tag, ConstPayload outgoing, Rank to,
                           Payload room, Rank from) {
  return comm.do_exchange(tag, outgoing, to, room, from);
}
/// Runs a kernel and waits for it.
inline void compute(Communicator& comm, Kernel kernel) { comm.do_compute(std::move(kernel)); }

}  // namespace troupe
