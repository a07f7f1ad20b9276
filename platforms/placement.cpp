#include "platforms/placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <numeric>
#include <set>
#include <sstream>

#include "core/errors.hpp"
#include "core/random.hpp"
#include "core/text.hpp"

namespace troupe::platforms {
namespace {

template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

/// Fisher and Yates.
void shuffle(std::vector<int>& order, SplitMix64 random) {
  for (std::size_t left = order.size(); left > 1; --left)
    std::swap(order[left - 1], order[random.below(left)]);
}

struct Candidates {
  std::vector<int> hosts;  // in the order of filling
  std::vector<int> slots;  // by host index
};

Candidates candidates(std::span<const std::string> hosts, const PlacementRequest& request) {
  Candidates result;
  result.slots.assign(hosts.size(), request.ranks_per_host);
  if (request.hostfile.empty()) {
    result.hosts.resize(hosts.size());
    std::iota(result.hosts.begin(), result.hosts.end(), 0);
    return result;
  }
  std::map<std::string, int, std::less<>> index;
  for (std::size_t i = 0; i < hosts.size(); ++i) index.emplace(hosts[i], static_cast<int>(i));
  for (const HostSlots& line : request.hostfile) {
    const auto found = index.find(line.host);
    if (found == index.end())
      throw BadPlatform(fmt::format("the platform has no host \"{}\"{}", line.host,
                                    did_you_mean(line.host, hosts)));
    result.hosts.push_back(found->second);
    if (line.slots > 0) result.slots[static_cast<std::size_t>(found->second)] = line.slots;
  }
  return result;
}

}  // namespace

Placement parse_placement(std::string_view text) {
  if (text == "declared") return {};
  if (text == "lexical") return {.kind = Placement::Kind::lexical};
  constexpr std::string_view random = "random:";
  Placement placement{.kind = Placement::Kind::random};
  if (text.starts_with(random) && parse_number(text.substr(random.size()), placement.seed))
    return placement;
  const std::array<std::string, 3> names{"declared", "lexical", "random:1"};
  throw BadPlatform(fmt::format("placement \"{}\": expected declared, lexical or random:SEED{}",
                                text, did_you_mean(text, names)));
}

std::string to_text(Placement placement) {
  switch (placement.kind) {
    case Placement::Kind::declared: return "declared";
    case Placement::Kind::lexical: return "lexical";
    case Placement::Kind::random: break;
  }
  return fmt::format("random:{}", placement.seed);
}

std::vector<HostSlots> read_hostfile(const std::filesystem::path& file) {
  std::ifstream stream{file};
  if (!stream) throw BadPlatform(fmt::format("{}: cannot read this host file", file.string()));
  std::vector<HostSlots> lines;
  std::set<std::string> seen;
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    std::istringstream words{line.substr(0, line.find('#'))};
    HostSlots entry;
    if (!(words >> entry.host)) continue;
    constexpr std::string_view key = "slots=";
    for (std::string word; words >> word;)
      if (!word.starts_with(key) ||
          !parse_number(std::string_view{word}.substr(key.size()), entry.slots) || entry.slots < 1)
        throw BadPlatform(
            fmt::format("{}:{}: \"{}\" after host \"{}\": expected slots=G with G ≥ 1",
                        file.string(), number, word, entry.host));
    if (!seen.insert(entry.host).second)
      throw BadPlatform(fmt::format("{}:{}: host \"{}\" is named twice: give it more slots instead",
                                    file.string(), number, entry.host));
    lines.push_back(std::move(entry));
  }
  if (lines.empty()) throw BadPlatform(fmt::format("{}: names no host", file.string()));
  return lines;
}

std::vector<HostSlots> parse_hosts(std::string_view text) {
  std::vector<HostSlots> hosts;
  std::set<std::string, std::less<>> seen;
  for (std::size_t at = 0; at <= text.size();) {
    const auto entry = text.substr(at, text.find(',', at) - at);
    at += entry.size() + 1;
    const auto colon = std::min(entry.rfind(':'), entry.size());
    HostSlots host{.host = std::string{entry.substr(0, colon)}};
    if (host.host.empty() ||
        (colon < entry.size() &&
         (!parse_number(entry.substr(colon + 1), host.slots) || host.slots < 1)))
      throw BadPlatform(fmt::format(
          "hosts \"{}\": found \"{}\"; expected NAME or NAME:SLOTS with SLOTS ≥ 1", text, entry));
    if (!seen.insert(host.host).second)
      throw BadPlatform(fmt::format(
          "hosts \"{}\": \"{}\" is named twice: give it more slots instead", text, host.host));
    hosts.push_back(std::move(host));
  }
  return hosts;
}

std::vector<Seat> place_ranks(std::span<const std::string> hosts, const PlacementRequest& request) {
  if (request.ranks < 0)
    throw BadPlatform(fmt::format("{} ranks: expected 0 or more", request.ranks));
  if (request.ranks_per_host < 1)
    throw BadPlatform(
        fmt::format("--ranks-per-host {}: expected 1 or more", request.ranks_per_host));

  auto [order, slots] = candidates(hosts, request);
  const auto name = [&](int host) -> const std::string& {
    return hosts[static_cast<std::size_t>(host)];
  };
  if (request.placement.kind == Placement::Kind::lexical) std::ranges::sort(order, {}, name);
  else if (request.placement.kind == Placement::Kind::random)
    shuffle(order, SplitMix64{request.placement.seed});

  std::vector<Seat> seats;
  for (const int host : order)
    for (int slot = 0; slot < slots[static_cast<std::size_t>(host)]; ++slot)
      seats.push_back({.host = host, .slot = slot});
  const auto ranks = static_cast<std::size_t>(request.ranks);
  if (ranks > seats.size())
    throw BadPlatform(fmt::format(
        "{} ranks do not fit {} slots on {} hosts: ask for fewer with --ranks, or for several on a "
        "host with --ranks-per-host, --hosts NAME:SLOTS or slots=G in a --hostfile",
        ranks, seats.size(), order.size()));
  if (ranks > 0) seats.resize(ranks);
  return seats;
}

}  // namespace troupe::platforms
