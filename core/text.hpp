#pragma once
// Quantities and names as people write them. Sizes follow nccl-tests (K, M, G, T and KiB … are
// powers of 1024) and SimGrid (kB, MB, … are powers of 1000); times, rates and speeds follow
// SimGrid's units.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.hpp"

namespace troupe {

/// "8", "128M", "64KiB", "25MB". Throws BadInput: negative, overflow, unknown suffix, trailing
/// text.
Bytes parse_bytes(std::string_view text);
/// "1us", "2.5ms", "30s"; a bare number is seconds.
Seconds parse_seconds(std::string_view text);
/// "100Gbps" (bits), "12.5GBps" (bytes), "1GiBps"; a bare number is bytes per second.
BytesPerSecond parse_bandwidth(std::string_view text);
/// "1Gf", "19.5Tf", "312e12"; a bare number is FLOP/s.
FlopsPerSecond parse_speed(std::string_view text);
/// "A:B" (doubling), "A:B:xF", "A:B:+S", "A,B,C"; both ends included where they are reached.
std::vector<Bytes> parse_sizes(std::string_view text);

/// "1 KiB", "64 MiB", "1000": the shortest exact form in powers of 1024.
std::string to_text(Bytes amount);
/// Three significant digits with the fitting unit: "12.3 us", "1.05 s".
std::string to_text(Seconds time);

/// The candidate that `name` most likely meant (least edit distance), or empty if none is near.
std::string nearest(std::string_view name, std::span<const std::string> candidates);
/// ", did you mean \"ring\"?" or nothing: ready to append to a message.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace troupe
