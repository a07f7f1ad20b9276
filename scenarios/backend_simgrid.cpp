#include "scenarios/backend_simgrid.hpp"

#include <algorithm>
#include <array>
#include <simgrid/s4u.hpp>

#include "platforms/simgrid/compat.hpp"
#include "platforms/simgrid/survey.hpp"
#include "scenarios/machine_simgrid.hpp"
#include "sim/simgrid/simulation.hpp"

namespace troupe::scenarios {
namespace {

sim::Compute compute_of(ComputeModel model) {
  switch (model) {
    case ComputeModel::roofline: return sim::Compute::roofline;
    case ComputeModel::flops: return sim::Compute::flops;
    case ComputeModel::none: break;
  }
  return sim::Compute::none;
}

sim::Jitter jitter_of(const Scenario& scenario) {
  using Kind = sim::Jitter::Kind;
  const JitterChoice& choice = scenario.compute.jitter;
  const Kind kind = choice.kind == "exponential" ? Kind::exponential
                    : choice.kind == "lognormal" ? Kind::lognormal
                    : choice.kind == "trace"     ? Kind::trace
                                                 : Kind::none;
  return {.kind = kind, .sigma = choice.sigma, .factors = choice.factors, .seed = scenario.seed};
}

/// SimGrid's own command line: the program's name, and how it is to log.
class SimGridArguments {
 public:
  explicit SimGridArguments(const std::vector<std::string>& logs) {
    for (const auto& log : logs) texts_.push_back("--log=" + log);
    for (auto& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
    count_ = static_cast<int>(texts_.size());
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
    options_.eager_limit = scenario.eager_limit;
    options_.compute = compute_of(scenario.compute.model);
    options_.jitter = jitter_of(scenario);
    const bool values = scenario.collective && scenario.collective->check.value_or(false);
    if (scenario.collective && scenario.phantom.value_or(!values))
      options_.stack = Bytes{64 * 1024};
    sim::configure_simgrid(options_, scenario.platform->placement.ranks);
    platform_ =
        std::make_unique<platforms::SimGridPlatform>(engine_, *scenario.platform, options.cfg);
    ranks_.processors = processors_of(*platform_, scenario.compute);
    for (const auto& place : platform_->ranks()) ranks_.hosts.push_back(place.host);
    machine_ = machine_of(*platform_, ranks_.processors, options_.compute);
    // A factor can be as near to 0 as it likes: then no reduction has a least time.
    if (options_.jitter.kind != sim::Jitter::Kind::none && machine_.best) machine_.best->gamma = 0;
  }
  std::string_view name() const override { return "sim"; }
  bool simulated() const override { return true; }
  bool one_process() const override { return true; }
  const Machine& machine() const override { return machine_; }
  std::vector<std::pair<std::string, std::string>> facts() const override {
    return {{"network_model", platform_->network().text()},
            {"simgrid", platforms::compat::version()}};
  }

  RunOutcome run(const Program& program) override {
    RunOutcome outcome;
    outcome.said.resize(ranks_.hosts.size());
    const auto result = sim::simulate(
        engine_, ranks_,
        [&](Communicator& comm) {
          outcome.said[static_cast<std::size_t>(comm.rank())] = program(comm);
        },
        options_);
    describe(result, outcome);
    return outcome;
  }

 private:
  static void describe(const sim::SimulationResult& result, RunOutcome& outcome) {
    outcome.end = result.end;
    outcome.unmatched_messages = result.unmatched.size();
    int rank = 0;
    for (const auto& use : result.ranks)
      outcome.ranks.push_back({.rank = rank++,
                               .host = use.host,
                               .messages = use.messages_sent,
                               .bytes = use.bytes_sent.value,
                               .received_messages = use.messages_received,
                               .received_bytes = use.bytes_received.value,
                               .kernels = use.kernels,
                               .flops = use.flops,
                               .compute = use.computing,
                               .communication = use.communicating,
                               .waiting = use.waiting});
    for (const auto& use : result.links)
      outcome.links.push_back({.name = use.name,
                               .bandwidth = use.bandwidth,
                               .messages = use.messages,
                               .bytes = use.bytes.value,
                               .busy_share = result.end.count() > 0 ? use.busy / result.end : 0.0,
                               .most_flows = use.most_flows});
    std::sort(outcome.links.begin(), outcome.links.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    for (const auto& cell : result.traffic)
      outcome.traffic.push_back(
          {.from = cell.from, .to = cell.to, .messages = cell.messages, .bytes = cell.bytes.value});
  }

  SimGridArguments arguments_;
  simgrid::s4u::Engine engine_;
  sim::Options options_;
  std::unique_ptr<platforms::SimGridPlatform> platform_;
  sim::Ranks ranks_;
  Machine machine_;
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
    sim::configure_simgrid({}, spec.placement.ranks);
    platform = std::make_unique<platforms::SimGridPlatform>(engine, spec, options.cfg);
  }
  SimGridArguments arguments;
  simgrid::s4u::Engine engine;
  std::unique_ptr<platforms::SimGridPlatform> platform;
};

LoadedPlatform::LoadedPlatform(const platforms::PlatformSpec& spec, const BackendOptions& options)
    : engine_{std::make_unique<Engine>(spec, options)} {}
LoadedPlatform::~LoadedPlatform() = default;
platforms::PlatformSummary LoadedPlatform::summary() const {
  return platforms::survey(*engine_->platform);
}

std::vector<std::pair<std::string, std::string>> simgrid_versions() {
  return {{"SimGrid", platforms::compat::version()}};
}

}  // namespace troupe::scenarios
