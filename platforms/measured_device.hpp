#pragma once
// Files of measured devices: what `troupe calibrate --device` writes and a scenario's
// "compute": {"device": …} names. The format is docs/calibration.md's.

#include <string>

#include "core/measured_device.hpp"

namespace troupe::platforms {

/// The file's text; the same device gives the same bytes.
std::string to_json(const MeasuredDevice& device);

/// Reads what to_json wrote, or a person. Throws BadPlatform with file, JSON pointer, value,
/// expectation and, for a name, the nearest valid one.
MeasuredDevice read_measured_device(const std::string& file);

}  // namespace troupe::platforms
