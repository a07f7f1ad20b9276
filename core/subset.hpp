#pragma once
// A group of ranks as a communicator of its own.

#include <memory>
#include <unordered_map>
#include <vector>

#include "core/communicator.hpp"

namespace troupe {

/// The ranks `members` of `whole`, in that order, as ranks 0 … members.size()-1. All members
/// construct it with the same list and number. `number` (below 16) keeps apart groups that run at
/// the same time on one communicator, overlapping or not. Requests belong to the Subset they were
/// issued on. EXPECTS this rank to be a member, and no rank twice.
class Subset final : public Communicator {
 public:
  Subset(Communicator& whole, std::vector<Rank> members, std::uint32_t number);

  Rank rank() const override { return rank_; }
  int size() const override { return static_cast<int>(group_->members.size()); }
  Seconds now() const override { return whole_.now(); }
  Context context() const override { return context_; }
  Request isend(Rank to, Tag tag, ConstPayload payload) override;
  Request irecv(Rank from, Tag tag, Payload room) override;
  Request start(Kernel kernel) override { return whole_.start(std::move(kernel)); }
  Request spawn(Task task) override;
  std::optional<Completion> wait_any(WaitSet& set, Seconds until = forever) override;

 private:
  struct Group {
    explicit Group(std::vector<Rank> ranks);
    Rank index_of(Rank rank) const;
    std::vector<Rank> members;
    std::unordered_map<Rank, Rank> index;
  };
  Subset(Communicator& flow, const Subset& parent, Context context);
  Tag placed(Tag tag) const { return tag.is_placed() ? tag : tag.in(context_); }

  Communicator& whole_;
  std::shared_ptr<const Group> group_;
  Context context_;
  Rank rank_;
  std::uint32_t spawned_ = 0;
};

}  // namespace troupe
