#pragma once
// Reports as one page for a browser: everything is inside, nothing is fetched. The figures travel
// as JSON, what is drawn of them is the business of the scripts beside this file.

#include <string>
#include <vector>

#include "analysis/report.hpp"
#include "analysis/trace.hpp"

namespace troupe::analysis {

/// A run to show.
struct PageReport {
  std::string name;  ///< as shown: of the file
  Report report;
};

/// The page as HTML. `trace`, where there is one, belongs to the first of the reports of the same
/// scenario: throws BadInput with `trace_name` if it belongs to none. EXPECTS a report.
std::string to_page(const std::vector<PageReport>& reports, const Trace* trace = nullptr,
                    const std::string& trace_name = {});

/// JSON as it may stand between <script> and </script>.
std::string within_script(std::string json);

/// Spans as columns of numbers, compressed by zlib, in base64: of each span its begin (after that
/// of the span before), its duration, and how long before its begin it was asked for, in parts of
/// `end` / (2^32 - 1); its bytes (float32), flow, rank, peer or kernel, and lane. 4 bytes each,
/// then 2 for rank and peer and 1 for the lane, little endian, one column after the other. Those of
/// a rank's device are its last lane.
std::string packed(const Trace& trace);

}  // namespace troupe::analysis
