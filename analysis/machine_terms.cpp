#include "analysis/machine_terms.hpp"

#include <algorithm>

#include "analysis/nonnegative.hpp"
#include "core/errors.hpp"

namespace troupe::analysis {
namespace {

/// How much a bend counts against a relative deviation of a time: a ramp that goes on with half the
/// slope costs as much as a time that is 25 % off.
constexpr double weight_of_bends = 0.5;

double width(const std::vector<double>& knots, std::size_t i) {
  return i + 1 < knots.size() ? knots[i + 1] - knots[i] : knots[i];
}

/// Rows that ask neighbouring ramps for one slope, as a share of what a message there takes.
void add_bends(const MachineTerms& terms, std::size_t columns, Rows& rows,
               std::vector<double>& targets) {
  double message = terms.alpha.count();
  for (std::size_t i = 0; i + 1 < terms.knots.size(); ++i) {
    message += terms.ramps[i].count();
    if (message <= 0) continue;
    const double here = width(terms.knots, i), next = width(terms.knots, i + 1);
    const double scale = weight_of_bends * std::min(here, next) / message;
    std::vector<double> row(columns, 0.0);
    row[1 + i] = scale / here;
    row[2 + i] = -scale / next;
    rows.push_back(std::move(row));
    targets.push_back(0);
  }
}

MachineTerms terms_from(const std::vector<double>& knots, const std::vector<double>& values) {
  MachineTerms terms;
  terms.knots = knots;
  terms.alpha = Seconds{values[0]};
  for (std::size_t i = 0; i < knots.size(); ++i) terms.ramps.emplace_back(values[1 + i]);
  terms.gamma = values[1 + knots.size()];
  terms.gamma_beyond_caches = values[2 + knots.size()];
  return terms;
}

}  // namespace

std::vector<double> message_knots(double longest) {
  std::vector<double> knots{4};
  while (knots.back() * 4 < longest) knots.push_back(knots.back() * 4);
  return knots;
}

MachineTerms fit_terms(std::vector<double> knots, const std::vector<TermShares>& measured) {
  if (measured.empty()) throw BadInput{"no measured times to calibrate on"};
  Rows rows;
  std::vector<double> targets;
  for (const auto& shares : measured) {
    const double time = shares.time.count();
    std::vector<double> row{shares.messages / time};
    for (const double ramp : shares.ramps) row.push_back(ramp / time);
    row.push_back(shares.reduced / time);
    row.push_back(shares.reduced_beyond_caches / time);
    rows.push_back(std::move(row));
    targets.push_back(1);
  }
  const auto columns = rows.front().size();
  EXPECTS(columns == knots.size() + 3, "a share for each knot");
  const auto free = fit_nonnegative(rows, targets);
  auto terms = terms_from(knots, free.values);
  for (int round = 0; round < 2; ++round) {  // what a message takes, from the round before
    auto smooth = rows;
    auto goals = targets;
    add_bends(terms, columns, smooth, goals);
    terms = terms_from(knots, fit_nonnegative(smooth, goals).values);
  }
  if (!free.told[columns - 2]) terms.untold.push_back("reduction");
  if (!free.told[columns - 1]) terms.untold.push_back("reduction beyond caches");
  return terms;
}

TermTimes times_of(const MachineTerms& terms, const TermShares& shares) {
  TermTimes times{.latency = shares.messages * terms.alpha,
                  .bandwidth = {},
                  .reduction = Seconds{shares.reduced * terms.gamma +
                                       shares.reduced_beyond_caches * terms.gamma_beyond_caches}};
  for (std::size_t i = 0; i < terms.ramps.size(); ++i)
    times.bandwidth += shares.ramps[i] * terms.ramps[i];
  return times;
}

}  // namespace troupe::analysis
