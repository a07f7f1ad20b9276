#include "sim/simgrid/connections.hpp"

#include <simgrid/kernel/Timer.hpp>

#include "sim/simgrid/operation.hpp"

namespace troupe::sim::simgrid_world {

Connections::Connections(platforms::NetworkModel network, std::function<void(SimOperation&)> start)
    : network_{std::move(network)}, start_{std::move(start)} {
  for (s4u::Link* const link : s4u::Engine::get_instance()->get_all_links()) {
    latencies_.emplace(link, link->get_latency());
    link->set_latency(0);
  }
}

Connections::~Connections() {
  for (s4u::Link* const link : s4u::Engine::get_instance()->get_all_links())
    if (const auto known = latencies_.find(link); known != latencies_.end())
      link->set_latency(known->second);
}

double Connections::latency_of(const s4u::Host& from, const s4u::Host& to) const {
  std::vector<s4u::Link*> links;
  double latency = 0;  // what does not come from links
  from.route_to(&to, links, &latency);
  for (const s4u::Link* link : links) latency += latencies_.at(link);
  return latency;
}

void Connections::send(SimOperation& send, const s4u::Host& from, const s4u::Host& to) {
  if (connections_.size() <= send.pair) connections_.resize(send.pair + 1);
  Connection& connection = connections_[send.pair];
  if (connection.latency < 0) connection.latency = latency_of(from, to);
  const double factor = network_.factors_by_size
                            ? network_.latency_by_size.at(static_cast<double>(send.bytes))
                            : network_.latency_factor;
  connection.waiting.push_back({&send, s4u::Engine::get_clock() + factor * connection.latency});
  if (!connection.busy) proceed(connection);
}

void Connections::next(std::size_t pair) { proceed(connections_[pair]); }

/// Nothing of the connection moves.
void Connections::proceed(Connection& connection) {
  connection.busy = !connection.waiting.empty();
  if (!connection.busy) return;
  const double at = connection.waiting.front().first_byte;
  if (at <= s4u::Engine::get_clock()) return start_first(connection);
  ::simgrid::kernel::timer::Timer::set(at, [this, &connection] { start_first(connection); });
}

void Connections::start_first(Connection& connection) {
  if (connection.waiting.empty()) return proceed(connection);  // cancelled meanwhile
  SimOperation& send = *connection.waiting.front().send;
  connection.waiting.pop_front();
  start_(send);
}

void Connections::cancel(const std::function<bool(const SimOperation&)>& concerns) {
  for (Connection& connection : connections_)
    std::erase_if(connection.waiting,
                  [&](const Waiting& waiting) { return concerns(*waiting.send); });
}

}  // namespace troupe::sim::simgrid_world
