#include "scenarios/training_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include "algorithms/data/data_kinds.hpp"
#include "algorithms/judge.hpp"
#include "algorithms/strategies.hpp"
#include "analysis/targets.hpp"
#include "platforms/digest.hpp"
#include "scenarios/sent_so_far.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::Figures;
using algorithms::TrainingHistory;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

/// Passes on what ranks record, with what they have sent and what kernels took on their devices,
/// and says how many of the steps rank 0 has done.
class WatchedLog final : public algorithms::TrainingLog {
 public:
  /// `together`: all ranks are in this process, and each can be asked what it has sent.
  WatchedLog(Backend& backend, TrainingHistory& history, SentSoFar& sent, bool together,
             std::int64_t steps, const Progress& progress, const Notes& notes)
      : backend_{backend},
        history_{history},
        sent_{sent},
        together_{together},
        steps_{steps},
        progress_{progress},
        notes_{notes} {}
  void record(const Figures& figures, const algorithms::Snapshot& snapshot) override {
    Figures counted = figures;
    const Sent mine = sent_.now(figures.rank);
    counted.messages = mine.messages;
    counted.sent_bytes = mine.bytes;
    if (together_ && figures.due) sent_.keep(figures.step);
    if (!together_ && figures.due) counted.on_device = on_device(figures);
    history_.record(counted, snapshot);
    if (progress_ && figures.rank == 0)
      progress_(std::min(1.0, static_cast<double>(figures.step) / static_cast<double>(steps_)));
  }
  void finished(Rank rank, ConstSlice parameters) override { history_.finished(rank, parameters); }
  void note(const std::string& sentence) override {
    history_.note(sentence);
    if (notes_) notes_(sentence);
  }

 private:
  /// At the time of the figures, which is when their step was first told of: what brings parameters
  /// together comes after it. They are due, so that the clock has been waited for.
  std::optional<double> on_device(const Figures& figures) {
    if (figures.step == told_) return on_device_;
    told_ = figures.step;
    const auto time = backend_.device_time(figures.rank);
    on_device_ = time ? std::optional{time->count()} : std::nullopt;
    return on_device_;
  }

  Backend& backend_;
  TrainingHistory& history_;
  SentSoFar& sent_;
  bool together_;
  std::int64_t steps_;
  const Progress& progress_;
  const Notes& notes_;
  // Of this process's only rank:
  std::int64_t told_ = -1;
  std::optional<double> on_device_;
};

