#pragma once
// The check platform of the LogGP world's tests: the star of tests/simgrid/star.hpp. A message of n
// bytes takes exactly α + nβ, each host sends one message and receives one at a time, and nothing
// else costs.

#include <functional>
#include <string>
#include <vector>

#include "sim/loggp/simulation.hpp"

namespace troupe::test {

/// Hosts with a port out and a port in each.
class StarNetwork final : public sim::loggp::Network {
 public:
  StarNetwork(int ranks, int ranks_per_host, Seconds alpha, BytesPerSecond bandwidth,
              bool with_ports)
      : ranks_per_host_{ranks_per_host},
        with_ports_{with_ports},
        alpha_{alpha},
        beta_{1 / bandwidth.value} {
    for (int host = 0; host < (ranks + ranks_per_host - 1) / ranks_per_host; ++host)
      for (const char* direction : {"_UP", "_DOWN"})
        ports_.push_back({"l" + std::to_string(host) + direction, bandwidth});
  }
  const std::vector<sim::loggp::Port>& ports() const override { return ports_; }
  sim::loggp::Route route(Rank from, Rank to) const override {
    const int source = from / ranks_per_host_, target = to / ranks_per_host_;
    if (source == target) return {.own_ports = true};
    if (!with_ports_) return {.latency = alpha_, .per_byte = beta_, .own_ports = true};
    return {.latency = alpha_,
            .per_byte = beta_,
            .out = 2 * source,
            .in = 2 * target + 1,
            .own_ports = ranks_per_host_ == 1};
  }

 private:
  int ranks_per_host_;
  bool with_ports_;
  Seconds alpha_, beta_;
  std::vector<sim::loggp::Port> ports_;
};

struct LogGPStar {
  int ranks = 2;
  int ranks_per_host = 1;
  Seconds alpha{2e-6};
  BytesPerSecond bandwidth{1e9};
  bool with_ports = true;      ///< false: nobody waits for another's message
  sim::Processor processor{};  ///< of every rank: free of charge unless told
  sim::Options options{};
  sim::loggp::Overheads overheads{};
};

/// Runs `program` on every rank of the star.
inline sim::SimulationResult run_on(const LogGPStar& star,
                                    const std::function<void(Communicator&)>& program) {
  const StarNetwork network{star.ranks, star.ranks_per_host, star.alpha, star.bandwidth,
                            star.with_ports};
  std::vector<sim::loggp::Seat> seats;
  for (Rank rank = 0; rank < star.ranks; ++rank)
    seats.push_back(
        {.host = "h" + std::to_string(rank / star.ranks_per_host), .processor = star.processor});
  return sim::loggp::simulate(network, seats, program, star.options, {star.overheads});
}

}  // namespace troupe::test
