#pragma once
// A group of ranks as a communicator of its own.

#include <memory>
#include <unordered_map>
#include <vector>

#include "core/forwarding.hpp"

namespace troupe {

/// The ranks `members` of `whole`, in that order, as ranks 0 … members.size()-1. All members
/// construct it with the same list and number. `number` (below 16) keeps apart groups that run at
/// the same time on one communicator, overlapping or not. Requests belong to the Subset they were
/// issued on. EXPECTS this rank to be a member, and no rank twice.
class Subset final : public ForwardingCommunicator {
 public:
  Subset(Communicator& whole, std::vector<Rank> members, std::uint32_t number);

  Rank rank() const override { return rank_; }
  int size() const override { return group_->size(); }
  Context context() const override { return context_; }
  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) override;

 private:
  Completion do_wait(Request& request) override;
  Completion do_exchange(const Tag& tag, const ConstPayload& outgoing, Rank to, const Payload& room,
                         Rank from) override;
  void do_compute(Kernel&& kernel) override { compute(inner(), std::move(kernel)); }
  /// The members and their places. Where they are equally far apart, as the ranks of a node or of a
  /// lane across nodes are, nothing is listed: each of thousands of ranks has such a group.
  class Group {
   public:
    explicit Group(std::vector<Rank> ranks);
    int size() const noexcept { return size_; }
    Rank at(int index) const {
      return members_.empty() ? at_step(index) : members_[static_cast<std::size_t>(index)];
    }
    /// any_rank if it is not a member.
    Rank index_of(Rank rank) const;

   private:
    Rank at_step(int index) const { return first_ + index * step_; }
    int size_;
    Rank first_, step_;
    std::vector<Rank> members_;  // empty where they are equally far apart
    std::unordered_map<Rank, Rank> index_;
  };
  Subset(Communicator& flow, std::shared_ptr<const Group> group, Rank rank, Context context);
  void check(Rank to) const;
  Rank sender(Rank from) const;

  std::shared_ptr<const Group> group_;
  Context context_;
  Rank rank_;
  std::uint32_t spawned_ = 0;
};

}  // namespace troupe
