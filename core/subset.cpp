#include "core/subset.hpp"

namespace troupe {

Subset::Group::Group(std::vector<Rank> ranks)
    : size_{static_cast<int>(ranks.size())},
      first_{ranks.empty() ? 0 : ranks.front()},
      step_{ranks.size() > 1 ? ranks[1] - ranks[0] : 1} {
  bool regular = step_ > 0;
  for (int i = 0; regular && i < size_; ++i)
    regular = at_step(i) == ranks[static_cast<std::size_t>(i)];
  if (regular) return;
  members_ = std::move(ranks);
  for (int i = 0; i < size_; ++i) index_.emplace(members_[static_cast<std::size_t>(i)], i);
  EXPECTS(index_.size() == members_.size(), "a rank is a member of a subset once");
}
Rank Subset::Group::index_of(Rank rank) const {
  if (members_.empty()) {
    const int index = (rank - first_) / step_;
    return rank >= first_ && index < size_ && at_step(index) == rank ? index : any_rank;
  }
  const auto found = index_.find(rank);
  return found == index_.end() ? any_rank : found->second;
}

Subset::Subset(Communicator& whole, std::vector<Rank> members, std::uint32_t number)
    : ForwardingCommunicator{whole},
      group_{std::make_shared<const Group>(std::move(members))},
      context_{whole.context().subset(number)},
      rank_{group_->index_of(whole.rank())} {
  EXPECTS(rank_ != any_rank, "a rank that is not a member of a subset cannot use it");
}
Subset::Subset(Communicator& flow, std::shared_ptr<const Group> group, Rank rank, Context context)
    : ForwardingCommunicator{flow}, group_{std::move(group)}, context_{context}, rank_{rank} {}

void Subset::check(Rank to) const {
  EXPECTS(0 <= to && to < size(), "a message goes to a rank of the subset");
}
Rank Subset::sender(Rank from) const {
  if (from == any_rank) return any_rank;
  EXPECTS(0 <= from && from < size(), "a message comes from a rank of the subset");
  return group_->at(from);
}
Request Subset::isend(Rank to, Tag tag, ConstPayload payload) {
  check(to);
  return inner().isend(group_->at(to), placed(tag), payload);
}
Request Subset::irecv(Rank from, Tag tag, Payload room) {
  return inner().irecv(sender(from), placed(tag), room);
}
Completion Subset::do_exchange(const Tag& tag, const ConstPayload& outgoing, Rank to,
                               const Payload& room, Rank from) {
  check(to);
  Completion received =
      exchange(inner(), placed(tag), outgoing, group_->at(to), room, sender(from));
  received.from = group_->index_of(received.from);
  return received;
}
Completion Subset::do_wait(Request& request) {
  Completion completion = wait(inner(), std::move(request));
  completion.from = group_->index_of(completion.from);
  return completion;
}
Request Subset::spawn(Task task) {
  // The flow's tags follow this subset's own count of spawns: a member may have spawned elsewhere
  // more often than another.
  return inner().spawn([group = group_, rank = rank_, context = context_.spawned(spawned_++),
                        task = std::move(task)](Communicator& flow) {
    Subset same{flow, group, rank, context};
    task(same);
  });
}
std::optional<Completion> Subset::wait_any(WaitSet& set, Seconds until) {
  auto completion = inner().wait_any(set, until);
  if (completion) completion->from = group_->index_of(completion->from);
  return completion;
}

}  // namespace troupe
