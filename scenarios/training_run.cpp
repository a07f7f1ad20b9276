#include "scenarios/training_run.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "algorithms/data/data_kinds.hpp"
#include "algorithms/judge.hpp"
#include "algorithms/strategies.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::Figures;
using algorithms::TrainingHistory;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

/// Passes on what ranks record, and says how many of the steps rank 0 has done.
class WatchedLog final : public algorithms::TrainingLog {
 public:
  WatchedLog(TrainingHistory& history, std::int64_t steps, const Progress& progress,
             const Notes& notes)
      : history_{history}, steps_{steps}, progress_{progress}, notes_{notes} {}
  void record(const Figures& figures, const algorithms::Snapshot& snapshot) override {
    history_.record(figures, snapshot);
    if (progress_ && figures.rank == 0)
      progress_(std::min(1.0, static_cast<double>(figures.step) / static_cast<double>(steps_)));
  }
  void finished(Rank rank, ConstSlice parameters) override { history_.finished(rank, parameters); }
  void note(const std::string& sentence) override {
    history_.note(sentence);
    if (notes_) notes_(sentence);
  }

 private:
  TrainingHistory& history_;
  std::int64_t steps_;
  const Progress& progress_;
  const Notes& notes_;
};

// Where ranks are processes, the figures and the parameters of those that are evaluated travel as
// numbers: step, time, evaluated or not, the measures, number of parameters, parameters, and the
// same of the gradient.

constexpr std::size_t head = 3 + algorithms::measures.size();

void append(std::vector<double>& numbers, const std::map<Rank, std::vector<double>>& vectors,
            Rank rank) {
  const auto mine = vectors.find(rank);
  const std::size_t count = mine == vectors.end() ? 0 : mine->second.size();
  numbers.push_back(static_cast<double>(count));
  if (count) numbers.insert(numbers.end(), mine->second.begin(), mine->second.end());
}

std::vector<double> encoded(const TrainingHistory& history, Rank rank) {
  std::vector<double> numbers;
  for (const auto& figures : history.figures_of(rank)) {
    numbers.push_back(static_cast<double>(figures.step));
    numbers.push_back(figures.time.count());
    numbers.push_back(figures.due ? 1.0 : 0.0);
    for (const auto& measure : algorithms::measures)
      numbers.push_back((figures.*measure.value).value_or(nothing));
    using Vectors = std::map<Rank, std::vector<double>>;
    append(numbers, figures.due ? history.parameters_at(figures.step) : Vectors{}, rank);
    append(numbers, figures.due ? history.gradients_at(figures.step) : Vectors{}, rank);
  }
  return numbers;
}

void decode(const std::vector<double>& numbers, Rank rank, TrainingHistory& history) {
  for (std::size_t at = 0; at < numbers.size();) {
    Figures figures;
    figures.step = static_cast<std::int64_t>(numbers[at]);
    figures.rank = rank;
    figures.time = Seconds{numbers[at + 1]};
    figures.due = numbers[at + 2] != 0;
    for (std::size_t i = 0; i < algorithms::measures.size(); ++i)
      if (const double number = numbers[at + 3 + i]; !std::isnan(number))
        figures.*algorithms::measures[i].value = number;
    at += head;
    const auto vector = [&] {
      const std::span values{numbers.data() + at + 1, static_cast<std::size_t>(numbers[at])};
      at += 1 + values.size();
      return values;
    };
    const auto parameters = vector();
    const auto gradient = vector();
    history.record(figures, {.parameters = ConstSlice{parameters}, .gradient = gradient});
  }
}

void describe(const TrainingHistory& history, analysis::Report& report) {
  for (const auto& line : history.summary()) {
    analysis::TrainingPoint point{.step = line.step, .time = line.time, .values = {}};
    for (const auto& measure : algorithms::measures)
      if (const auto value = line.*measure.value; value && std::isfinite(*value))
        point.values.emplace_back(measure.name, *value);
    report.training.push_back(std::move(point));
  }
}

}  // namespace

RunOutcome run_training(const Scenario& scenario, Backend& backend, const Progress& progress,
                        const Notes& notes, analysis::Report& report) {
  auto problem = *scenario.training;
  problem.dataset = algorithms::load_dataset(problem);
  problem.judge = std::make_shared<algorithms::Judge>(problem);
  TrainingHistory history;
  WatchedLog log{history, problem.stop.steps, progress, notes};
  const bool gather = !backend.one_process();
  auto outcome = backend.run([&](Communicator& comm) {
    algorithms::train(comm, problem, log);
    return gather ? encoded(history, comm.rank()) : std::vector<double>{};
  });
  if (!backend.reporter()) return outcome;
  for (const auto& sentence : history.notes()) report.environment.emplace_back("note", sentence);
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
  if (!outcome.links.empty() && messages > 0) {
    double hops = 0, hop_bytes = 0;
    for (const auto& link : outcome.links) {
      hops += static_cast<double>(link.messages);
      hop_bytes += static_cast<double>(link.bytes);
    }
    report.totals.emplace_back("hop_bytes", hop_bytes);
    report.totals.emplace_back("links_per_message", hops / messages);
  }
  report.totals.emplace_back("unmatched_messages", static_cast<double>(outcome.unmatched_messages));
  return outcome;
}

}  // namespace troupe::scenarios
