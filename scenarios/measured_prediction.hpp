#pragma once
// From measured tables to predictions: what a machine's messages cost is fitted to some of the
// times, and closed forms predict the others.

#include <vector>

#include "analysis/measured.hpp"
#include "analysis/measured_validation.hpp"

namespace troupe::scenarios {

struct MeasuredOptions {
  /// Rows to calibrate on; empty: those of `measured` with the fewest nodes of each machine.
  std::vector<analysis::MeasuredRow> calibration{};
  int calibration_nodes = 0;  ///< or with so many nodes
};

/// Machines in order of appearance. Of repeated rows (same algorithm, ranks, nodes, size) the least
/// time counts: what a quiet machine takes. Rows with (p90 - p10) / 2 of more than 15 % of the
/// time, without an algorithm of the catalogue, or that it refuses, are listed in `unscored`.
/// Throws BadInput where a machine has nothing to calibrate on, or none has anything to predict.
std::vector<analysis::MachineValidation> predict_measured(
    const std::vector<analysis::MeasuredRow>& measured, const MeasuredOptions& options = {});

}  // namespace troupe::scenarios
