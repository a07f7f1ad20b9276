#pragma once
// Which rank sits on which host. Pure: names and numbers in, seats out; it knows no simulator.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::platforms {

/// The order in which hosts are filled.
struct Placement {
  enum class Kind { declared, lexical, random };
  Kind kind = Kind::declared;
  std::uint64_t seed = 0;  ///< of the shuffle; used by random only
};

/// "declared", "lexical" or "random:SEED". Throws BadPlatform with the nearest name.
Placement parse_placement(std::string_view text);
/// The inverse of parse_placement.
std::string to_text(Placement placement);

/// One host of a list: up to `slots` ranks on `host`; 0 slots: as --ranks-per-host says.
struct HostSlots {
  std::string host;
  int slots = 0;
};

/// Reads lines `name` or `name slots=G`; `#` starts a comment. Throws BadPlatform ("file:line: …")
/// when the file cannot be read, is empty, names a host twice or has anything else on a line.
std::vector<HostSlots> read_hostfile(const std::filesystem::path& file);

/// Reads the same from one line, as launchers take it: "a:4,b:4", or "a,b" for slots as
/// --ranks-per-host says. Throws BadPlatform for an empty or repeated name and for a number of
/// slots below 1.
std::vector<HostSlots> parse_hosts(std::string_view text);

/// What was asked for.
struct PlacementRequest {
  int ranks = 0;           ///< 0: as many as there are slots
  int ranks_per_host = 1;  ///< slots of a host for which no host file says otherwise
  Placement placement{};
  std::vector<HostSlots> hostfile;  ///< empty: every host of the platform
};

/// A seat of one rank: a host, by its index in order of declaration, and a slot of it.
struct Seat {
  int host = 0;
  int slot = 0;
  bool operator==(const Seat&) const = default;
};

/// Rank r sits on result[r]. Hosts are taken in the order asked for (with a host file: its own
/// order instead of the platform's) and each is filled before the next. Throws BadPlatform for an
/// unknown host, for a negative number and for more ranks than slots.
std::vector<Seat> place_ranks(std::span<const std::string> hosts, const PlacementRequest& request);

}  // namespace troupe::platforms
