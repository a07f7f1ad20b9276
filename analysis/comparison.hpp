#pragma once
// Runs under each other: a row for each run, algorithm and size, what differs between them first.
// (compare.hpp shows a few runs side by side.)

#include <string>
#include <vector>

#include "analysis/compare.hpp"
#include "analysis/condition.hpp"
#include "analysis/rows.hpp"

namespace troupe::analysis {

/// How rows are ordered and what they are measured against.
struct ComparisonChoice {
  std::string by{};        ///< algorithm, platform or size; empty: as they were given
  std::string baseline{};  ///< a run, or an algorithm; empty: the first run
  std::vector<Target> targets{};
};

struct Comparison {
  std::vector<Row> rows;  ///< run; fields of the scenarios that differ; the figures; time_ratio
  /// For each row, the one that is its baseline, or -1: that of the baseline's run with the same
  /// collective, size and algorithm (or its only one), or the same run's of that algorithm.
  std::vector<int> baseline;
  std::vector<std::string> columns;  ///< what differs first, then what is the same everywhere
  std::size_t differing = 0;         ///< how many of the columns differ
};

/// Throws BadInput: timing modes that differ, an unknown `by` or `baseline` (nearest name), no
/// report, a report without results.
Comparison comparison(const std::vector<NamedReport>& reports, const ComparisonChoice& choice);

/// The columns that differ, and a line with what is the same everywhere.
std::string table_of(const Comparison& comparison);
/// A list of objects.
std::string json_of(const Comparison& comparison);

/// Where the condition holds: the numbers of those rows. A figure is named as its column, with or
/// without the unit at its end. A figure that a row does not have is infinite (a target that was
/// not reached); rows without a baseline are passed over where the condition speaks of one. Throws
/// BadInput for a name that no row has (nearest name), and where nothing could be compared.
std::vector<std::size_t> rows_where(const Comparison& comparison, const Condition& condition);

/// "b.json ring 1 MiB: time 1.2 ms, baseline 1 ms".
std::string in_words(const Comparison& comparison, const Condition& condition, std::size_t row);

}  // namespace troupe::analysis
