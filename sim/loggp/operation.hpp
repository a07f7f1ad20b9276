#pragma once
// What a request of the LogGP world stands for.

#include <memory>

#include "core/request.hpp"
#include "sim/loggp/pending.hpp"

namespace troupe::sim::loggp {

class World;

/// Recycled by the world when the request and what it stands for are both over.
class LogGPOperation final : public Pending, public Operation {
 public:
  void renew(Flow* issuer, What kind_of_work, std::uint64_t sequence) {
    Operation::renew(sequence);
    begin(issuer, kind_of_work, For::request);
    in_use = transfer_over = true;
    request_over = false;
  }
  /// The request is over; recycles the operation if the message is, too.
  void recycle_if_over() noexcept;

  World* world = nullptr;
  bool in_use = false;
  bool request_over = false;          ///< taken or dropped
  bool transfer_over = false;         ///< not an eager message under way
  std::unique_ptr<std::byte[]> copy;  ///< of an eager message's payload

 private:
  void abandon() noexcept override;
  void retire() noexcept override;
};

}  // namespace troupe::sim::loggp
