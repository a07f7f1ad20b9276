#pragma once
// Runs side by side: what each costs, and by how much it differs from the first.

#include <string>
#include <vector>

#include "analysis/report.hpp"

namespace troupe::analysis {

/// A report and what to call it (its file name).
struct NamedReport {
  std::string name;
  Report report;
};

/// One figure of one thing that all runs have: `values[i]` is run i's, empty where it has none.
struct ComparedRow {
  std::string what;    ///< "allreduce ring 1 MiB", "loss 0.1 reached", …
  std::string figure;  ///< "time_s", "sent_bytes", "messages"
  std::vector<std::optional<double>> values;
  std::vector<std::optional<double>> ratios;  ///< to the first run
};

/// Lines up at least two reports. Collective results match by collective, algorithm and size, or,
/// when each run has one algorithm a size, by collective and size. Training runs match by totals,
/// shares of the ranks' time, and when (and after how many steps, bytes and messages) each reached
/// the targets: those given, else those of the scenarios and what all runs reach. Throws BadInput
/// when the timing modes differ, a target's figure is in no report, or nothing matches.
std::vector<ComparedRow> compare(const std::vector<NamedReport>& reports,
                                 const std::vector<Target>& targets = {});

/// Rows as a table for people; as CSV (what, figure, one column a run, one ratio a run).
std::string comparison_table(const std::vector<NamedReport>& reports,
                             const std::vector<ComparedRow>& rows);
std::string comparison_csv(const std::vector<NamedReport>& reports,
                           const std::vector<ComparedRow>& rows);

/// The largest ratio of any run's time to the first run's, for a threshold: infinite where a run
/// never reaches what the first does.
double worst_time_ratio(const std::vector<ComparedRow>& rows);

}  // namespace troupe::analysis
