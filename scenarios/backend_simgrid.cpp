#include "scenarios/backend_simgrid.hpp"

#include <xbt/log.h>
#include <array>
#include <simgrid/s4u.hpp>

#include "platforms/simgrid/compat.hpp"
#include "platforms/simgrid/placed.hpp"
#include "platforms/simgrid/rehearsal.hpp"
#include "platforms/simgrid/survey.hpp"
#include "scenarios/backend_simulated.hpp"
#include "sim/simgrid/simulation.hpp"

namespace troupe::scenarios {
namespace {

/// SimGrid's own command line: the program's name, and how it is to log.
class SimGridArguments {
 public:
  explicit SimGridArguments(const std::vector<std::string>& logs) {
    for (const auto& log : logs) texts_.push_back("--log=" + log);
    for (auto& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
    count_ = static_cast<int>(texts_.size());
    for (const auto& log : logs)
      platforms::rehearse("--log " + log, [&] { xbt_log_control_set(log.c_str()); });
  }
  int* count() { return &count_; }
  char** pointers() { return pointers_.data(); }

 private:
  std::vector<std::string> texts_{"troupe"};
  std::vector<char*> pointers_;
  int count_ = 0;
};

class SimGridBackend final : public Backend {
 public:
  SimGridBackend(const Scenario& scenario, const BackendOptions& options)
      : arguments_{options.log}, engine_{arguments_.count(), arguments_.pointers()} {
    options_ = simulation_options(scenario);
    sim::configure_simgrid();
    platform_ =
        std::make_unique<platforms::SimGridPlatform>(engine_, *scenario.platform, options.cfg);
    placed_ = platforms::placed(*platform_);
    ranks_.processors = processors_of(*placed_, scenario.compute);
    for (const auto& place : platform_->ranks()) ranks_.hosts.push_back(place.host);
    if (placed_->network.one_connection) ranks_.connections = placed_->network;
    ranks_.speeds_change = placed_->speeds_change;
    machine_ = machine_of(*placed_, ranks_.processors, options_);
  }
  std::string_view name() const override { return "sim"; }
  bool simulated() const override { return true; }
  bool one_process() const override { return true; }
  const Machine& machine() const override { return machine_; }
  std::string processor(Rank rank) const override { return placed_->host_of(rank).processor; }
  std::vector<std::pair<std::string, std::string>> facts() const override {
    return {{"network_model", platform_->network().text()},
            {"simgrid", platforms::compat::version()}};
  }
  std::vector<std::string> route(Rank from, Rank to) const override {
    std::vector<std::string> names;
    for (const int link : placed_->way(from, to).links)
      names.push_back(placed_->links[static_cast<std::size_t>(link)].name);
    return names;
  }

  RunOutcome run(const Program& program) override {
    RunOutcome outcome;
    outcome.said.resize(ranks_.hosts.size());
    const auto on_a_rank = [&](Communicator& comm) {
      outcome.said[static_cast<std::size_t>(comm.rank())] = program(comm);
    };
    try {
      describe(sim::simulate(engine_, ranks_, on_a_rank, options_, &so_far_), outcome);
    } catch (const BadPlatform& error) {
      throw BadPlatform{placed_->source + ": " + error.what()};
    }
    return outcome;
  }
  std::optional<BusyTimes> busy_times(Rank rank, Seconds now) const override {
    return busy_times_of(so_far_, rank, now);
  }
  std::map<std::string, Seconds> busy_links() const override { return busy_links_of(so_far_); }

 private:
  SimGridArguments arguments_;
  simgrid::s4u::Engine engine_;
  sim::Options options_;
  std::unique_ptr<platforms::SimGridPlatform> platform_;
  std::unique_ptr<platforms::PlacedPlatform> placed_;
  sim::Ranks ranks_;
  Machine machine_;
  sim::SoFar so_far_;
};

}  // namespace

std::unique_ptr<Backend> make_simgrid(const Scenario& scenario, const BackendOptions& options) {
  if (!scenario.platform)
    throw BadScenario{
        "a simulation needs a platform: give --platform FILE, or the name of a shipped one "
        "(troupe platform list)"};
  return std::make_unique<SimGridBackend>(scenario, options);
}

struct LoadedPlatform::Engine {
  Engine(const platforms::PlatformSpec& spec, const BackendOptions& options)
      : arguments{options.log}, engine{arguments.count(), arguments.pointers()} {
    sim::configure_simgrid();
    platform = std::make_unique<platforms::SimGridPlatform>(engine, spec, options.cfg);
  }
  SimGridArguments arguments;
  simgrid::s4u::Engine engine;
  std::unique_ptr<platforms::SimGridPlatform> platform;
};

std::shared_ptr<platforms::PlacedPlatform> load_with_simgrid(const platforms::PlatformSpec& spec,
                                                             const BackendOptions& options) {
  struct Kept {
    Kept(const platforms::PlatformSpec& what, const BackendOptions& how)
        : loaded{what, how}, placed{loaded.placed()} {}
    LoadedPlatform loaded;
    std::unique_ptr<platforms::PlacedPlatform> placed;
  };
  const auto kept = std::make_shared<Kept>(spec, options);
  return {kept, kept->placed.get()};
}

LoadedPlatform::LoadedPlatform(const platforms::PlatformSpec& spec, const BackendOptions& options)
    : engine_{std::make_unique<Engine>(spec, options)} {}
LoadedPlatform::~LoadedPlatform() = default;
std::unique_ptr<platforms::PlacedPlatform> LoadedPlatform::placed() const {
  return platforms::placed(*engine_->platform);
}
platforms::PlatformSummary LoadedPlatform::summary(bool with_graph) const {
  return platforms::survey(*engine_->platform, with_graph);
}

std::vector<std::pair<std::string, std::string>> simgrid_versions() {
  return {{"SimGrid", platforms::compat::version()}};
}

}  // namespace troupe::scenarios
