#include "sim/simgrid/connections.hpp"

#include <algorithm>
#include <utility>

#include <simgrid/kernel/Timer.hpp>

#include "sim/simgrid/operation.hpp"

namespace troupe::sim::simgrid_world {

using ::simgrid::kernel::timer::Timer;

namespace {
double now() { return s4u::Engine::get_clock(); }
}  // namespace

Connections::Connections(platforms::NetworkModel network, Start start)
    : network_{std::move(network)}, start_{std::move(start)} {
  for (s4u::Link* const link : s4u::Engine::get_instance()->get_all_links()) {
    latencies_.emplace(link, link->get_latency());
    link->set_latency(0);
    fastest_ = std::max(fastest_, link->get_bandwidth());
  }
}

Connections::~Connections() {
  for (s4u::Link* const link : s4u::Engine::get_instance()->get_all_links())
    if (const auto known = latencies_.find(link); known != latencies_.end())
      link->set_latency(known->second);
}

void Connections::look_up(Connection& connection, const s4u::Host& from, const s4u::Host& to) {
  std::vector<s4u::Link*> there, back;
  double latency = 0, latency_back = 0;  // what does not come from links
  from.route_to(&to, there, &latency);
  to.route_to(&from, back, &latency_back);
  for (const s4u::Link* link : there) latency += latencies_.at(link);
  connection.latency = latency;
  if (there.empty()) return;
  // SimGrid weighs flows by one over the latency of their route.
  constexpr double hardly_any = 1e-12;
  s4u::Link* const card = there.front();
  const double weight = hardly_any * fastest_ / card->get_bandwidth();
  // A flow that begins at this moment would be held up, whatever the value.
  if (card->get_latency() != weight) card->set_latency(weight);
  for (s4u::Link* const link : there)
    if (link == card || std::ranges::find(back, link) == back.end())
      connection.queues.push_back(link);
}

void Connections::send(SimOperation& send, const s4u::Host& from, const s4u::Host& to) {
  if (connections_.size() <= send.pair) connections_.resize(send.pair + 1);
  Connection& connection = connections_[send.pair];
  if (connection.latency < 0) look_up(connection, from, to);
  const auto bytes = static_cast<double>(send.bytes);
  // Platforms with connections have one factor for all pairs.
  const double factor = network_.latency_factor_of(platforms::PairClass::across, bytes);
  connection.waiting.push_back({&send, now() + factor * connection.latency});
  connection.total += bytes;
  if (!connection.busy) proceed(connection);
}

/// Nothing of the connection moves.
void Connections::proceed(Connection& connection) {
  connection.moves = nullptr;
  connection.busy = !connection.waiting.empty();
  const double at = connection.busy ? connection.waiting.front().first_byte : 0;
  if (connection.flows && connection.busy && at <= now()) return start_first(connection);
  end_flow(connection);
  if (connection.busy)
    Timer::set(std::max(at, now()), [this, &connection] { begin_flow(connection); });
}

/// After a pause, the first byte of a message could be there, were it not for what is queued.
void Connections::begin_flow(Connection& connection) {
  const double queue = queue_before(connection);
  connection.flows = true;
  connection.since = now();
  for (const s4u::Link* link : connection.queues) flows_[link].push_back(&connection);
  if (queue <= 0) return start_first(connection);
  Timer::set(now() + queue, [this, &connection] { start_first(connection); });
}

void Connections::end_flow(Connection& connection) {
  if (std::exchange(connection.flows, false))
    for (const s4u::Link* link : connection.queues) std::erase(flows_[link], &connection);
  connection.total = 0;
  for (const Waiting& waiting : connection.waiting)
    connection.total += static_cast<double>(waiting.send->bytes);
}

void Connections::start_first(Connection& connection) {
  if (connection.waiting.empty()) return proceed(connection);  // cancelled meanwhile
  SimOperation& send = *connection.waiting.front().send;
  connection.waiting.pop_front();
  const s4u::Comm* const moves = start_(send);
  if (moves) connection.moves = moves;
}

/// Seconds that a first byte waits for others on the way, at the longest of their queues.
double Connections::queue_before(const Connection& connection) const {
  double longest = 0;
  for (std::size_t i = 1; i < connection.queues.size(); ++i) {
    const s4u::Link* const link = connection.queues[i];
    const auto flows = flows_.find(link);
    if (flows == flows_.end()) continue;
    double bytes = 0;
    for (const Connection* flow : flows->second) bytes += queued(*flow);
    longest = std::max(longest, bytes / link->get_bandwidth());
  }
  return longest;
}

/// Bytes of a flow that have left the sender's card, and are not there yet.
double Connections::queued(const Connection& flow) const {
  const bool moves = flow.moves && flow.moves->get_state() == s4u::Activity::State::STARTED;
  double missing = moves ? flow.moves->get_remaining() : 0;
  for (const Waiting& waiting : flow.waiting) missing += static_cast<double>(waiting.send->bytes);
  const s4u::Link* const card = flow.queues.front();
  const auto share = card->get_bandwidth() / static_cast<double>(flows_.at(card).size());
  const double at_card = std::max(0.0, flow.total - share * (now() - flow.since));
  return std::max(0.0, missing - at_card);
}

void Connections::cancel(const std::function<bool(const SimOperation&)>& concerns) {
  for (Connection& connection : connections_)
    std::erase_if(connection.waiting,
                  [&](const Waiting& waiting) { return concerns(*waiting.send); });
}

}  // namespace troupe::sim::simgrid_world
