#pragma once
// What a request of the LogGP world stands for.

#include <cstddef>
#include <exception>
#include <memory>
#include <string>

#include "core/request.hpp"
#include "sim/loggp/agenda.hpp"

namespace troupe::sim::loggp {

class Flow;
class World;

/// A message's sending or receiving side, a kernel or a spawned flow in progress. Recycled by the
/// world when the request and what it stands for are both over.
class LogGPOperation final : public Operation, public Event {
 public:
  enum class What : std::uint8_t { send, receive, kernel, flow };

  void renew(Flow* issuer, What kind_of_operation, std::uint64_t sequence) {
    Operation::renew(sequence);
    flow = issuer;
    what = kind_of_operation;
    is = {.in_use = true, .transfer_over = true};
    partner = nullptr;
  }
  /// As a message, or as a receive of one; `sender` may be any_rank.
  void renew(Flow* issuer, What side, std::uint64_t sequence, Rank sender, Rank receiver,
             Tag name_of_message, std::size_t size, std::byte* payload) {
    renew(issuer, side, sequence);
    tag = name_of_message;
    from = sender;
    to = receiver;
    bytes = size;
    address = payload;
    const Rank known = tag.is_open() ? any_rank : from;  // an open tag is one queue a receiver
    key = {tag.context().path(),
           static_cast<std::uint64_t>(static_cast<std::uint32_t>(known)) << 32 |
               static_cast<std::uint32_t>(to),
           static_cast<std::uint64_t>(tag.step()) << 32 | tag.name() << 1 |
               static_cast<std::uint64_t>(tag.is_open())};
  }
  /// What a flow that waits for it waits for, in a Standstill's words.
  std::string describe() const;
  /// The request is over; recycles the operation if the message is, too.
  void recycle_if_over() noexcept;

  World* world = nullptr;
  Flow* flow = nullptr;  ///< who issued it; null once the request is over
  What what = What::kernel;
  struct Flags {
    bool in_use = false;
    bool queued = false;         ///< waits for its other side
    bool eager = false;          ///< a message that does not wait for its receiver
    bool arrived = false;        ///< an eager message is there, its receiver or not
    bool committed = false;      ///< its turn at the port it enters by is settled
    bool request_over = false;   ///< taken or dropped
    bool transfer_over = false;  ///< no message of it is under way
  } is;
  Tag tag{0};  ///< of a message, in its context; of a flow, its context
  /// What the two sides of a message agree on, in as few words as it takes.
  struct Key {
    std::uint64_t context = 0, ends = 0, name = 0;
    bool operator==(const Key&) const = default;
  } key;
  Rank from = any_rank, to = any_rank;
  std::size_t bytes = 0;              ///< sent, or room to receive
  std::byte* address = nullptr;       ///< of the payload; read only when it is sent
  LogGPOperation* partner = nullptr;  ///< the other side, once matched

  // Links of a channel's queue, or of the spare ones; and of a port's arrivals.
  LogGPOperation *left = nullptr, *right = nullptr;
  LogGPOperation *child = nullptr, *sibling = nullptr;

  std::int32_t port = -1;             ///< it enters by
  double head = 0;                    ///< when its first byte is at that port
  double end = 0;                     ///< when its last byte is in, as far as is known
  std::uint64_t order = 0;            ///< among messages whose first bytes arrive together
  std::unique_ptr<std::byte[]> copy;  ///< of an eager message's payload
  std::exception_ptr error;           ///< what the kernel threw

 private:
  void abandon() noexcept override;
  void retire() noexcept override;
};

}  // namespace troupe::sim::loggp
