#include "algorithms/horovod/coordinator.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::algorithms::horovod {
namespace {

/// "rank 3", "ranks 1, 3"
std::string name_of(const std::vector<Rank>& ranks) {
  std::string text = ranks.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < ranks.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(ranks[i]);
  return text;
}

std::string seconds(Seconds time) {
  const double rounded = std::round(time.count() * 1000) / 1000;
  std::string digits = std::to_string(rounded);
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits + " s";
}

/// What ranks must have in common, as text; the first in which they differ.
std::string difference(const Announcement& one, const Announcement& other) {
  const auto differ = [](const std::string& a, const std::string& b) {
    return a == b ? "" : a + " and " + b;
  };
  const auto shape_of = [](const Announcement& what) {
    const bool rows_may_differ = what.kind == Kind::allgather || what.kind == Kind::alltoall;
    if (!rows_may_differ || what.shape.empty()) return "shape " + horovod::to_text(what.shape);
    std::string text = "shape [any";
    for (std::size_t i = 1; i < what.shape.size(); ++i)
      text += ", " + std::to_string(what.shape[i]);
    return text + "]";
  };
  const auto scale_of = [](const Announcement& what) {
    return "scale " + std::to_string(what.prescale) + ", " + std::to_string(what.postscale);
  };
  const auto group_of = [](const Announcement& what) {
    return what.group.empty()
               ? std::string{"no group"}
               : "group \"" + what.group + "\" of " + std::to_string(what.group_size);
  };
  for (const std::string& found :
       {differ(std::string{name_of(one.kind)}, std::string{name_of(other.kind)}),
        differ("dtype " + std::string{name_of(one.dtype)},
               "dtype " + std::string{name_of(other.dtype)}),
        differ(shape_of(one), shape_of(other)),
        differ("op " + std::string{name_of(one.op)}, "op " + std::string{name_of(other.op)}),
        differ(scale_of(one), scale_of(other)),
        differ("root " + std::to_string(one.root), "root " + std::to_string(other.root)),
        differ(group_of(one), group_of(other))})
    if (!found.empty()) return found;
  return "";
}

std::uint64_t bytes_of(const Response& response) {
  return values_in(response.what.shape) * size_of(response.what.dtype);
}

bool can_be_fused(const Response& one, const Response& other) {
  const Announcement &a = one.what, &b = other.what;
  return one.verdict == Verdict::perform && other.verdict == Verdict::perform &&
         a.kind == Kind::allreduce && b.kind == Kind::allreduce && a.dtype == b.dtype &&
         a.op == b.op && a.prescale == b.prescale && a.postscale == b.postscale &&
         a.phantom == b.phantom;
}

}  // namespace

std::string StallWarning::text() const {
  return std::string{name_of(kind)} + " \"" + tensor + "\" was announced " + seconds(waited) +
         " ago, and not yet by " + name_of(missing);
}

Coordinator::Coordinator(int ranks, const Limits& limits) : ranks_{ranks}, limits_{limits} {}

// ---- what ranks say

void Coordinator::announce(Rank rank, const Announcement& announcement, Seconds now) {
  switch (announcement.kind) {
    case Kind::join: return join(rank);
    case Kind::leave: return leave(rank);
    default: return add(rank, announcement, now);
  }
}

void Coordinator::add(Rank rank, const Announcement& announcement, Seconds now) {
  const auto lost = lost_.find(announcement.name);
  if (lost != lost_.end() && !lost->second.pending.heard[static_cast<std::size_t>(rank)]) {
    auto& [pending, reason] = lost->second;
    pending.heard[static_cast<std::size_t>(rank)] = true;
    settle(pending, Verdict::lost, reason);
    if (++pending.announcements == ranks_) lost_.erase(lost);
    return;
  }
  const auto [at, is_new] = pending_.try_emplace(announcement.name);
  Pending& pending = at->second;
  if (is_new) {
    pending.first = announcement;
    pending.first_rank = rank;
    pending.heard.resize(static_cast<std::size_t>(ranks_));
    pending.rows.resize(static_cast<std::size_t>(ranks_));
    pending.since = now;
  }
  EXPECTS(!pending.heard[static_cast<std::size_t>(rank)], "a rank announces an operation once");
  pending.heard[static_cast<std::size_t>(rank)] = true;
  ++pending.announcements;
  if (!announcement.shape.empty())
    pending.rows[static_cast<std::size_t>(rank)] = announcement.shape.front();
  pending.first.phantom |= announcement.phantom;
  if (pending.complaint.empty()) pending.complaint = announcement.complaint;
  if (const auto found = difference(pending.first, announcement);
      pending.complaint.empty() && !found.empty())
    pending.complaint = "ranks " + std::to_string(pending.first_rank) + " and " +
                        std::to_string(rank) + " announced " + found;
  decide(at);
}

void Coordinator::join(Rank rank) {
  joined_.insert(rank);
  last_to_join_ = rank;
  decide_all();
  end_join();
}

void Coordinator::end_join() {
  if (joined_.empty() || joined_.size() + left_.size() < static_cast<std::size_t>(ranks_)) return;
  Response all;
  all.what.kind = Kind::join;
  all.sizes = {static_cast<std::uint64_t>(last_to_join_)};
  decided_.push_back(std::move(all));
  joined_.clear();
}

