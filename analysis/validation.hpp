#pragma once
// Predictions beside measurements: how far off, where worst, and why. Nothing here runs or predicts
// anything.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/report.hpp"

namespace troupe::analysis {

/// What a time is made of, or why two times differ: a share has a name of its own.
struct Share {
  std::string name;  ///< "latency", "bandwidth", "reduction", "compute", "communication", …
  Seconds time{};
};

/// "64 KiB", "256 B".
std::string size_in_words(std::uint64_t bytes);

/// One time that was measured and predicted.
struct ValidationPoint {
  std::string what;           ///< "training step", "loss 0.1 reached"; empty for a collective
  std::string op, algorithm;  ///< of a collective
  int ranks = 0;
  std::uint64_t bytes = 0;
  Seconds real{}, p10{}, p90{};  ///< of real runs: `real` is the median
  Seconds simulated{};
  std::vector<Share> parts{};  ///< of the simulated time; empty where they are not known

  /// exp |ln(simulated / real)| - 1.
  double error() const;
  /// A prediction that real runs differ by among themselves says nothing: outside their p10 to p90.
  bool counts() const noexcept { return simulated < p10 || simulated > p90; }
  /// "allreduce ring, 4 ranks, 1 MiB".
  std::string name() const;
};

/// exp(mean |ln(simulated / real)|) - 1 over those that count, or over all; 0 over none.
double geometric_mean_error(const std::vector<ValidationPoint>& points, bool all = false);
/// The point of those that count with the largest error; nothing where none counts.
const ValidationPoint* worst(const std::vector<ValidationPoint>& points);

/// Why `point` is off: real - simulated, by name. Of collectives, by the factors on latency,
/// bandwidth and reduction that explain the measured times of all `points` best (least squares of
/// relative deviations, no factor below 0), and what they leave over. Empty where parts are not
/// known.
std::vector<Share> causes(const ValidationPoint& point, const std::vector<ValidationPoint>& points);

struct Validation {
  std::string real, simulated;  ///< what the two are called
  std::vector<ValidationPoint> points;
  std::vector<std::string> notes;  ///< what only one of the two has
  /// Of a training step: real - simulated, by what ranks did, on average.
  std::vector<Share> step_causes;
};

/// Lines up a real run's report with a simulated one's: collectives by operation, algorithm, dtype,
/// reduction, ranks, size and placement of buffers; trainings by the median time of a step, and
/// when both reached a target. Throws BadInput that names the file: a clock of the wrong kind,
/// timing modes, ranks or trainings that differ, times that are none, nothing in common.
Validation validate(const std::string& real_name, const Report& real,
                    const std::string& simulated_name, const Report& simulated);

/// Several real runs of one scenario beside one prediction, from a validation of each: the median
/// of their medians, from the least p10 to the greatest p90 of any; what ranks did on average. A
/// point that a run does not have is that of the others. EXPECTS at least one.
Validation together(const std::vector<Validation>& runs);

/// For people; as JSON ("troupe_validation": 1, every key of a number ends in its unit).
std::string validation_table(const Validation& validation);
std::string to_json(const Validation& validation);

}  // namespace troupe::analysis
