#pragma once
// What a run found, as data: the model of a report. Reading and writing it is report_json.hpp's
// business, showing it table.hpp's. Nothing here runs an algorithm.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/units.hpp"

namespace troupe::analysis {

/// How iterations were timed: each behind its own barrier, or several between two barriers as
/// nccl-tests does. Results of the two are never compared.
enum class Timing : std::uint8_t { isolated, back_to_back };
std::string_view name_of(Timing) noexcept;
/// Throws BadInput with the nearest name.
Timing timing_named(std::string_view name);

/// What a closed form spends on messages as such, on their bytes and on reducing them.
struct ModelParts {
  Seconds latency{}, bandwidth{}, reduction{};
};

/// Shares of a span of time, 0 … 1: what ranks did on average, and the links that were busiest,
/// the busiest first.
struct ShareOfTime {
  double compute = 0, communication = 0, waiting = 0;
  struct Link {
    std::string name;
    double busy_share = 0;
  };
  std::vector<Link> hottest_links;
};

/// Leaves the three busiest links; of equally busy ones those that came first.
void keep_hottest(ShareOfTime& shares);

/// One collective, one algorithm, one size.
struct CollectiveResult {
  std::string op, algorithm, dtype, redop;  ///< names; redop is "none" where nothing is reduced
  int ranks = 0;
  std::uint64_t bytes = 0;  ///< of the whole array, as nccl-tests counts
  std::uint64_t count = 0;  ///< values of the whole array
  bool in_place = false;
  int iterations = 0;
  Seconds time{}, min{}, p10{}, p90{};  ///< `time` is the median
  BytesPerSecond algbw{}, busbw{};
  std::optional<Seconds> model;  ///< closed form without contention
  std::optional<ModelParts> model_parts;
  std::optional<Seconds> bound;  ///< no algorithm can be faster on this machine
  /// Of one iteration: what all ranks together, and the busiest rank, sent. Empty: unknown, as of a
  /// library's own collective, which sends by itself.
  std::optional<std::uint64_t> messages, sent_bytes, messages_per_rank, sent_bytes_per_rank;
  std::optional<ShareOfTime> shares;  ///< of the last iteration (back to back: of all)
  /// What the kernels of one rank took on its device, by the device's clock, in the last iteration
  /// (back to back: in one, on average); of the rank with the most. Empty: nobody knows.
  std::optional<Seconds> on_device;
  std::optional<std::uint64_t> wrong;  ///< values that differ from the exact answer; empty: unknown
};

/// An algorithm that was asked for but cannot serve the problem, and why.
struct Refusal {
  std::string op, algorithm, reason;
  std::uint64_t bytes = 0;
};

/// A point of a training curve; `values` are in the order of first appearance.
struct TrainingPoint {
  std::int64_t step = 0;
  Seconds time{};
  std::vector<std::pair<std::string, double>> values;  ///< "loss", "accuracy", "staleness", …
  /// Of the time since the point before, what went into evaluating that one and keeping its values:
  /// of runs whose clock goes on meanwhile.
  Seconds evaluating{};
};

/// A figure that a training is to reach: accuracies from below, all others from above.
struct Target {
  std::string figure;  ///< "loss", "held_out_accuracy", …
  double value = 0;
  bool operator==(const Target&) const = default;
};

/// The first point of a training curve that reaches a target.
struct Reached {
  std::int64_t step = 0;
  Seconds time{};
  std::optional<double> sent_bytes, messages;  ///< of all ranks till then, where known
};

struct TargetResult {
  Target target;
  std::optional<Reached> reached;  ///< empty: not in this run
};

/// What one rank did during the whole run, all algorithms and sizes together.
struct RankActivity {
  int rank = 0;
  std::string host{};
  std::uint64_t messages = 0, bytes = 0;  ///< sent
  std::uint64_t received_messages = 0, received_bytes = 0;
  std::uint64_t kernels = 0;
  Flops flops{};
  Seconds compute{}, communication{}, waiting{};
  /// Sum of what its kernels took on its device, by the device's clock; kernels beside each other
  /// count each. Empty: not asked for, or there is no device.
  std::optional<Seconds> on_device{};
};

/// What one direction of a link carried during the whole run.
struct LinkActivity {
  std::string name;
  BytesPerSecond bandwidth{};
  std::uint64_t messages = 0, bytes = 0;
  double busy_share = 0;         ///< of the run's time, 0 … 1
  std::uint64_t most_flows = 0;  ///< transfers on it at once, at most
};

/// What one rank (or group of ranks, when folded) sent another. Cells without traffic are left out.
struct TrafficCell {
  int from = 0, to = 0;
  std::uint64_t messages = 0, bytes = 0;
};

/// The network as far as messages crossed it, told from their routes.
struct Topology {
  /// A cable, both directions of it; `link` is its name without _UP and _DOWN, or empty for the
  /// line between a host and a bus.
  struct Edge {
    int from = 0, to = 0;
    std::string link;
  };
  int hosts = 0;                      ///< so many vertices, the first, are hosts
  std::vector<std::string> vertices;  ///< names of hosts and buses; switches have none
  std::vector<Edge> edges;
};

struct Report {
  std::string scenario = "{}";  ///< the resolved scenario, JSON text
  std::string digest;           ///< of the resolved scenario
  std::vector<std::pair<std::string, std::string>> environment;  ///< backend, versions, platform, …
  Timing timing = Timing::isolated;
  std::vector<CollectiveResult> results;
  std::vector<Refusal> refused;
  std::vector<TrainingPoint> training;
  std::vector<std::pair<std::string, double>>
      totals;                         ///< of a training run; keys end in their unit
  std::vector<TargetResult> targets;  ///< of a training run: those its scenario states
  /// Of a training run with values: of all parameters that ranks end with, in rank order. Equal
  /// digests are equal bits.
  std::string parameters_digest;
  std::vector<RankActivity> ranks;
  std::vector<LinkActivity> links;
  Topology topology;  ///< empty where the backend knows no routes, or hosts are more than 512
  std::vector<TrafficCell> traffic;
  int traffic_group = 1;  ///< ranks folded into one row of `traffic`
  std::vector<std::pair<std::string, double>> wall_clock;  ///< differs from run to run
};

/// Value of an environment entry, or empty.
std::string_view environment_of(const Report& report, std::string_view key) noexcept;

/// The fraction 0 ≤ q ≤ 1 of the samples is at most the result (linear between neighbours). EXPECTS
/// at least one sample.
Seconds quantile(std::vector<Seconds> samples, double q);

/// Of the time of a training run, what its ranks spent on what, on average. What is missing from 1
/// is the program's own.
struct BusyShares {
  double compute = 0, communication = 0, waiting = 0;
};
/// Nothing where the time of the run or the ranks are not known one by one.
std::optional<BusyShares> busy_shares(const Report& report);

/// What the kernels of all ranks took on their devices; nothing where that is not known of each.
std::optional<Seconds> time_on_devices(const std::vector<RankActivity>& ranks);

/// For each result, whether it is the fastest of its collective, size and placement of buffers; of
/// those that differ by rounding only, the first.
std::vector<bool> fastest(const std::vector<CollectiveResult>& results);

/// Folds traffic to at most `limit` groups of consecutive ranks; sets traffic_group.
void fold_traffic(Report& report, int ranks, int limit = 256);

/// Results that are impossible (faster than their bound by more than rounding, and than the clock
/// resolves as late as the run ended) or wrong, as sentences for a person. Empty if the report is
/// sound.
std::vector<std::string> defects(const Report& report);

}  // namespace troupe::analysis
