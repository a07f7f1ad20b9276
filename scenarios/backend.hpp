#pragma once
// Where a program runs, behind one small interface. Which backends a program has is an explicit
// table that its main() hands down; nothing below knows SimGrid or MPI.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/catalogue.hpp"
#include "analysis/report.hpp"
#include "analysis/trace.hpp"
#include "core/activity.hpp"
#include "core/communicator.hpp"
#include "core/float32_products.hpp"
#include "scenarios/baseline.hpp"
#include "scenarios/scenario.hpp"

namespace troupe::scenarios {

/// What a rank has of the memory of its device.
struct DeviceMemory {
  Rank rank = 0;
  std::string device;
  Bytes bytes{};
};

/// What is known of the machine beyond its number of ranks.
struct Machine {
  int ranks = 1;
  std::string platform;  ///< its name, or empty
  std::string digest;    ///< of the platform, or empty
  std::vector<std::string> host_of_rank;
  algorithms::Layout layout;
  /// For closed forms, the best number of segments and `auto`; nothing is known without a platform.
  std::optional<algorithms::AlphaBetaGamma> typical;
  /// The least latency, greatest bandwidth and greatest speed of any pair and rank. Bounds use the
  /// first two (catalogue.hpp).
  std::optional<algorithms::AlphaBetaGamma> best;
  std::optional<DeviceMemory> least_memory;  ///< of those ranks whose devices are known
  std::vector<std::string> notes;            ///< for a person: "no <config>: LV08"
  /// The libraries whose own collectives run here (scenarios/baseline.hpp): "mpi". Of the backend,
  /// not of the platform: no part of a resolved scenario.
  std::vector<std::string> baselines;
};

/// Of a rank, till some moment.
struct BusyTimes {
  Seconds computing{}, communicating{};
};

/// What every rank runs; it returns figures for whoever started the run.
using Program = std::function<std::vector<double>(Communicator&)>;

struct RunOutcome {
  std::vector<std::vector<double>> said;  ///< by rank; of all ranks only where reporter() is true
  Seconds end{};                          ///< on the run's clock
  std::vector<analysis::RankActivity> ranks;
  std::vector<analysis::LinkActivity> links;
  std::vector<analysis::TrafficCell> traffic;
  std::uint64_t unmatched_messages = 0;
  std::vector<Seconds> clocks_ahead;     ///< by rank, of rank 0's; empty where now() is one clock
  std::vector<std::string> notes;        ///< for a person, of what the run could not see
  std::optional<analysis::Trace> trace;  ///< where the backend is a TracedBackend
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  /// True if time is simulated: the same everywhere, and the same in every run.
  virtual bool simulated() const = 0;
  /// True if all ranks live in this process and may write to its memory.
  virtual bool one_process() const = 0;
  /// True if now() of different ranks can be compared.
  virtual bool common_clock() const { return simulated(); }
  /// True in the process that tells people what came out.
  virtual bool reporter() const { return true; }
  virtual const Machine& machine() const = 0;
  /// Where the values of this process are during a run.
  virtual Memory& memory() { return host_memory(); }
  /// More for the report's environment: versions, models in force.
  virtual std::vector<std::pair<std::string, std::string>> facts() const { return {}; }
  /// The names of the links from one rank to another, as in RunOutcome::links; empty where a
  /// backend knows none.
  virtual std::vector<std::string> route(Rank from, Rank to) const {
    static_cast<void>(from), static_cast<void>(to);
    return {};
  }
  /// Up to which size messages from one rank to another are eager, where that is not what the
  /// scenario says of all.
  virtual std::optional<Bytes> eager_limit(Rank from, Rank to) const {
    static_cast<void>(from), static_cast<void>(to);
    return {};
  }
  /// From inside run(), by the rank itself: how long it has computed and communicated till its
  /// present. Nothing where a world does not know.
  virtual std::optional<BusyTimes> busy_times(Rank rank, Seconds now) const {
    static_cast<void>(rank), static_cast<void>(now);
    return {};
  }
  /// Likewise: the processor that it computes on, where ranks of its host may share one; else
  /// empty.
  virtual std::string processor(Rank rank) const {
    static_cast<void>(rank);
    return {};
  }
  /// Likewise: the sum of what its kernels have taken on its device, which it waits for. Nothing
  /// where no device times them.
  virtual std::optional<Seconds> device_time(Rank rank) {
    static_cast<void>(rank);
    return {};
  }
  /// Likewise: a clock that agrees with now() and does not wait for a device; empty where now()
  /// does not either.
  virtual std::function<Seconds()> clock_of_host() const { return {}; }
  /// Likewise: from now on its device, if it times kernels, keeps when each ran, of the first
  /// `most`, until take_device_kernels(); `comm` is there as long.
  virtual void keep_device_kernels(Communicator& comm, std::size_t most) {
    static_cast<void>(comm), static_cast<void>(most);
  }
  /// Waits for them: on the clock of that communicator, those of a flow in their order. Empty where
  /// none were kept.
  virtual std::vector<TimedKernel> take_device_kernels() { return {}; }
  /// Likewise, where time is simulated: for how long each link that carried anything had a transfer
  /// on it. Empty in other worlds.
  virtual std::map<std::string, Seconds> busy_links() const { return {}; }
  /// From inside run(): the collectives of a library; null unless it is among machine().baselines.
  /// All ranks ask together, the first time.
  virtual Baseline* baseline(std::string_view library) {
    static_cast<void>(library);
    return nullptr;
  }
  /// Once: a simulated clock does not start again.
  virtual RunOutcome run(const Program& program) = 0;
  /// Real backends: throws BadInput on every rank if `text` is not the same on all of them.
  virtual void check_same_everywhere(const std::string& text) { static_cast<void>(text); }
};

/// What a command line says beyond the scenario.
struct BackendOptions {
  std::vector<std::string> cfg;                       ///< "name:value", SimGrid's settings
  std::vector<std::string> log;                       ///< "category.thres:level", SimGrid's logging
  Float32Products products = Float32Products::exact;  ///< of cuda
  bool nccl = false;          ///< of cuda: NCCL carries messages between GPUs, not MPI
  bool device_times = false;  ///< of cuda: GPUs time their kernels (device_time())
};

/// A backend this program has.
struct BackendKind {
  std::string_view name;
  /// Versions of what it stands on, for --version and reports: {"SimGrid", "3.32"}.
  std::function<std::vector<std::pair<std::string, std::string>>()> versions;
  /// Throws BadInput, BadPlatform or BackendError.
  std::function<std::unique_ptr<Backend>(const Scenario&, const BackendOptions&)> make;
};

}  // namespace troupe::scenarios
