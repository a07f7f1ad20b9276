#include "scenarios/measured_prediction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>

#include "algorithms/catalogue.hpp"
#include "core/errors.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::AlphaBetaGamma;
using algorithms::Entry;
using algorithms::Problem;
using analysis::MachineTerms;
using analysis::MachineValidation;
using analysis::MeasuredRow;
using analysis::TermShares;

/// Above this noise a point is listed, not scored.
constexpr double too_noisy = 0.15;
/// Vectors larger than this do not stay in the caches of a rank's processor.
constexpr std::uint64_t caches = 16 << 20;
constexpr std::string_view one_message = "point_to_point";

double noise_of(const MeasuredRow& row) { return (row.p90 - row.p10) / 2 / row.time; }

std::string name_of(const MeasuredRow& row) {
  return fmt::format("{} {}, {} ranks on {} nodes, {}", row.op,
                     row.algorithm.empty() ? "(no algorithm)" : row.algorithm, row.ranks, row.nodes,
                     analysis::size_in_words(row.bytes));
}

/// A row that can be predicted; without an entry, one message.
struct Known {
  MeasuredRow row;
  const Entry* entry = nullptr;
  Problem problem;
};

const Entry* entry_of(const MeasuredRow& row) {
  for (const auto& entry : algorithms::catalogue())
    if (algorithms::name_of(entry.collective) == row.op && entry.name == row.algorithm)
      return &entry;
  return nullptr;
}

/// Why the row is not scored; empty if it is.
std::string make_known(const MeasuredRow& row, Known& known) {
  known.row = row;
  if (noise_of(row) > too_noisy)
    return fmt::format("{}: noise of {:.0f} %", name_of(row), noise_of(row) * 100);
  if (row.op == one_message) return "";
  known.entry = entry_of(row);
  if (!known.entry) return fmt::format("{}: no such algorithm in the catalogue", name_of(row));
  auto& problem = known.problem;
  problem.ranks = row.ranks;
  problem.count = row.bytes / size_of(problem.dtype);
  if (row.ranks % row.nodes == 0)
    for (Rank rank = 0; rank < row.ranks; ++rank)
      problem.layout.node_of_rank.push_back(rank / (row.ranks / row.nodes));
  problem.machine = {.alpha = Seconds{2e-6}, .beta = 1e-10, .gamma = 5e-11};  // until one is known
  if (const auto refusal = known.entry->refusal(problem); !refusal.empty())
    return fmt::format("{}: {}", name_of(row), refusal);
  return "";
}

/// Messages of one size on the longest chain.
struct Messages {
  double bytes = 0, count = 0;
};

double cost_of(const Known& known, const AlphaBetaGamma& machine) {
  return known.entry->cost(known.problem, machine).time.count();
}

/// The messages of the closed form's chain. In most algorithms all have one size, which follows
/// from their number and their bytes together; halving and doubling sends halves, quarters, ….
std::vector<Messages> chain_of(const Known& known) {
  if (!known.entry) return {{static_cast<double>(known.row.bytes), 1}};
  double count = cost_of(known, {.alpha = Seconds{1}}), bytes = cost_of(known, {.beta = 1});
  std::vector<Messages> chain;
  if (known.entry->name == "halving_doubling") {
    const int core = algorithms::power_of_two_within(known.problem.ranks);
    const auto whole = static_cast<double>(known.row.bytes);
    for (int part = 2; part <= core; part *= 2) {
      chain.push_back({whole / part, 2});
      count -= 2;
      bytes -= 2 * whole / part;
    }
  }
  if (count > 0.5) chain.push_back({std::max(0.0, bytes / count), count});
  return chain;
}

/// How far a message is along the ramp from one knot to the next, 0 … 1; beyond the last knot as
/// many times as it is that long.
double along_ramp(const std::vector<double>& knots, std::size_t i, double bytes) {
  const double from = knots[i], beyond = std::max(0.0, bytes - from);
  if (i + 1 == knots.size()) return beyond / from;
  return std::min(1.0, beyond / (knots[i + 1] - from));
}

TermShares shares_of(const Known& known, const std::vector<double>& knots) {
  TermShares shares;
  shares.time = known.row.time;
  shares.ramps.assign(knots.size(), 0.0);
  for (const auto& messages : chain_of(known)) {
    shares.messages += messages.count;
    for (std::size_t i = 0; i < knots.size(); ++i)
      shares.ramps[i] += messages.count * along_ramp(knots, i, messages.bytes);
  }
  if (!known.entry) return shares;
  shares.reduced = cost_of(known, {.gamma = 1});
  shares.reduced_beyond_caches = known.row.bytes > caches ? shares.reduced : 0;
  return shares;
}

/// The closed forms' α and β of a message of a megabyte, for choices such as numbers of segments.
AlphaBetaGamma rough(const MachineTerms& terms) {
  Known megabyte;
  megabyte.row.bytes = 1 << 20;
  const auto times = analysis::times_of(terms, shares_of(megabyte, terms.knots));
  return {.alpha = terms.alpha, .beta = times.bandwidth.count() / (1 << 20), .gamma = terms.gamma};
}

std::vector<TermShares> all_shares(const std::vector<Known>& rows,
                                   const std::vector<double>& knots) {
  std::vector<TermShares> all;
  for (const auto& row : rows) all.push_back(shares_of(row, knots));
  return all;
}

/// Without knots that no message of these rows reaches.
std::vector<double> knots_of(const std::vector<Known>& rows) {
  double longest = 0;
  for (const auto& known : rows) longest = std::max(longest, static_cast<double>(known.row.bytes));
  auto knots = analysis::message_knots(longest);
  const auto shares = all_shares(rows, knots);
  while (knots.size() > 1 && std::none_of(shares.begin(), shares.end(), [&](const auto& share) {
           return share.ramps[knots.size() - 1] > 0;
         }))
    knots.pop_back();
  return knots;
}