/// Of the parameters that each rank ends with.
std::map<Rank, std::string> digests_of(const TrainingHistory& history) {
  std::map<Rank, std::string> digests;
  for (const auto& [rank, parameters] : history.final_parameters()) {
    const auto bytes = std::as_bytes(std::span{parameters});
    if (!bytes.empty())
      digests[rank] =
          platforms::digest_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  return digests;
}

std::string digest_of(const std::map<Rank, std::string>& digests) {
  std::string text;
  for (const auto& [rank, digest] : digests) text += fmt::format("{} {}\n", rank, digest);
  return text.empty() ? text : platforms::digest_of(text);
}

// Where ranks are processes, the digest of the final parameters travels as a number (its bits; 0
// where there is none), then the log of what was sent behind its length, then the figures and the
// parameters of those that are evaluated: step, time, evaluated or not, the measures, number of
// parameters, parameters, and the same of the gradient.

constexpr std::size_t head = 3 + algorithms::measures.size();

void append(std::vector<double>& numbers, const std::map<Rank, std::vector<double>>& vectors,
            Rank rank) {
  const auto mine = vectors.find(rank);
  const std::size_t count = mine == vectors.end() ? 0 : mine->second.size();
  numbers.push_back(static_cast<double>(count));
  if (count) numbers.insert(numbers.end(), mine->second.begin(), mine->second.end());
}

std::vector<double> encoded(const TrainingHistory& history, const SentLog& sent, Rank rank) {
  const auto digests = digests_of(history);
  const auto mine = digests.find(rank);
  const std::uint64_t digest = mine == digests.end() ? 0 : std::stoull(mine->second, nullptr, 16);
  const std::vector<double> log = sent.numbers();
  std::vector<double> numbers{std::bit_cast<double>(digest), static_cast<double>(log.size())};
  numbers.insert(numbers.end(), log.begin(), log.end());
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

void decode(const std::vector<double>& numbers, Rank rank, TrainingHistory& history, SentLog& sent,
            std::map<Rank, std::string>& digests) {
  if (const auto digest = std::bit_cast<std::uint64_t>(numbers.front()); digest != 0)
    digests[rank] = fmt::format("{:016x}", digest);
  const std::span log{numbers.data() + 2, static_cast<std::size_t>(numbers[1])};
  sent = SentLog::of_numbers(log);
  for (std::size_t at = 2 + log.size(); at < numbers.size();) {
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

void describe_curve(const TrainingHistory& history, const SentSoFar& sent,
                    analysis::Report& report) {
  auto lines = history.summary();
  const auto sent_at = sent_at_lines(history, lines, sent);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto& line = lines[i];
    line.messages = sent_at[i] ? std::optional{sent_at[i]->messages} : std::nullopt;
    line.sent_bytes = sent_at[i] ? std::optional{sent_at[i]->bytes} : std::nullopt;
    analysis::TrainingPoint point{.step = line.step,
                                  .time = line.time,
                                  .values = {},
                                  .evaluating = Seconds{line.evaluating.value_or(0)}};
    line.evaluating.reset();
    for (const auto& measure : algorithms::measures)
      if (const auto value = line.*measure.value; value && std::isfinite(*value))
        point.values.emplace_back(measure.name, *value);
    report.training.push_back(std::move(point));
  }
}

/// The values at which the scenario would end the run: what the run is there to reach.
void describe_targets(const algorithms::StopChoice& stop, analysis::Report& report) {
  const auto add = [&](const char* figure, const std::optional<double>& value) {
    if (!value) return;
    const analysis::Target target{figure, *value};
    report.targets.push_back({target, analysis::reached(report, target)});
  };
  add("loss", stop.loss);
  add("gap", stop.gap);
  add("error", stop.error);
  add("accuracy", stop.accuracy);
  add("disagreement", stop.disagreement);
}

void describe_totals(const RunOutcome& outcome, analysis::Report& report) {
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
  if (const auto time = analysis::time_on_devices(outcome.ranks))
    report.totals.emplace_back("device_s", time->count());
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
}

/// A phase for what leads to each step at which a rank was evaluated.
void add_phases(const TrainingHistory& history, analysis::Trace& trace) {
  for (Rank rank = 0; rank < trace.ranks; ++rank) {
    Seconds before{};
    std::int64_t step = 0;
    for (const auto& figures : history.figures_of(rank)) {
      if (!figures.due) continue;
      const auto since = figures.step - step;
      if (figures.time > before && since > 0)
        trace.phases.push_back({rank,
                                since == 1 ? fmt::format("step {}", figures.step)
                                           : fmt::format("steps {} to {}", step + 1, figures.step),
                                "", before, figures.time});
      before = std::max(before, figures.time);
      step = figures.step;
    }
  }
}

}  // namespace

RunOutcome run_training(const Scenario& scenario, Backend& backend, const Progress& progress,
                        const Notes& notes, analysis::Report& report) {
  auto problem = *scenario.training;
  problem.memory = &backend.memory();
  problem.dataset = algorithms::load_dataset(problem);
  problem.judge = std::make_shared<algorithms::Judge>(problem);
  TrainingHistory history;
  const bool gather = !backend.one_process();
  SentSoFar sent{backend.machine().ranks, !gather};
  WatchedLog log{backend, history, sent, !gather, problem.stop.steps, progress, notes};
  auto outcome = backend.run([&](Communicator& comm) {
    SentCounters& own = sent.of(comm.rank());
    own.clock = backend.clock_of_host();
    CountingCommunicator counted{comm, own};
    algorithms::train(counted, problem, log);
    return gather ? encoded(history, sent.log(comm.rank()), comm.rank()) : std::vector<double>{};
  });
  if (!backend.reporter()) return outcome;
  for (const auto& sentence : history.notes()) report.environment.emplace_back("note", sentence);
  auto digests = digests_of(history);
  if (gather) {
    TrainingHistory gathered;
    sent.align(outcome.clocks_ahead);
    for (std::size_t rank = 0; rank < outcome.said.size(); ++rank)
      decode(outcome.said[rank], static_cast<Rank>(rank), gathered,
             sent.log(static_cast<Rank>(rank)), digests);
    describe_curve(gathered, sent, report);
    if (outcome.trace) add_phases(gathered, *outcome.trace);
  } else {
    describe_curve(history, sent, report);
    if (outcome.trace) add_phases(history, *outcome.trace);
  }
  report.parameters_digest = digest_of(digests);
  describe_targets(problem.stop, report);
  describe_totals(outcome, report);
  return outcome;
}

}  // namespace troupe::scenarios
