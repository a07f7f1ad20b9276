#pragma once
// A scenario: everything one run depends on, as typed values. Reading one checks all that can be
// checked without a machine; resolve.hpp does the rest.

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/catalogue.hpp"
#include "algorithms/training_problem.hpp"
#include "analysis/report.hpp"
#include "core/measured_device.hpp"
#include "platforms/specification.hpp"
#include "scenarios/algorithm_table.hpp"
#include "scenarios/section.hpp"

namespace troupe::scenarios {

/// One size and the algorithms to measure there, by name.
struct PlannedSize {
  Bytes bytes{};
  std::vector<std::string> algorithms;
};

/// A study of one collective.
struct CollectiveStudy {
  algorithms::Collective op = algorithms::Collective::allreduce;
  /// Names; or one of all, auto, tuned. Behind "all", which leaves them out, those of libraries.
  std::vector<std::string> algorithms{"all"};
  Dtype dtype = Dtype::float32;
  Op redop = Op::sum;
  bool average = false;
  std::vector<Bytes> sizes;
  int iterations = 0;  ///< 0: 1 on a simulated clock, 20 on a real one
  int warmup = -1;     ///< negative: 0 on a simulated clock, 5 on a real one
  int segments = 0, channels = 0;
  std::vector<int> radices;
  analysis::Timing timing = analysis::Timing::isolated;
  bool in_place = false;
  std::optional<bool> check;  ///< unset: wherever payloads are real
  Rank root = 0;
  std::string tuning;             ///< file of `troupe tune`, for the algorithm "tuned"
  std::vector<PlannedSize> plan;  ///< what is run, once resolved; takes precedence where given
};

enum class ComputeModel : std::uint8_t { roofline, flops, none };

/// How much longer or shorter local work takes than it should (sim/jitter.hpp).
struct JitterChoice {
  std::string kind = "none";    ///< none, exponential, lognormal, trace
  double sigma = 0;             ///< of lognormal
  std::vector<double> factors;  ///< of trace
};

/// A measured device whose times every rank is charged.
struct DeviceChoice {
  std::string file;
  std::string digest;  ///< of its content
  std::shared_ptr<const MeasuredDevice> measured;
};

/// How local work is charged on a simulated clock.
struct ComputeChoice {
  ComputeModel model = ComputeModel::roofline;
  std::optional<DeviceChoice> device;  ///< of roofline: what was measured comes first
  std::vector<double> speed;  ///< factor for each rank on its processor's speed; empty: all 1
  JitterChoice jitter;
};

/// What the LogGP world is told beyond the platform (sim/loggp/simulation.hpp).
struct LogGPChoice {
  /// o, O and g of all messages; unset: as the platform says
  std::optional<Seconds> overhead, overhead_per_byte, gap;
  bool ports = true;  ///< false: the network is declared free of contention
  /// In place of what the platform says of the pairs of ranks of a class.
  struct Class {
    std::string name;  ///< same_host, same_node, across
    std::optional<Seconds> latency;
    std::optional<BytesPerSecond> bandwidth;
    std::optional<Seconds> overhead, overhead_per_byte, gap;
    std::optional<Bytes> eager_limit;  ///< S; of all messages it is Scenario::eager_limit
  };
  std::vector<Class> classes;
};

struct Scenario {
  std::string name;
  std::uint64_t seed = 1;
  std::optional<platforms::PlatformSpec> platform;
  int ranks = 0;  ///< 0: as the platform's placement says, or the launcher, or 4 threads
  std::string network = "simgrid";  ///< which simulated network: simgrid, loggp
  LogGPChoice loggp;
  std::optional<bool> phantom;  ///< payload; unset: as the kind of study and the backend suggest
  Bytes eager_limit{0};
  ComputeChoice compute;
  std::vector<std::string> plugins;                  ///< files
  std::shared_ptr<const AlgorithmTable> algorithms;  ///< the catalogue and the plugins
  // exactly one of
  std::optional<CollectiveStudy> collective;
  std::optional<algorithms::TrainingProblem> training;
  /// What an earlier resolution found out about the platform, JSON text or empty: for backends that
  /// cannot load platforms themselves.
  std::string machine;
};

/// Reads and checks a scenario. Relative paths in it are relative to `folder`. Throws BadScenario
/// or BadPlatform.
Scenario read_scenario(const nlohmann::json& json, const Origin& origin, const std::string& folder);

/// Every value of the scenario, in the form read_scenario reads; the order of keys is fixed.
nlohmann::ordered_json to_json(const Scenario& scenario);

/// The JSON of a scenario file, with `settings` ("/json/pointer=value", value JSON or plain text)
/// applied in order; `origin` learns which option gave what.
nlohmann::json load_scenario(const std::string& file, const std::vector<std::string>& settings,
                             Origin& origin);

/// Dtype and reduction by the names of Troupe or of nccl-tests ("float", "half", "prod", "avg").
/// Throw BadInput with the nearest name.
Dtype dtype_named(const std::string& name);
struct Reduction {
  Op op = Op::sum;
  bool average = false;
};
Reduction reduction_named(const std::string& name);
/// "sum", "prod", "min", "max", "avg".
std::string name_of(Reduction reduction);

/// Whether a collective reduces values; whether it has a root.
bool reduces(algorithms::Collective collective) noexcept;
bool is_rooted(algorithms::Collective collective) noexcept;

}  // namespace troupe::scenarios
