#include "twin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/errors.hpp"
#include "platforms/library.hpp"
#include "scenarios/backend_simgrid.hpp"

namespace troupe::netlab {
namespace {

void expect_name(const std::string& platform, const std::string& name) {
  const auto fits = [](unsigned char letter) {
    return std::isalnum(letter) || letter == '-' || letter == '.';
  };
  if (name.size() > 63 || !std::ranges::all_of(name, fits))
    throw BadPlatform{fmt::format(
        "{}: host \"{}\": the lab gives computers the names of hosts; expected letters, digits, - "
        "and . only",
        platform, name)};
}

}  // namespace

Twin twin_of(const std::string& platform, int ranks) {
  const std::vector<std::filesystem::path> shipped{TROUPE_SOURCE_DIR "/platforms"};
  auto spec = platforms::platform_file(platforms::find_platform(platform, shipped));
  spec.placement.ranks = ranks;
  const scenarios::LoadedPlatform loaded{spec, {}};
  const auto placed = loaded.placed();
  Twin twin;
  std::vector<int> first_rank;
  for (int rank = 0; rank < placed->size(); ++rank) {
    const auto& name = placed->host_of(rank).name;
    if (!twin.hosts.empty() && twin.hosts.back() == name) {
      ++twin.slots.back();
      continue;
    }
    expect_name(platform, name);
    if (std::ranges::find(twin.hosts, name) != twin.hosts.end())
      throw BadPlatform{
          fmt::format("{}: host {} has ranks that do not follow each other", platform, name)};
    twin.hosts.push_back(name);
    twin.slots.push_back(1);
    first_rank.push_back(rank);
  }
  for (const auto& link : placed->links)
    twin.links.push_back({.name = link.name,
                          .bytes_per_second = link.bandwidth.value,
                          .latency = link.latency.count(),
                          .shared = link.shared});
  for (const int from : first_rank) {
    auto& routes = twin.routes.emplace_back();
    for (const int to : first_rank) {
      routes.push_back(from == to ? std::vector<int>{} : placed->way(from, to).links);
      if (from != to && routes.back().empty())
        throw BadPlatform{fmt::format("{}: no links from {} to {}", platform,
                                      placed->host_of(from).name, placed->host_of(to).name)};
    }
  }
  return twin;
}

}  // namespace troupe::netlab
