#include "scenarios/static_schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace troupe::scenarios {
namespace {

/// Thrown through the program once it has done what no static schedule has.
struct NotStatic {
  const char* why;
};

/// Something that was over when it was issued.
class Done final : public Operation {
 public:
  Done(std::uint64_t sequence, Rank peer, std::size_t bytes, Seconds at) {
    renew(sequence);
    complete(peer, bytes, at);
  }

 private:
  void abandon() noexcept override {}
  void retire() noexcept override { delete this; }
};

/// A rank without others: everything is over at once, and of what is waited for together the first
/// or the last to be issued counts as the first to be over.
class Alone final : public Communicator {
 public:
  Alone(Rank rank, int size, bool last_first) : rank_{rank}, size_{size}, last_first_{last_first} {}

  Rank rank() const override { return rank_; }
  int size() const override { return size_; }
  Seconds now() const override { return Seconds{}; }
  Context context() const override { return {}; }
  Request isend(Rank to, Tag tag, ConstPayload payload) override {
    return message({.peer = to, .tag = tag, .bytes = payload.bytes, .sends = true});
  }
  Request irecv(Rank from, Tag tag, Payload room) override {
    if (tag.is_open()) throw NotStatic{"receives from whoever sends first"};
    return message({.peer = from, .tag = tag, .bytes = room.bytes, .sends = false});
  }
  Request start(Kernel) override { return done(rank_, 0); }
  Request spawn(Task) override {
    throw NotStatic{"has several flows at once, whose messages could not be told apart"};
  }
  std::optional<Completion> wait_any(WaitSet& set, Seconds until) override {
    if (until < forever) throw NotStatic{"waits with a deadline"};
    if (!groups_.back().empty()) groups_.emplace_back();
    return set.take_ready();
  }

  /// The last may be empty.
  std::vector<MessageGroup> take_groups() {
    if (groups_.back().empty()) groups_.pop_back();
    return std::move(groups_);
  }

 private:
  Request message(ScheduledMessage one) {
    if (!one.tag.is_placed()) one.tag = one.tag.in(context());
    groups_.back().push_back(one);
    return done(one.peer, one.bytes);
  }
  Request done(Rank peer, std::size_t bytes) {
    const auto order = static_cast<double>(++issued_);
    return Request{*new Done{issued_, peer, bytes, Seconds{last_first_ ? -order : order}}};
  }

  Rank rank_;
  int size_;
  bool last_first_;
  std::uint64_t issued_ = 0;
  std::vector<MessageGroup> groups_{1};
};

std::vector<MessageGroup> groups_of(Rank rank, int ranks, bool last_first,
                                    const std::function<void(Communicator&)>& program) {
  Alone alone{rank, ranks, last_first};
  program(alone);
  return alone.take_groups();
}

/// One message, or one receive, of a rank: in which of its groups it is.
struct Place {
  ScheduledMessage message;
  std::size_t group = 0;
};
/// Those of one pair, in order; empty messages travel apart from others.
struct Channel {
  std::vector<Place> sent, received;
};
using Channels = std::map<std::array<int, 3>, Channel>;  // from, to, whether it is empty

Channels channels_of(const std::vector<std::vector<MessageGroup>>& groups_of_rank) {
  Channels channels;
  for (std::size_t rank = 0; rank < groups_of_rank.size(); ++rank)
    for (std::size_t group = 0; group < groups_of_rank[rank].size(); ++group)
      for (const auto& one : groups_of_rank[rank][group]) {
        const int me = static_cast<int>(rank), empty = one.bytes == 0;
        if (one.sends) channels[{me, one.peer, empty}].sent.push_back({one, group});
        else channels[{one.peer, me, empty}].received.push_back({one, group});
      }
  return channels;
}

/// "tag 3, step 1, 40 bytes"
std::string in_words(const ScheduledMessage& one) {
  return fmt::format("tag {}, step {}, {} bytes", one.tag.name(), one.tag.step(), one.bytes);
}

/// Why messages of a pair do not meet their receives in order; empty if all do.
std::string mismatch(const Channels& channels) {
  for (const auto& [ends, channel] : channels) {
    const auto& [sent, received] = channel;
    const auto pair = fmt::format("rank {} to rank {}", ends[0], ends[1]);
    for (std::size_t i = 0; i < std::min(sent.size(), received.size()); ++i)
      if (sent[i].message.tag != received[i].message.tag ||
          sent[i].message.bytes != received[i].message.bytes)
        return fmt::format(
            "sends from {} in another order or length than is received there: "
            "message {} ({}) meets a receive of {}",
            pair, i, in_words(sent[i].message), in_words(received[i].message));
    if (sent.size() != received.size())
      return fmt::format("sends {} messages from {}, where {} are received", sent.size(), pair,
                         received.size());
  }
  return {};
}

/// Whether all groups end, where those of a rank follow each other and a message travels once the
/// groups of both its ends have begun.
bool all_end(const std::vector<std::vector<MessageGroup>>& groups_of_rank,
             const Channels& channels) {
  // Of each group, which group of which other rank has to have begun.
  std::vector<std::vector<std::vector<std::pair<int, std::size_t>>>> needs;
  for (const auto& groups : groups_of_rank) needs.emplace_back(groups.size());
  for (const auto& [ends, channel] : channels)
    for (std::size_t i = 0; i < channel.sent.size(); ++i) {
      const auto from = channel.sent[i].group, to = channel.received[i].group;
      needs[static_cast<std::size_t>(ends[0])][from].emplace_back(ends[1], to);
      needs[static_cast<std::size_t>(ends[1])][to].emplace_back(ends[0], from);
    }
  std::vector<std::size_t> under_way(groups_of_rank.size(), 0);
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t rank = 0; rank < needs.size(); ++rank)
      while (under_way[rank] < needs[rank].size() &&
             std::ranges::all_of(needs[rank][under_way[rank]], [&](const auto& other) {
               return under_way[static_cast<std::size_t>(other.first)] >= other.second;
             })) {
        ++under_way[rank];
        moved = true;
      }
  }
  for (std::size_t rank = 0; rank < needs.size(); ++rank)
    if (under_way[rank] < needs[rank].size()) return false;
  return true;
}

}  // namespace

StaticSchedule static_schedule(int ranks, const std::function<void(Communicator&)>& program) {
  StaticSchedule schedule;
  try {
    for (Rank rank = 0; rank < ranks; ++rank) {
      auto groups = groups_of(rank, ranks, false, program);
      if (groups != groups_of(rank, ranks, true, program))
        throw NotStatic{"depends on which message arrives first"};
      schedule.groups_of_rank.push_back(std::move(groups));
    }
  } catch (const NotStatic& reason) {
    return {.groups_of_rank = {}, .refusal = reason.why};
  }
  const auto channels = channels_of(schedule.groups_of_rank);
  schedule.refusal = mismatch(channels);
  if (schedule.refusal.empty() && !all_end(schedule.groups_of_rank, channels))
    schedule.refusal = "has groups of messages that would wait for each other";
  return schedule;
}

}  // namespace troupe::scenarios
