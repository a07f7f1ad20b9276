#include "scenarios/training_run.hpp"

#include <algorithm>
#include <limits>

#include "algorithms/strategies.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::Figures;
using algorithms::TrainingHistory;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

/// Passes on what ranks record, and says how many of the steps rank 0 has done.
class WatchedLog final : public algorithms::TrainingLog {
 public:
  WatchedLog(TrainingHistory& history, std::int64_t steps, const Progress& progress)
      : history_{history}, steps_{steps}, progress_{progress} {}
  void record(const Figures& figures, const algorithms::Snapshot& snapshot) override {
    history_.record(figures, snapshot);
    if (progress_ && figures.rank == 0)
      progress_(std::min(1.0, static_cast<double>(figures.step) / static_cast<double>(steps_)));
  }
  void finished(Rank rank, ConstSlice parameters) override { history_.finished(rank, parameters); }

 private:
  TrainingHistory& history_;
  std::int64_t steps_;
  const Progress& progress_;
};

// Where ranks are processes, the figures and the parameters of those that are evaluated travel as
// numbers: step, time, evaluated or not, loss, gap, error, staleness, disagreement, number of
// parameters, parameters.

std::vector<double> encoded(const TrainingHistory& history, Rank rank) {
  std::vector<double> numbers;
  for (const auto& figures : history.figures_of(rank)) {
    for (const double number :
         {static_cast<double>(figures.step), figures.time.count(), figures.due ? 1.0 : 0.0,
          figures.loss.value_or(nothing), figures.gap.value_or(nothing),
          figures.error.value_or(nothing), figures.staleness.value_or(nothing),
          figures.disagreement.value_or(nothing)})
      numbers.push_back(number);
    if (!figures.due) {
      numbers.push_back(0);
      continue;
    }
    const auto all = history.parameters_at(figures.step);
    const auto mine = all.find(rank);
    numbers.push_back(mine == all.end() ? 0 : static_cast<double>(mine->second.size()));
    if (mine != all.end()) numbers.insert(numbers.end(), mine->second.begin(), mine->second.end());
  }
  return numbers;
}

void decode(const std::vector<double>& numbers, Rank rank, TrainingHistory& history) {
  const auto given = [](double number) {
    return number == number ? std::optional{number} : std::nullopt;
  };
  for (std::size_t at = 0; at + 9 <= numbers.size();) {
    Figures figures;
    figures.step = static_cast<std::int64_t>(numbers[at]);
    figures.rank = rank;
    figures.time = Seconds{numbers[at + 1]};
    figures.due = numbers[at + 2] != 0;
    figures.loss = given(numbers[at + 3]);
    figures.gap = given(numbers[at + 4]);
    figures.error = given(numbers[at + 5]);
    figures.staleness = given(numbers[at + 6]);
    figures.disagreement = given(numbers[at + 7]);
    const auto count = static_cast<std::size_t>(numbers[at + 8]);
    const std::span parameters{numbers.data() + at + 9, count};
    history.record(figures, {.parameters = ConstSlice{parameters}, .gradient = {}});
    at += 9 + count;
  }
}

void describe(const TrainingHistory& history, analysis::Report& report) {
  for (const auto& line : history.summary()) {
    analysis::TrainingPoint point{.step = line.step, .time = line.time, .values = {}};
    const auto add = [&](const char* name, const std::optional<double>& value) {
      if (value) point.values.emplace_back(name, *value);
    };
    add("loss", line.loss);
    add("gap", line.gap);
    add("error", line.error);
    add("staleness", line.staleness);
    add("disagreement", line.disagreement);
    report.training.push_back(std::move(point));
  }
}

}  // namespace

RunOutcome run_training(const Scenario& scenario, Backend& backend, const Progress& progress,
                        analysis::Report& report) {
  const auto& problem = *scenario.training;
  const auto& strategy = algorithms::find_strategy(problem.strategy);
  TrainingHistory history;
  WatchedLog log{history, problem.stop.steps, progress};
  const bool gather = !backend.one_process();
  auto outcome = backend.run([&](Communicator& comm) {
    strategy.run(comm, problem, log);
    return gather ? encoded(history, comm.rank()) : std::vector<double>{};
  });
  if (!backend.reporter()) return outcome;
  if (gather) {
    TrainingHistory gathered;
    for (std::size_t rank = 0; rank < outcome.said.size(); ++rank)
      decode(outcome.said[rank], static_cast<Rank>(rank), gathered);
    describe(gathered, report);
  } else {
    describe(history, report);
  }
  report.totals.emplace_back("time_s", outcome.end.count());
  double messages = 0, bytes = 0, flops = 0;
  for (const auto& rank : outcome.ranks) {
    messages += static_cast<double>(rank.messages);
    bytes += static_cast<double>(rank.bytes);
    flops += rank.flops.value;
  }
  if (!outcome.ranks.empty()) {
    report.totals.emplace_back("messages", messages);
    report.totals.emplace_back("sent_bytes", bytes);
    report.totals.emplace_back("flops", flops);
  }
  report.totals.emplace_back("unmatched_messages", static_cast<double>(outcome.unmatched_messages));
  return outcome;
}

}  // namespace troupe::scenarios