void Coordinator::leave(Rank rank) {
  left_.insert(rank);
  decide_all();
  end_join();
  if (left_.size() < static_cast<std::size_t>(ranks_)) return;
  Response end;
  end.what.kind = Kind::leave;
  decided_.push_back(std::move(end));
}

// ---- what follows from it

void Coordinator::decide_all() {
  for (auto at = pending_.begin(); at != pending_.end();) decide(at++);
}

void Coordinator::decide(Table::iterator at) {
  const Pending& pending = at->second;
  std::vector<Rank> gone;
  for (const Rank rank : left_)
    if (!pending.heard[static_cast<std::size_t>(rank)]) gone.push_back(rank);
  if (!gone.empty()) {
    return lose(at, name_of(gone) + " shut down without announcing it");
  } else if (is_complete(pending)) {
    const std::string complaint =
        pending.complaint.empty() ? complaint_about_joined(pending) : pending.complaint;
    settle(pending, complaint.empty() ? Verdict::perform : Verdict::refused, complaint);
  } else {
    return;
  }
  pending_.erase(at);
}

bool Coordinator::is_complete(const Pending& pending) const {
  if (pending.announcements == ranks_) return true;
  if (joined_.empty()) return false;
  for (Rank rank = 0; rank < ranks_; ++rank)
    if (!pending.heard[static_cast<std::size_t>(rank)] && !joined_.contains(rank)) return false;
  return true;
}

std::vector<Rank> Coordinator::missing(const Pending& pending) const {
  std::vector<Rank> ranks;
  for (Rank rank = 0; rank < ranks_; ++rank)
    if (!pending.heard[static_cast<std::size_t>(rank)] && !joined_.contains(rank))
      ranks.push_back(rank);
  return ranks;
}

std::string Coordinator::complaint_about_joined(const Pending& pending) const {
  if (pending.announcements == ranks_) return "";
  const Announcement& what = pending.first;
  if (what.kind == Kind::barrier) return "";
  const bool zeros_do =
      what.kind == Kind::allreduce && (what.op == ReduceOp::average || what.op == ReduceOp::sum);
  return zeros_do ? ""
                  : name_of(std::vector<Rank>(joined_.begin(), joined_.end())) +
                        " joined, and only sums and averages go on without them";
}

void Coordinator::lose(Table::iterator at, std::string reason) {
  settle(at->second, Verdict::lost, reason);
  lost_.insert_or_assign(at->first, Lost{std::move(at->second), std::move(reason)});
  pending_.erase(at);
}

void Coordinator::settle(const Pending& pending, Verdict verdict, const std::string& reason) {
  Response response;
  response.what = pending.first;
  response.names = {pending.first.name};
  response.verdict = verdict;
  if (verdict != Verdict::perform) response.reason = title_of(pending.first) + ": " + reason;
  if (pending.first.kind == Kind::allreduce) response.sizes = {values_in(pending.first.shape)};
  else if (pending.first.kind == Kind::allgather) response.sizes = pending.rows;
  if (pending.first.group.empty()) {
    decided_.push_back(std::move(response));
    return;
  }
  const auto group = groups_.try_emplace(pending.first.group).first;
  group->second.push_back(std::move(response));
  if (group->second.size() < pending.first.group_size) return;
  decided_.insert(decided_.end(), group->second.begin(), group->second.end());
  groups_.erase(group);
}

std::vector<Response> Coordinator::take_decided() {
  std::vector<Response> fused;
  std::vector<bool> taken(decided_.size());
  for (std::size_t i = 0; i < decided_.size(); ++i) {
    if (taken[i]) continue;
    Response whole = decided_[i];
    std::uint64_t bytes = bytes_of(whole);
    for (std::size_t k = i + 1; k < decided_.size() && bytes < limits_.fusion_threshold.value;
         ++k) {
      const std::uint64_t more = bytes_of(decided_[k]);
      if (taken[k] || !can_be_fused(whole, decided_[k]) ||
          bytes + more > limits_.fusion_threshold.value)
        continue;
      taken[k] = true;
      bytes += more;
      whole.names.push_back(decided_[k].names.front());
      whole.sizes.push_back(decided_[k].sizes.front());
    }
    fused.push_back(std::move(whole));
  }
  decided_.clear();
  return fused;
}

// ---- what does not come

std::vector<StallWarning> Coordinator::overdue(Seconds now) {
  std::vector<StallWarning> warnings;
  if (limits_.stall_warning.count() <= 0) return warnings;
  for (auto& [name, pending] : pending_) {
    if (pending.warned || now < pending.since + limits_.stall_warning) continue;
    pending.warned = true;
    warnings.push_back({pending.first.kind, name, missing(pending), now - pending.since});
  }
  return warnings;
}

void Coordinator::give_up(Seconds now) {
  if (limits_.stall_limit.count() <= 0) return;
  for (auto next = pending_.begin(); next != pending_.end();) {
    const auto at = next++;
    const Pending& pending = at->second;
    if (now < pending.since + limits_.stall_limit) continue;
    lose(at,
         name_of(missing(pending)) + " did not announce it within " + seconds(limits_.stall_limit));
  }
}

Seconds Coordinator::next_check() const {
  Seconds next = forever;
  for (const auto& [name, pending] : pending_) {
    if (limits_.stall_warning.count() > 0 && !pending.warned)
      next = std::min(next, pending.since + limits_.stall_warning);
    if (limits_.stall_limit.count() > 0) next = std::min(next, pending.since + limits_.stall_limit);
  }
  return next;
}

}  // namespace troupe::algorithms::horovod
