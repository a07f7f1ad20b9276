#pragma once
// The check platform of the simulator's tests: a star with full-duplex links on which a message of
// n bytes takes exactly α + nβ, each rank sends one message and receives one at a time without
// either slowing the other, and nothing else costs.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <simgrid/s4u.hpp>

#include "platforms/simgrid/compat.hpp"
#include "sim/simgrid/simulation.hpp"

namespace troupe::test {

struct Star {
  int ranks = 2;
  int ranks_per_host = 1;
  Seconds alpha{2e-6};
  BytesPerSecond bandwidth{1e9};
  std::vector<BytesPerSecond> bandwidths{};  ///< of the first hosts, if another
  sim::Processor processor{};                ///< of every rank: free of charge unless told
  sim::Options options{};
  bool one_connection = false;  ///< for each pair of ranks and direction
  bool duplex = true;           ///< each way of a cable has the bandwidth; false: both share it
};

/// Makes the star and calls body(engine, ranks) to run something there. Once a process: SimGrid's
/// clock does not start again.
template <class Body>
auto on_star(const Star& star, Body body) {
  namespace s4u = ::simgrid::s4u;
  namespace compat = platforms::compat;
  static char name[] = "test";
  static char* arguments[] = {name, nullptr};
  int count = 1;
  s4u::Engine engine{&count, arguments};
  sim::configure_simgrid();
  for (const char* setting :
       {"network/model:CM02", "network/crosstraffic:0", "network/TCP-gamma:0"})
    s4u::Engine::set_config(setting);
  auto* zone = compat::add_star(engine, "star");
  sim::Ranks ranks;
  for (int rank = 0; rank < star.ranks; ++rank) {
    if (rank % star.ranks_per_host == 0) {
      const std::string number = std::to_string(rank / star.ranks_per_host);
      auto* host = compat::add_host(*zone, "h" + number, 1e9)->seal();
      const auto place = static_cast<std::size_t>(rank / star.ranks_per_host);
      const auto bandwidth =
          place < star.bandwidths.size() ? star.bandwidths[place] : star.bandwidth;
      compat::join_star(*zone, host, "l" + number, bandwidth.value, star.alpha.count() / 2,
                        star.duplex);
      ranks.hosts.push_back(host);
    } else {
      ranks.hosts.push_back(ranks.hosts.back());
    }
    ranks.processors.push_back(star.processor);
  }
  zone->seal();
  if (star.one_connection) ranks.connections.emplace().name = "CM02";
  return body(engine, std::as_const(ranks));
}

/// Runs `program` on every rank of the star.
inline sim::SimulationResult run_on(const Star& star,
                                    const std::function<void(Communicator&)>& program) {
  return on_star(star, [&](::simgrid::s4u::Engine& engine, const sim::Ranks& ranks) {
    return sim::simulate(engine, ranks, program, star.options);
  });
}

/// A kernel of so many flops that computes nothing.
inline Opaque arithmetic(double flops) {
  return {.reads = {}, .writes = {}, .work = {.flops = {flops}, .bytes = {}}, .body = [] {}};
}

}  // namespace troupe::test
