#pragma once
// Predictions of machines that others measured: how far off, by machine, and whether the algorithm
// recommended was a good one. Made by scenarios/measured_prediction.hpp.

#include <string>
#include <vector>

#include "analysis/machine_terms.hpp"
#include "analysis/validation.hpp"

namespace troupe::analysis {

/// What following the prediction would have cost: measured time of the algorithm with the least
/// predicted one, over the least measured.
struct Regret {
  std::string op;
  int ranks = 0;
  std::uint64_t bytes = 0;
  std::string recommended, fastest;
  double ratio = 1;
};

struct MachineValidation {
  std::string machine;        ///< may be empty
  std::string calibrated_on;  ///< "4 nodes", "point to point"
  std::size_t calibrated_rows = 0;
  MachineTerms terms;
  std::vector<ValidationPoint> fitted;     ///< what was calibrated on
  std::vector<ValidationPoint> predicted;  ///< all others
  std::vector<Regret> regrets;             ///< of sizes at which several algorithms were measured
  std::vector<std::string> unscored;       ///< points listed, not scored, and why
};

/// Sizes from here on are scored apart from smaller ones.
inline constexpr std::uint64_t large_from = 65536;

/// The points of one of the two classes.
std::vector<ValidationPoint> of_size(const std::vector<ValidationPoint>& points, bool large);
/// exp(mean ln ratio); 1 over none.
double geometric_mean_regret(const std::vector<Regret>& regrets);
/// The largest geometric mean error of any machine's predictions, small and large apart, over all
/// points.
double largest_error(const std::vector<MachineValidation>& machines);

/// For people (`all`: every point); as JSON.
std::string measured_table(const std::vector<MachineValidation>& machines, bool all);
std::string to_json(const std::vector<MachineValidation>& machines);

}  // namespace troupe::analysis
