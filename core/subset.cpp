#include "core/subset.hpp"

namespace troupe {

Subset::Group::Group(std::vector<Rank> ranks) : members{std::move(ranks)} {
  for (std::size_t i = 0; i < members.size(); ++i) index.emplace(members[i], static_cast<Rank>(i));
  EXPECTS(index.size() == members.size(), "a rank is a member of a subset once");
}
Rank Subset::Group::index_of(Rank rank) const {
  const auto found = index.find(rank);
  return found == index.end() ? any_rank : found->second;
}

Subset::Subset(Communicator& whole, std::vector<Rank> members, std::uint32_t number)
    : whole_{whole},
      group_{std::make_shared<const Group>(std::move(members))},
      context_{whole.context().subset(number)},
      rank_{group_->index_of(whole.rank())} {
  EXPECTS(rank_ != any_rank, "a rank that is not a member of a subset cannot use it");
}
Subset::Subset(Communicator& flow, const Subset& parent, Context context)
    : whole_{flow}, group_{parent.group_}, context_{context}, rank_{parent.rank_} {}

Request Subset::isend(Rank to, Tag tag, ConstPayload payload) {
  EXPECTS(0 <= to && to < size(), "a message goes to a rank of the subset");
  return whole_.isend(group_->members[static_cast<std::size_t>(to)], placed(tag), payload);
}
Request Subset::irecv(Rank from, Tag tag, Payload room) {
  EXPECTS(from == any_rank || (0 <= from && from < size()),
          "a message comes from a rank of the subset");
  return whole_.irecv(from == any_rank ? any_rank : group_->members[static_cast<std::size_t>(from)],
                      placed(tag), room);
}
Request Subset::spawn(Task task) {
  // The flow's tags follow this subset's own count of spawns: a member may have spawned elsewhere
  // more often than another.
  return whole_.spawn([group = *this, context = context_.spawned(spawned_++),
                       task = std::move(task)](Communicator& flow) {
    Subset same{flow, group, context};
    task(same);
  });
}
std::optional<Completion> Subset::wait_any(WaitSet& set, Seconds until) {
  auto completion = whole_.wait_any(set, until);
  if (completion) completion->from = group_->index_of(completion->from);
  return completion;
}

}  // namespace troupe
