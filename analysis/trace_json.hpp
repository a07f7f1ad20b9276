#pragma once
// A trace as Chrome's trace events, which Perfetto (ui.perfetto.dev) and chrome://tracing open, and
// back.

#include <string>
#include <string_view>

#include "analysis/trace.hpp"

namespace troupe::analysis {

/// A process a host; of every rank the lanes phases, compute, send, receive and waiting, further
/// ones where things overlap, so that what one lane holds nests; arrows from sends to receives; a
/// counter a link. Times in µs, to the nanosecond. One event a line; keys beyond Chrome's stand in
/// "otherData".
std::string to_chrome_json(const Trace& trace);

/// gzip, as `gzip -6` would write it, without a time stamp. Throws Error where zlib refuses.
std::string gzipped(std::string_view content);
/// The inverse; what is not compressed comes back as it is. Throws BadInput with `name`.
std::string gunzipped(std::string content, const std::string& name);

/// Reads what to_chrome_json wrote, compressed or not. Throws BadInput with `name` and the place.
Trace trace_from_json(std::string content, const std::string& name);

}  // namespace troupe::analysis
