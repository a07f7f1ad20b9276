#pragma once
// What a request of the SimGrid world stands for.

#include <cstddef>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "core/matching.hpp"
#include "core/request.hpp"

namespace troupe::sim::simgrid_world {

class Flow;
class World;

/// A message, a kernel or a spawned flow in progress. Recycled by the world when its request and
/// what it stands for are both over.
class SimOperation final : public Operation, public MatchNode {
 public:
  enum class Kind : std::uint8_t { send, receive, kernel, flow };

  explicit SimOperation(World& world) : world_{world} {}
  void renew(Flow& owner, Kind what, std::uint64_t sequence);
  /// What a flow that waits for it waits for, in a Standstill's words.
  std::string describe() const;
  MatchKey key() const { return {from, to, tag}; }

  Flow* flow = nullptr;  ///< who issued it; null once that flow is gone
  Kind kind = Kind::kernel;
  bool eager = false;
  bool in_use = false;
  bool request_over = false;  ///< the request was taken or dropped
  bool transfer_over = true;  ///< not an eager message, a kernel or a flow under way
  bool copying = false;       ///< of an eager message: its sender still copies it
  bool arrived = false;       ///< of an eager message: its bytes are at the receiver, or lost
  Tag tag{0};                 ///< of a message, in its context; of a flow, its context
  Rank from = any_rank, to = any_rank;
  std::size_t bytes = 0;  ///< sent, or room to receive
  const std::byte* source = nullptr;
  std::byte* target = nullptr;
  SimOperation* partner = nullptr;  ///< the other end once matched
  std::size_t pair = 0;             ///< for the accounting
  Seconds duration{}, launching{};  ///< of a kernel: to run it, and to launch it before
  bool waits = false;               ///< its launch: for all that the device still has to do
  Flops flops{};
  std::vector<std::byte> copy;  ///< of an eager message's payload
  std::exception_ptr error;     ///< what the kernel threw, or why an eager message is lost

  /// Recycles it if nobody needs it any more.
  void recycle_if_over() noexcept;
  void complete_kernel(Rank rank, Seconds at) {
    error ? fail(rank, std::exchange(error, nullptr), at) : complete(rank, 0, at);
  }

 private:
  void abandon() noexcept override;
  void retire() noexcept override;
  World& world_;
};

}  // namespace troupe::sim::simgrid_world
