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

/// What a rank recorded, and what it had no room for.
struct Recorded {
  std::vector<RecordedEvent> events;
  std::uint64_t left_out = 0;
  Seconds until = forever;
};

// Where ranks are processes, events travel behind the rank's own figures as the bytes of these, and
// then how many they are: all ranks run the same program on like machines.

struct Wire {
  RecordedEvent event;
  std::array<char, 24> kernel{};  ///< its name, which the event only points to
};
static_assert(std::is_trivially_copyable_v<Wire> && sizeof(Wire) % sizeof(double) == 0);
constexpr std::size_t doubles = sizeof(Wire) / sizeof(double);

void append(std::vector<double>& said, const RecordedRank& log) {
  const auto events = log.events();
  const std::size_t before = said.size();
  said.resize(before + events.size() * doubles);
  for (std::size_t i = 0; i < events.size(); ++i) {
    Wire wire{.event = events[i]};
    std::ranges::copy(events[i].kernel.substr(0, wire.kernel.size()), wire.kernel.begin());
    std::memcpy(said.data() + before + i * doubles, &wire, sizeof wire);
  }
  said.insert(said.end(), {static_cast<double>(log.left_out()), log.first_left_out().count(),
                           static_cast<double>(events.size())});
}

double take_last(std::vector<double>& said) {
  const double last = said.back();
  said.pop_back();
  return last;
}

/// Takes off what append() added. The names of kernels live as long as `names`.
Recorded detach(std::vector<double>& said, std::set<std::string>& names) {
  Recorded recorded;
  recorded.events.resize(static_cast<std::size_t>(take_last(said)));
  recorded.until = Seconds{take_last(said)};
  recorded.left_out = static_cast<std::uint64_t>(take_last(said));
  const std::size_t begin = said.size() - recorded.events.size() * doubles;
  for (std::size_t i = 0; i < recorded.events.size(); ++i) {
    Wire wire;
    std::memcpy(static_cast<void*>(&wire), said.data() + begin + i * doubles, sizeof wire);
    wire.event.kernel = *names
                             .emplace(wire.kernel.data(),
                                      std::ranges::find(wire.kernel, '\0') - wire.kernel.begin())
                             .first;
    recorded.events[i] = wire.event;
  }
  said.resize(begin);
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
    Recorder recorder{comm, log};
    auto said = program(recorder);
    if (!together) append(said, log);
    return said;
  });
  if (!reporter()) return outcome;

  std::set<std::string> names;
  std::vector<std::vector<RecordedEvent>> events;
  std::uint64_t left_out = 0;
  Seconds until = forever;
  for (std::size_t i = 0; i < ranks; ++i) {
    auto recorded =
        together ? Recorded{logs[i]->events(), logs[i]->left_out(), logs[i]->first_left_out()}
                 : detach(outcome.said[i], names);
    logs[i].reset();
    events.push_back(std::move(recorded.events));
    left_out += recorded.left_out;
    until = std::min(until, recorded.until);
  }
  const auto eager_limit_of = [this](Rank from, Rank to) {
    return inner_.eager_limit(from, to).value_or(eager_limit_);
  };
  auto trace = analysis::trace_of(events, eager_limit_of, left_out, until);
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
