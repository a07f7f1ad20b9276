#include "scenarios/traced_backend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <type_traits>

#include "core/recorder.hpp"
#include "core/text.hpp"

namespace troupe::scenarios {
namespace {

/// What a rank recorded, what it had no room for, and what its device timed.
struct Recorded {
  std::vector<RecordedEvent> events;
  std::uint64_t left_out = 0;
  Seconds until = forever;
  std::vector<TimedKernel> on_device;
};

// Where ranks are processes, all that travels behind the rank's own figures: lists as the bytes of
// these, and then how many they are. All ranks run the same program on like machines.

/// The name of a kernel, to which what is recorded only points.
using Name = std::array<char, 24>;

struct EventWire {
  RecordedEvent event;
  Name kernel{};
};
struct DeviceWire {
  Seconds begin{}, end{};
  Name kernel{};
};

Name written(std::string_view kernel) {
  Name name{};
  std::ranges::copy(kernel.substr(0, name.size()), name.begin());
  return name;
}
/// It lives as long as `names`.
std::string_view read(const Name& name, std::set<std::string>& names) {
  return *names.emplace(name.data(), std::ranges::find(name, '\0') - name.begin()).first;
}

template <class Wire>
void append(std::vector<double>& said, const std::vector<Wire>& list) {
  static_assert(std::is_trivially_copyable_v<Wire> && sizeof(Wire) % sizeof(double) == 0);
  const std::size_t before = said.size();
  said.resize(before + list.size() * (sizeof(Wire) / sizeof(double)));
  if (!list.empty()) std::memcpy(said.data() + before, list.data(), list.size() * sizeof(Wire));
  said.push_back(static_cast<double>(list.size()));
}

double take_last(std::vector<double>& said) {
  const double last = said.back();
  said.pop_back();
  return last;
}

/// Takes off what append() added.
template <class Wire>
std::vector<Wire> take_list(std::vector<double>& said) {
  std::vector<Wire> list(static_cast<std::size_t>(take_last(said)));
  const std::size_t before = said.size() - list.size() * (sizeof(Wire) / sizeof(double));
  if (!list.empty())
    std::memcpy(static_cast<void*>(list.data()), said.data() + before, list.size() * sizeof(Wire));
  said.resize(before);
  return list;
}

void append(std::vector<double>& said, const RecordedRank& log,
            const std::vector<TimedKernel>& on_device) {
  std::vector<EventWire> events;
  for (const auto& event : log.events()) events.push_back({event, written(event.kernel)});
  append(said, events);
  said.insert(said.end(), {static_cast<double>(log.left_out()), log.first_left_out().count()});
  std::vector<DeviceWire> kernels;
  for (const auto& kernel : on_device)
    kernels.push_back({kernel.begin, kernel.end, written(kernel.name)});
  append(said, kernels);
}

/// Takes off what append() added. The names of kernels live as long as `names`.
Recorded detach(std::vector<double>& said, std::set<std::string>& names) {
  Recorded recorded;
  for (const auto& wire : take_list<DeviceWire>(said))
    recorded.on_device.push_back({read(wire.kernel, names), wire.begin, wire.end});
  recorded.until = Seconds{take_last(said)};
  recorded.left_out = static_cast<std::uint64_t>(take_last(said));
  for (auto& wire : take_list<EventWire>(said)) {
    wire.event.kernel = read(wire.kernel, names);
    recorded.events.push_back(wire.event);
  }
  return recorded;
}

/// The time of each rank that its report accounts for.
std::vector<Seconds> ends_of(const RunOutcome& outcome, bool simulated) {
  std::vector<Seconds> ends;
  for (const auto& rank : outcome.ranks)
    ends.push_back(simulated ? rank.compute + rank.communication + rank.waiting : outcome.end);
  return ends;
}

}  // namespace

RunOutcome TracedBackend::run(const Program& program) {
  const auto ranks = static_cast<std::size_t>(machine().ranks);
  const std::size_t most = std::max<std::size_t>(1, most_events_ / ranks);
  std::vector<std::unique_ptr<RecordedRank>> logs;
  for (std::size_t i = 0; i < ranks; ++i) logs.push_back(std::make_unique<RecordedRank>(most));
  const bool together = one_process();
  auto outcome = inner_.run([&](Communicator& comm) {
    RecordedRank& log = *logs[static_cast<std::size_t>(comm.rank())];
    log.tell_time_by(inner_.clock_of_host());
    keep_device_kernels(comm, most);
    Recorder recorder{comm, log};
    auto said = program(recorder);
    const auto on_device = take_device_kernels();
    if (!together) append(said, log, on_device);
    return said;
  });
  if (!reporter()) return outcome;

  std::set<std::string> names;
  std::vector<std::vector<RecordedEvent>> events;
  std::vector<std::vector<TimedKernel>> on_devices;
  std::uint64_t left_out = 0;
  Seconds until = forever;
  for (std::size_t i = 0; i < ranks; ++i) {
    auto recorded =
        together ? Recorded{logs[i]->events(), logs[i]->left_out(), logs[i]->first_left_out(), {}}
                 : detach(outcome.said[i], names);
    logs[i].reset();
    events.push_back(std::move(recorded.events));
    on_devices.push_back(std::move(recorded.on_device));
    left_out += recorded.left_out;
    until = std::min(until, recorded.until);
  }
  const auto eager_limit_of = [this](Rank from, Rank to) {
    return inner_.eager_limit(from, to).value_or(eager_limit_);
  };
  auto trace = analysis::trace_of(events, eager_limit_of, left_out, until);
  analysis::add_device_kernels(trace, on_devices, until);
  trace.simulated = simulated();
  for (const auto& rank : outcome.ranks) trace.host_of_rank.push_back(rank.host);
  analysis::add_waiting(trace, ends_of(outcome, simulated()));
  std::vector<analysis::NamedLink> links;
  for (const auto& link : outcome.links) links.push_back({link.name, link.bandwidth});
  if (!links.empty())
    analysis::add_links(trace, links,
                        [this](Rank from, Rank to) { return inner_.route(from, to); });
  if (trace.left_out > 0)
    outcome.notes.push_back(fmt::format(
        "the trace ends at {}: there was no room for the {} spans after it (--trace-spans)",
        to_text(trace.end), trace.left_out));
  outcome.trace = std::move(trace);
  return outcome;
}

}  // namespace troupe::scenarios
