#pragma once
// LogGP's parameters from a platform: L is the latency of a route as the network model charges it,
// G the time of a byte on its narrowest link, the ports are the links at its two ends, by identity:
// what several devices share, say a network card, is one port.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/placed.hpp"
#include "sim/loggp/network.hpp"

namespace troupe::sim::loggp {

using platforms::pair_classes;
using platforms::PairClass;  // the kind of a Route

/// Replaces what the platform says of the pairs of a class.
struct Override {
  PairClass of = PairClass::across;
  std::optional<Seconds> latency{};
  std::optional<BytesPerSecond> bandwidth{};
};

/// What one class of pairs is to the LogGP world.
struct ClassFacts {
  PairClass of = PairClass::across;
  std::int64_t pairs = 0;  ///< looked at
  Seconds least_latency{}, most_latency{};
  BytesPerSecond least_bandwidth{}, most_bandwidth{};
};

class PlatformNetwork final : public Network {
 public:
  /// Keeps a reference to `platform`. `with_ports`: false where the network is declared free of
  /// contention. Throws BadPlatform for an override of a class without pairs.
  explicit PlatformNetwork(const platforms::PlacedPlatform& platform,
                           std::vector<Override> overrides = {}, bool with_ports = true);

  const std::vector<Port>& ports() const override { return ports_; }
  /// Throws BadPlatform, naming the hosts, where a pair has no latency and bandwidth.
  Route route(Rank from, Rank to) const override;
  PairClass class_of(Rank from, Rank to) const;
  /// As factors by size of the network model; routes have its general ones.
  bool scales_by_size() const override { return platform_.network.factors_by_size; }
  SizeScale scale(std::uint8_t kind, double bytes) const override;

  /// The classes that have pairs: of all up to 256 ranks, beyond that of those 1, 2, 4, … apart.
  std::vector<ClassFacts> classes() const;

  /// A link that is no port and that the pairs given could load beyond its bandwidth if all of them
  /// sent at once: contention this world does not see.
  struct Unseen {
    std::string link;
    double factor;  ///< demand at worst over bandwidth
  };
  /// The worst first. `pairs`: (from, to) of all who have talked.
  std::vector<Unseen> unseen(const std::vector<std::pair<Rank, Rank>>& pairs) const;

 private:
  struct Ends {
    std::int32_t out, in;
  };
  Ends ends_of(Rank from, Rank to, const platforms::Way& way) const;

  const platforms::PlacedPlatform& platform_;
  std::vector<Override> overrides_;
  bool with_ports_;
  std::vector<Port> ports_;         // by link
  std::vector<int> ranks_of_host_;  // how many
};

}  // namespace troupe::sim::loggp
