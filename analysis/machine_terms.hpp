#pragma once
// What a machine's messages and reductions cost, fitted to measured times that are sums of them.

#include <string>
#include <vector>

#include "core/units.hpp"

namespace troupe::analysis {

/// A message of m bytes takes alpha + Σ ramps[i] · (how far m is from knots[i] to knots[i+1], 0 …
/// 1; beyond the last knot as many times as it is that long); a byte reduced takes gamma, and of
/// vectors larger than caches gamma + gamma_beyond_caches.
struct MachineTerms {
  std::vector<double> knots;  ///< bytes
  Seconds alpha{};
  std::vector<Seconds> ramps;                 ///< as many as knots
  double gamma = 0, gamma_beyond_caches = 0;  ///< seconds per byte
  /// Terms the measurements do not tell from the others, by name: they stand at 0 or follow their
  /// neighbours.
  std::vector<std::string> untold{};
};

/// One measured time and how much of each term is in it.
struct TermShares {
  double messages = 0;        ///< on the longest chain
  std::vector<double> ramps;  ///< Σ over these messages, one for each knot
  double reduced = 0;         ///< bytes, on the same chain
  double reduced_beyond_caches = 0;
  Seconds time{};  ///< measured
};

/// Powers of four from 4 bytes on, below `longest` bytes; at least one.
std::vector<double> message_knots(double longest);

/// Least squares of relative deviations, no term negative (Lawson and Hanson), with a weak wish
/// that neighbouring ramps go on with one slope: where nothing was measured between two sizes,
/// times lie on the line between them. Throws BadInput where there are no times.
MachineTerms fit_terms(std::vector<double> knots, const std::vector<TermShares>& measured);

/// The time that the terms give, and what of it are latency, bandwidth and reduction.
struct TermTimes {
  Seconds latency{}, bandwidth{}, reduction{};
  Seconds total() const { return latency + bandwidth + reduction; }
};
TermTimes times_of(const MachineTerms& terms, const TermShares& shares);

}  // namespace troupe::analysis
