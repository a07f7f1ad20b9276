#include "scenarios/backend_mpi.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "real_backend/mpi/accelerator.hpp"
#include "real_backend/mpi/world.hpp"
#include "scenarios/activity.hpp"
#include "scenarios/baseline_mpi.hpp"
#include "scenarios/grouped.hpp"
#include "scenarios/machine_json.hpp"
#include "scenarios/start_together.hpp"

namespace troupe::scenarios {
namespace {

const Tag account_tag{58}, figures_tag{59};

/// What a rank tells rank 0 beside its figures.
struct Account {
  std::uint64_t figures = 0;
  Activity activity{};
  std::optional<Seconds> on_device{};
  Seconds clock_ahead{};  // of rank 0's
  std::array<char, 64> host{};
};

class MpiBackend final : public Backend {
 public:
  MpiBackend(mpi::World& world, Machine machine, Bytes eager_limit, DeviceOfRank device)
      : world_{world},
        machine_{std::move(machine)},
        eager_limit_{eager_limit},
        device_{std::move(device)} {
    for (const auto& note : device_.notes) machine_.notes.push_back(note);
    for (const auto& [library, make] : device_.baselines) machine_.baselines.push_back(library);
  }

  std::string_view name() const override { return device_.backend; }
  Memory& memory() override {
    return device_.accelerator ? device_.accelerator->memory() : host_memory();
  }
  std::vector<std::pair<std::string, std::string>> facts() const override {
    auto all = mpi_versions();
    all.insert(all.end(), device_.facts.begin(), device_.facts.end());
    return all;
  }
  bool simulated() const override { return false; }
  bool one_process() const override { return false; }
  bool reporter() const override { return world_.rank() == 0; }
  const Machine& machine() const override { return machine_; }
  void check_same_everywhere(const std::string& text) override {
    world_.check_same_everywhere(text);
  }

  Baseline* baseline(std::string_view library) override {
    auto& known = baselines_[std::string{library}];
    if (!known && library == "mpi")
      known = std::make_unique<MpiBaseline>(device_.accelerator.get());
    if (const auto of_device = device_.baselines.find(library);
        !known && of_device != device_.baselines.end())
      known = of_device->second();
    return known.get();
  }

  std::optional<BusyTimes> busy_times(Rank, Seconds) const override {
    const auto so_far = activity();
    return BusyTimes{so_far.computing, so_far.communicating};
  }

  std::string processor(Rank) const override { return device_.processor; }
  std::optional<Seconds> device_time(Rank) override {
    return device_.accelerator ? device_.accelerator->kernel_time() : std::nullopt;
  }

  std::function<Seconds()> clock_of_host() const override {
    if (!device_.accelerator) return {};
    return [this] { return world_.host_now(); };
  }
  void keep_device_kernels(Communicator& comm, std::size_t most) override {
    if (device_.accelerator)
      device_.accelerator->keep_kernels(most, [&comm] { return comm.now(); });
  }
  std::vector<TimedKernel> take_device_kernels() override {
    if (!device_.accelerator) return {};
    return device_.accelerator->take_kernels();
  }

  RunOutcome run(const Program& program) override {
    RunOutcome outcome;
    mpi::Options options;
    options.eager_limit = eager_limit_;
    options.accelerator = device_.accelerator.get();
    outcome.unmatched_messages = world_.run(
        [&](Communicator& comm) {
          auto said = run_on_device(program, comm);
          outcome.end = comm.now();
          Account account{.figures = said.size(), .activity = activity()};
          account.on_device = device_time(comm.rank());
          account.clock_ahead = clock_ahead(comm);
          describe_place(account.host);
          gather(comm, std::move(said), account, outcome);
        },
        options);
    return outcome;
  }

 private:
  std::vector<double> run_on_device(const Program& program, Communicator& comm) {
    if (!device_.carrier) return program(comm);
    carried_ = {};
    GroupedCommunicator grouped{comm, *device_.carrier, carried_};
    return program(grouped);
  }
  /// What this rank has done, with what MPI has not carried.
  Activity activity() const {
    Activity all = world_.activity();
    all.messages += carried_.messages;
    all.bytes += carried_.bytes;
    all.received_messages += carried_.received_messages;
    all.received_bytes += carried_.received_bytes;
    all.communicating += carried_.communicating;
    return all;
  }
  /// The node, and which of its devices.
  void describe_place(std::array<char, 64>& text) const {
    ::gethostname(text.data(), text.size() - 1);
    const std::string node = text.data();
    if (!device_.place.empty())
      fmt::format_to_n(text.data(), text.size() - 1, "{} {}", node, device_.place);
  }
  /// Rank 0 learns what all ranks said and did.
  static void gather(Communicator& comm, std::vector<double> said, Account account,
                     RunOutcome& outcome) {
    if (comm.rank() != 0) {
      send(comm, 0, account_tag, value(account));
      send(comm, 0, figures_tag, std::span<const double>{said});
      return;
    }
    outcome.ranks.push_back(described(0, account.host.data(), account.activity, account.on_device));
    outcome.clocks_ahead.push_back(account.clock_ahead);
    outcome.said.push_back(std::move(said));
    for (Rank from = 1; from < comm.size(); ++from) {
      receive(comm, from, account_tag, value(account));
      outcome.ranks.push_back(
          described(from, account.host.data(), account.activity, account.on_device));
      outcome.clocks_ahead.push_back(account.clock_ahead);
      auto& theirs = outcome.said.emplace_back(account.figures);
      receive(comm, from, figures_tag, std::span<double>{theirs});
    }
  }

  mpi::World& world_;
  Machine machine_;
  Bytes eager_limit_;
  DeviceOfRank device_;
  Activity carried_;                                            // by device_.carrier
  std::map<std::string, std::unique_ptr<Baseline>> baselines_;  // end before the device
};

}  // namespace

DeviceOfRank::DeviceOfRank() = default;
DeviceOfRank::DeviceOfRank(DeviceOfRank&&) noexcept = default;
DeviceOfRank& DeviceOfRank::operator=(DeviceOfRank&&) noexcept = default;
DeviceOfRank::~DeviceOfRank() = default;

std::vector<std::pair<std::string, std::string>> mpi_versions() {
  return {{"mpi", mpi::library_name()}};
}

MpiJob::MpiJob(int& argc, char**& argv) : argc_{argc}, argv_{argv} {}
MpiJob::~MpiJob() = default;

std::unique_ptr<Backend> MpiJob::make(const Scenario& scenario, const FindDevice& find_device) {
  if (!world_) world_ = std::make_unique<mpi::World>(argc_, argv_);
  Machine machine;
  if (!scenario.machine.empty()) machine = machine_from_json(scenario.machine, Origin{});
  else machine.ranks = world_->size();
  machine.best.reset();
  machine.baselines = {"mpi"};
  const int wanted = scenario.platform && scenario.platform->placement.ranks > 0
                         ? scenario.platform->placement.ranks
                         : scenario.ranks;
  for (const int ranks : {machine.ranks, wanted})
    if (ranks > 0 && ranks != world_->size())
      throw BadInput{fmt::format("the scenario wants {} ranks, the launcher started {}", ranks,
                                 world_->size())};
  DeviceOfRank device;
  if (find_device) world_->guard([&] { device = find_device(*world_); });
  return std::make_unique<MpiBackend>(*world_, std::move(machine), scenario.eager_limit,
                                      std::move(device));
}

void MpiJob::end(const std::string& message, int exit_status) const {
  if (world_) world_->abort(message, exit_status);
}

}  // namespace troupe::scenarios
