#pragma once
// Training curves as TensorBoard reads them: a file of TFRecords, each an Event with one scalar.

#include <cstdint>
#include <string>
#include <string_view>

#include "analysis/report.hpp"

namespace troupe::analysis {

/// The content of an event file: a scalar for each figure of each point of the curve, under the
/// figure's name. Their wall time is the time on the run's clock, in seconds, so that TensorBoard's
/// axis "relative" is it.
std::string to_events(const Report& report);

/// What such a file is called in its folder; TensorBoard shows one run a folder.
inline constexpr std::string_view event_file_name = "events.out.tfevents.0000000000.troupe";

/// CRC-32C (Castagnoli), and as TFRecords store it: rotated and moved, so that the sum of a sum is
/// not weak.
std::uint32_t crc32c(std::string_view bytes) noexcept;
std::uint32_t masked_crc32c(std::string_view bytes) noexcept;

}  // namespace troupe::analysis