void set_machine(std::vector<Known>& rows, const AlphaBetaGamma& machine) {
  for (auto& known : rows) known.problem.machine = machine;
}

analysis::ValidationPoint point_of(const Known& known, const MachineTerms& terms) {
  const auto times = analysis::times_of(terms, shares_of(known, terms.knots));
  analysis::ValidationPoint point;
  point.op = known.row.op;
  point.algorithm = known.entry ? known.row.algorithm : "message";
  point.ranks = known.row.ranks;
  point.bytes = known.row.bytes;
  point.real = known.row.time;
  point.p10 = known.row.p10;
  point.p90 = known.row.p90;
  point.simulated = times.total();
  point.parts = {
      {"latency", times.latency}, {"bandwidth", times.bandwidth}, {"reduction", times.reduction}};
  return point;
}

std::vector<analysis::Regret> regrets_of(const std::vector<analysis::ValidationPoint>& points) {
  std::map<std::tuple<std::string, int, std::uint64_t>,
           std::vector<const analysis::ValidationPoint*>>
      problems;
  for (const auto& point : points) problems[{point.op, point.ranks, point.bytes}].push_back(&point);
  std::vector<analysis::Regret> regrets;
  for (const auto& [problem, choices] : problems) {
    if (choices.size() < 2) continue;
    const auto* recommended =
        *std::ranges::min_element(choices, {}, [](const auto* point) { return point->simulated; });
    const auto* fastest =
        *std::ranges::min_element(choices, {}, [](const auto* point) { return point->real; });
    regrets.push_back({.op = recommended->op,
                       .ranks = recommended->ranks,
                       .bytes = recommended->bytes,
                       .recommended = recommended->algorithm,
                       .fastest = fastest->algorithm,
                       .ratio = recommended->real / fastest->real});
  }
  return regrets;
}

/// Of repeated rows the quietest, in order of first appearance.
std::vector<Known> quietest(const std::vector<MeasuredRow>& rows,
                            std::vector<std::string>& unscored) {
  std::vector<Known> kept;
  std::map<std::tuple<std::string, std::string, int, int, std::uint64_t>, std::size_t> places;
  for (const auto& row : rows) {
    Known known;
    if (const auto why = make_known(row, known); !why.empty()) {
      unscored.push_back(why);
      continue;
    }
    const auto [place, first] =
        places.try_emplace({row.op, row.algorithm, row.ranks, row.nodes, row.bytes}, kept.size());
    if (first) kept.push_back(std::move(known));
    else if (row.time < kept[place->second].row.time) kept[place->second] = std::move(known);
  }
  return kept;
}

std::string called(const std::string& machine) { return machine.empty() ? "the table" : machine; }

MachineValidation predict(const std::string& machine, const std::vector<MeasuredRow>& rows,
                          const MeasuredOptions& options) {
  MachineValidation found;
  found.machine = machine;
  auto known = quietest(rows, found.unscored);
  std::vector<Known> calibration, others;
  if (!options.calibration.empty()) {
    found.calibrated_on = "a table of its own";
    std::vector<MeasuredRow> of_machine;
    for (const auto& row : options.calibration)
      if (row.machine == machine) of_machine.push_back(row);
    calibration = quietest(of_machine, found.unscored);
    others = std::move(known);
  } else {
    int nodes = options.calibration_nodes;
    if (nodes == 0)
      for (const auto& row : known)
        if (nodes == 0 || row.row.nodes < nodes) nodes = row.row.nodes;
    found.calibrated_on = fmt::format("{} nodes", nodes);
    for (auto& row : known)
      (row.row.nodes == nodes ? calibration : others).push_back(std::move(row));
  }
  if (calibration.empty())
    throw BadInput{fmt::format("{}: nothing to calibrate on ({}){}{}", called(machine),
                               found.calibrated_on.empty() ? "no rows" : found.calibrated_on,
                               found.unscored.empty() ? "" : "; ",
                               found.unscored.empty() ? "" : found.unscored.front())};
  found.calibrated_rows = calibration.size();
  const auto knots = knots_of(calibration);
  for (int round = 0; round < 2; ++round) {  // choices of pipelines follow the machine found
    found.terms = analysis::fit_terms(knots, all_shares(calibration, knots));
    set_machine(calibration, rough(found.terms));
  }
  found.terms = analysis::fit_terms(knots, all_shares(calibration, knots));
  set_machine(others, rough(found.terms));
  for (const auto& row : calibration) found.fitted.push_back(point_of(row, found.terms));
  for (const auto& row : others) found.predicted.push_back(point_of(row, found.terms));
  found.regrets = regrets_of(found.predicted);
  return found;
}

}  // namespace

std::vector<MachineValidation> predict_measured(const std::vector<MeasuredRow>& measured,
                                                const MeasuredOptions& options) {
  std::vector<std::string> machines;
  std::map<std::string, std::vector<MeasuredRow>> rows;
  for (const auto& row : measured) {
    if (!rows.contains(row.machine)) machines.push_back(row.machine);
    rows[row.machine].push_back(row);
  }
  std::vector<MachineValidation> found;
  for (const auto& machine : machines) found.push_back(predict(machine, rows[machine], options));
  if (std::ranges::all_of(found, [](const auto& machine) { return machine.predicted.empty(); }))
    throw BadInput{fmt::format("{}: nothing to predict: all rows that count have {}",
                               called(found.front().machine), found.front().calibrated_on)};
  return found;
}

}  // namespace troupe::scenarios
