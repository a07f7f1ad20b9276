#include "scenarios/backend_mpi.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "real_backend/mpi/world.hpp"
#include "scenarios/counting.hpp"
#include "scenarios/machine_json.hpp"

namespace troupe::scenarios {
namespace {

const Tag length_tag{58}, figures_tag{59}, host_tag{60};

using HostName = std::array<char, 64>;

HostName host_name() {
  HostName name{};
  ::gethostname(name.data(), name.size() - 1);
  return name;
}

analysis::RankActivity activity(int rank, const HostName& host, const SentCounters& sent) {
  analysis::RankActivity activity;
  activity.rank = rank;
  activity.host = host.data();
  activity.messages = sent.messages;
  activity.bytes = sent.bytes;
  return activity;
}

class MpiBackend final : public Backend {
 public:
  MpiBackend(mpi::World& world, Machine machine, Bytes eager_limit)
      : world_{world}, machine_{std::move(machine)}, eager_limit_{eager_limit} {}

  std::string_view name() const override { return "mpi"; }
  bool simulated() const override { return false; }
  bool one_process() const override { return false; }
  bool reporter() const override { return world_.rank() == 0; }
  const Machine& machine() const override { return machine_; }
  void check_same_everywhere(const std::string& text) override {
    world_.check_same_everywhere(text);
  }

  RunOutcome run(const Program& program) override {
    RunOutcome outcome;
    mpi::Options options;
    options.eager_limit = eager_limit_;
    outcome.unmatched_messages = world_.run(
        [&](Communicator& comm) {
          SentCounters sent;
          CountingCommunicator counted{comm, sent};
          auto said = program(counted);
          outcome.end = comm.now();
          gather(comm, std::move(said), sent, outcome);
        },
        options);
    return outcome;
  }

 private:
  /// Rank 0 learns what all ranks said and sent.
  static void gather(Communicator& comm, std::vector<double> said, const SentCounters& sent,
                     RunOutcome& outcome) {
    HostName host = host_name();
    std::array<std::uint64_t, 3> sizes{said.size(), sent.messages, sent.bytes};
    if (comm.rank() != 0) {
      send(comm, 0, length_tag, std::span<const std::uint64_t>{sizes});
      send(comm, 0, figures_tag, std::span<const double>{said});
      send(comm, 0, host_tag, std::span<const char>{host});
      return;
    }
    outcome.ranks.push_back(activity(0, host, sent));
    outcome.said.push_back(std::move(said));
    for (Rank from = 1; from < comm.size(); ++from) {
      receive(comm, from, length_tag, std::span<std::uint64_t>{sizes});
      auto& theirs = outcome.said.emplace_back(sizes[0]);
      receive(comm, from, figures_tag, std::span<double>{theirs});
      receive(comm, from, host_tag, std::span<char>{host});
      SentCounters counters;
      counters.messages = sizes[1];
      counters.bytes = sizes[2];
      outcome.ranks.push_back(activity(from, host, counters));
    }
  }

  mpi::World& world_;
  Machine machine_;
  Bytes eager_limit_;
};

}  // namespace

MpiJob::MpiJob(int& argc, char**& argv) : argc_{argc}, argv_{argv} {}
MpiJob::~MpiJob() = default;

std::unique_ptr<Backend> MpiJob::make(const Scenario& scenario) {
  if (!world_) world_ = std::make_unique<mpi::World>(argc_, argv_);
  Machine machine;
  if (!scenario.machine.empty()) machine = machine_from_json(scenario.machine, Origin{});
  else machine.ranks = world_->size();
  machine.best.reset();
  const int wanted = scenario.platform && scenario.platform->placement.ranks > 0
                         ? scenario.platform->placement.ranks
                         : scenario.ranks;
  for (const int ranks : {machine.ranks, wanted})
    if (ranks > 0 && ranks != world_->size())
      throw BadInput{fmt::format("the scenario wants {} ranks, the launcher started {}", ranks,
                                 world_->size())};
  return std::make_unique<MpiBackend>(*world_, std::move(machine), scenario.eager_limit);
}

void MpiJob::end(const std::string& message, int exit_status) const {
  if (world_) world_->abort(message, exit_status);
}

}  // namespace troupe::scenarios
