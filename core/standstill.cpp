#include "core/standstill.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <span>

namespace troupe {

namespace {

std::string rank_text(Rank rank) { return "rank " + std::to_string(rank); }

std::string joined(std::span<const std::string> parts, const std::string& separator) {
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : separator) + part;
  return all;
}

/// At most `most` lines of a list, and how many more there were.
template <class Items, class ToLine>
std::string lines(const Items& items, const ToLine& to_line) {
  constexpr std::size_t most = 32;
  std::string all;
  for (std::size_t i = 0; i < std::min(items.size(), most); ++i) all += "\n  " + to_line(items[i]);
  if (items.size() > most) all += "\n  and " + std::to_string(items.size() - most) + " more";
  return all;
}

}  // namespace

std::string to_text(Context context) {
  // Digits follow the leading 1 from the top: 1 and 8 bits for a spawn, 0 and 4 bits for a subset.
  std::vector<std::string> path;
  for (int left = static_cast<int>(std::bit_width(context.path())) - 1; left > 0;) {
    const bool is_spawn = context.path() >> (left - 1) & 1;
    const int digits = is_spawn ? 8 : 4;
    left -= digits + 1;
    const std::uint64_t number = context.path() >> left & ((std::uint64_t{1} << digits) - 1);
    path.push_back((is_spawn ? "flow " : "subset ") + std::to_string(number));
  }
  std::ranges::reverse(path);
  return path.empty() ? "the world" : joined(path, " of ");
}

std::string to_text(Tag tag) {
  std::string text = (tag.is_open() ? "open tag " : "tag ") + std::to_string(tag.name());
  if (tag.step() != 0) text += ", step " + std::to_string(tag.step());
  if (tag.context() != Context{}) text += " in " + to_text(tag.context());
  return text;
}

std::string to_text(const UnmatchedMessage& message) {
  return rank_text(message.from) + " sent " + std::to_string(message.bytes) + " bytes to " +
         rank_text(message.to) + " (" + to_text(message.tag) + ')';
}

std::string waits_to_receive(Rank from, Tag tag) {
  return "to receive from " + (from == any_rank ? "any rank" : rank_text(from)) + " (" +
         to_text(tag) + ')';
}
std::string waits_to_send(Rank to, Tag tag, std::size_t bytes) {
  return "to send " + std::to_string(bytes) + " bytes to " + rank_text(to) + " (" + to_text(tag) +
         ')';
}
std::string waits_for_flow(Context child) { return "for its spawned " + to_text(child); }

std::string to_text(const BlockedFlow& flow) {
  constexpr std::size_t most = 4;
  std::string all = rank_text(flow.rank);
  if (flow.context != Context{}) all += ", " + to_text(flow.context) + ',';
  all += " waits ";
  if (flow.waits.empty()) return all + "for something that is under way nowhere";
  const std::span waits{flow.waits};
  all += joined(waits.first(std::min(waits.size(), most)), " or ");
  if (waits.size() > most) all += " or for " + std::to_string(waits.size() - most) + " others";
  return all;
}

std::string to_text(const Standstill& standstill) {
  std::string text =
      "deadlock: nothing is under way, and" +
      lines(standstill.blocked, [](const BlockedFlow& flow) { return to_text(flow); });
  if (!standstill.returned.empty())
    text += "\nalready returned:" + lines(standstill.returned, rank_text);
  if (!standstill.unmatched.empty())
    text += "\nmessages that no receive has taken:" +
            lines(standstill.unmatched, [](const UnmatchedMessage& m) { return to_text(m); });
  return text;
}

}  // namespace troupe
