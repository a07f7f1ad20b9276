#pragma once
// troupe validate --measured: predictions of machines that others measured.

#include <vector>

#include "analysis/measured_validation.hpp"
#include "cli/options.hpp"

namespace troupe::cli {

/// Declares --measured, --calibrate and what tables may leave out.
void declare_measured(Options& options);

/// Reads the tables, calibrates, predicts. Throws BadInput.
std::vector<analysis::MachineValidation> validate_measured(const Options& options);

}  // namespace troupe::cli
