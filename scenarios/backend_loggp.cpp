#include "scenarios/backend_loggp.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <sstream>

#include "core/text.hpp"
#include "platforms/xml_scan.hpp"
#include "scenarios/backend_simulated.hpp"
#include "scenarios/memory_limit.hpp"
#include "sim/loggp/platform_network.hpp"
#include "sim/loggp/simulation.hpp"

namespace troupe::scenarios {
namespace {

namespace loggp = sim::loggp;

/// What changes with time in a SimGrid platform; a port's bandwidth does not.
void refuse_profiles(const std::filesystem::path& file) {
  std::ostringstream content;
  content << std::ifstream{file, std::ios::binary}.rdbuf();
  const auto profiles = platforms::profiles(platforms::start_tags(content.str()));
  if (!profiles.empty())
    throw BadPlatform{fmt::format(
        "{}:{}: {}: the LogGP world knows no availability, speed or state that changes with time; "
        "expected --network simgrid, or a platform without it",
        file.string(), profiles.front().line, profiles.front().what)};
}

/// Before anything large is made. A rank is at least a page of stack, and what the world keeps of
/// it (5.6 kB measured of a rank that does nothing); what the program itself takes comes on top.
void check_memory(const std::string& platform, int ranks) {
  constexpr double of_a_rank = 5.5 * 1024;
  const auto limit = memory_limit();
  constexpr double gibi = 1024.0 * 1024 * 1024;
  const double most = 0.9 * static_cast<double>(limit.bytes.value);
  if (ranks * of_a_rank > most)
    throw BadScenario{
        fmt::format("{}: {} ranks need at least {:.1f} GiB (5.5 KiB each), nine tenths of the "
                    "memory of {} are {:.1f} GiB: give fewer --ranks",
                    platform, ranks, ranks * of_a_rank / gibi, limit.owner, most / gibi)};
}

std::vector<loggp::Override> overrides_of(const LogGPChoice& choice) {
  std::vector<loggp::Override> overrides;
  for (const auto& given : choice.classes) {
    const auto place =
        std::find(loggp::pair_classes.begin(), loggp::pair_classes.end(), given.name);
    overrides.push_back({.of = static_cast<loggp::PairClass>(place - loggp::pair_classes.begin()),
                         .latency = given.latency,
                         .bandwidth = given.bandwidth});
  }
  return overrides;
}

/// By class: what the scenario says of it, else of all, else what the platform does. S differs:
/// what is said of a class, by the scenario or the platform, comes before what is said of all.
std::vector<loggp::Overheads> overheads_of(const LogGPChoice& choice,
                                           const platforms::CostsByClass& platform,
                                           Bytes eager_limit) {
  std::vector<loggp::Overheads> all;
  for (const auto& stated : platform) {
    all.push_back({.each = choice.overhead.value_or(stated.overhead),
                   .per_byte = choice.overhead_per_byte.value_or(stated.overhead_per_byte),
                   .gap = choice.gap.value_or(stated.gap),
                   .eager_limit = stated.eager_limit.value_or(eager_limit)});
  }
  for (const auto& given : choice.classes) {
    const auto place =
        std::find(loggp::pair_classes.begin(), loggp::pair_classes.end(), given.name);
    auto& of = all[static_cast<std::size_t>(place - loggp::pair_classes.begin())];
    of = {.each = given.overhead.value_or(of.each),
          .per_byte = given.overhead_per_byte.value_or(of.per_byte),
          .gap = given.gap.value_or(of.gap),
          .eager_limit = given.eager_limit ? given.eager_limit : of.eager_limit};
  }
  return all;
}

std::string to_text(const loggp::Overheads& of) {
  return fmt::format("o {}, O {} a byte, g {}, S {}", troupe::to_text(of.each),
                     troupe::to_text(of.per_byte), troupe::to_text(of.gap),
                     troupe::to_text(*of.eager_limit));
}
/// One statement where it is true of all classes.
std::string to_text(const std::vector<loggp::Overheads>& by_class) {
  const std::string first = to_text(by_class.front());
  std::string all;
  bool alike = true;
  for (std::size_t of = 0; of < by_class.size(); ++of) {
    const std::string text = to_text(by_class[of]);
    alike = alike && text == first;
    all += fmt::format("{}{} {}", of > 0 ? ", " : "", loggp::pair_classes[of], text);
  }
  return alike ? first : all;
}

class LogGPBackend final : public Backend {
 public:
  LogGPBackend(const Scenario& scenario, std::shared_ptr<platforms::PlacedPlatform> platform)
      : platform_{std::move(platform)},
        options_{simulation_options(scenario)},
        network_{*platform_, overrides_of(scenario.loggp), scenario.loggp.ports},
        overheads_{overheads_of(scenario.loggp, platform_->message_costs, scenario.eager_limit)},
        has_ports_{scenario.loggp.ports} {
    check_memory(platform_->source, platform_->size());
    const auto processors = processors_of(*platform_, scenario.compute);
    machine_ = machine_of(*platform_, processors, options_);
    for (Rank rank = 0; rank < platform_->size(); ++rank)
      seats_.push_back({.host = platform_->host_of(rank).name,
                        .cores = platform_->host_of(rank).cores,
                        .processor = processors[static_cast<std::size_t>(rank)],
                        .cores_of = platform_->host_of(rank).processor,
                        .sharing = platform_->host_of(rank).sharing});
    if (platform_->network.cross_traffic)
      machine_.notes.push_back(
          platform_->source +
          ": its network model lets every message load the way back (cross-traffic), which ports "
          "do not know");
    describe_overrides(scenario.loggp);
  }
  std::string_view name() const override { return "sim"; }
  bool simulated() const override { return true; }
  bool one_process() const override { return true; }
  const Machine& machine() const override { return machine_; }
  std::string processor(Rank rank) const override { return platform_->host_of(rank).processor; }
  std::vector<std::pair<std::string, std::string>> facts() const override {
    return {{"network_model", fmt::format("LogGP on {}, {}, {}", platform_->network.text(),
                                          to_text(overheads_), has_ports_ ? "ports" : "no ports")}};
  }

  std::vector<std::string> route(Rank from, Rank to) const override {
    std::vector<std::string> names;
    for (const int link : platform_->way(from, to).links)
      names.push_back(platform_->links[static_cast<std::size_t>(link)].name);
    return names;
  }

  std::optional<Bytes> eager_limit(Rank from, Rank to) const override {
    return overheads_[static_cast<std::size_t>(network_.class_of(from, to))].eager_limit;
  }

  RunOutcome run(const Program& program) override {
    RunOutcome outcome;
    outcome.said.resize(seats_.size());
    const auto result = loggp::simulate(
        network_, seats_,
        [&](Communicator& comm) {
          outcome.said[static_cast<std::size_t>(comm.rank())] = program(comm);
        },
        options_, overheads_, &so_far_);
    describe(result, outcome);
    tell_unseen(result, outcome);
    return outcome;
  }
  std::optional<BusyTimes> busy_times(Rank rank, Seconds now) const override {
    return busy_times_of(so_far_, rank, now);
  }
  std::map<std::string, Seconds> busy_links() const override { return busy_links_of(so_far_); }

 private:
  /// Bounds hold for latencies, bandwidths and ports as the platform has them; most pairs of ranks
  /// are of the last class that is there.
  void describe_overrides(const LogGPChoice& choice) {
    const auto replaces = [](const auto& of) { return of.latency || of.bandwidth; };
    if (!has_ports_ || std::ranges::any_of(choice.classes, replaces)) machine_.best.reset();
    const auto classes = network_.classes();
    if (classes.empty() || !machine_.typical) return;
    for (const auto& given : overrides_of(choice)) {
      if (given.of != classes.back().of) continue;
      if (given.latency) machine_.typical->alpha = *given.latency;
      if (given.bandwidth) machine_.typical->beta = 1 / given.bandwidth->value;
    }
  }
  /// Names the links that what was sent could have overloaded, had it been sent all at once.
  void tell_unseen(const sim::SimulationResult& result, RunOutcome& outcome) const {
    std::vector<std::pair<Rank, Rank>> pairs;
    constexpr std::uint64_t nothing = 64;  // bytes: barriers and agreed times load no link
    for (const auto& cell : result.traffic)
      if (cell.bytes.value > nothing * cell.messages) pairs.emplace_back(cell.from, cell.to);
    const auto unseen = network_.unseen(pairs);
    if (unseen.empty()) return;
    constexpr std::size_t most = 4;
    std::string text;
    for (std::size_t i = 0; i < std::min(most, unseen.size()); ++i)
      text +=
          fmt::format("{}{} by up to {:.3g}", i > 0 ? ", " : "", unseen[i].link, unseen[i].factor);
    if (unseen.size() > most) text += fmt::format(", and {} more", unseen.size() - most);
    outcome.notes.push_back(
        fmt::format("{}: the LogGP world does not see contention between ports; had all pairs sent "
                    "at once, they would have oversubscribed {}",
                    platform_->name, text));
  }

  std::shared_ptr<platforms::PlacedPlatform> platform_;
  sim::Options options_;
  loggp::PlatformNetwork network_;
  std::vector<loggp::Overheads> overheads_;
  bool has_ports_;
  std::vector<loggp::Seat> seats_;
  Machine machine_;
  sim::SoFar so_far_;
};

}  // namespace

std::unique_ptr<Backend> make_loggp(const Scenario& scenario, const BackendOptions& options,
                                    const PlatformLoader& load_xml) {
  if (!scenario.platform)
    throw BadScenario{
        "a simulation needs a platform: give --platform FILE, or the name of a shipped one "
        "(troupe platform list)"};
  const auto& spec = *scenario.platform;
  check_memory(spec.name(), spec.placement.ranks);
  if (!spec.generator.empty() || spec.file.extension() == ".json")
    return std::make_unique<LogGPBackend>(scenario, platforms::place_own(spec, options.cfg));
  if (!load_xml)
    throw BadPlatform{spec.name() +
                      ": SimGrid, which reads platform files, is not built in (troupe doctor)"};
  if (spec.file.extension() != ".so") refuse_profiles(spec.file);
  return std::make_unique<LogGPBackend>(scenario, load_xml(spec, options));
}

std::vector<std::pair<std::string, std::string>> loggp_classes(
    const platforms::PlacedPlatform& platform, Bytes eager_limit) {
  const auto range = [](const std::string& least, const std::string& most) {
    return least == most ? least : least + " to " + most;
  };
  const auto rate = [](BytesPerSecond bandwidth) {
    return fmt::format("{:.4g} GB/s", bandwidth.value * 1e-9);
  };
  std::vector<std::pair<std::string, std::string>> lines;
  const auto overheads = overheads_of({}, platform.message_costs, eager_limit);
  for (const auto& of : loggp::PlatformNetwork{platform}.classes()) {
    const auto index = static_cast<std::size_t>(of.of);
    lines.emplace_back(
        fmt::format("LogGP {}", loggp::pair_classes[index]),
        fmt::format("L {}, 1/G {}, {}",
                    range(troupe::to_text(of.least_latency), troupe::to_text(of.most_latency)),
                    range(rate(of.least_bandwidth), rate(of.most_bandwidth)),
                    to_text(overheads[index])));
  }
  return lines;
}

}  // namespace troupe::scenarios
