#include "algorithms/training_log.hpp"

#include <algorithm>
#include <cmath>

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {
namespace {

using Vectors = std::map<Rank, std::vector<double>>;

/// What becomes of one measure of several figures; absent if none has it.
class Combined {
 public:
  void add(const std::optional<double>& value) {
    if (!value) return;
    sum_ += *value;
    largest_ = count_++ ? std::max(largest_, *value) : *value;
  }
  std::optional<double> value(Combination combination) const {
    if (count_ == 0) return std::nullopt;
    if (combination == Combination::largest) return largest_;
    return combination == Combination::sum ? sum_ : sum_ / static_cast<double>(count_);
  }

 private:
  double sum_ = 0, largest_ = 0;
  std::int64_t count_ = 0;
};

std::vector<double> sum_of(const Vectors& vectors) {
  std::vector<double> sum(vectors.begin()->second.size(), 0);
  for (const auto& [rank, values] : vectors)
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += values[i];
  return sum;
}

double spread_of(const Vectors& vectors) {
  const auto count = static_cast<double>(vectors.size());
  const std::vector<double> sum = sum_of(vectors);
  double squares = 0;
  for (const auto& [rank, values] : vectors)
    for (std::size_t i = 0; i < sum.size(); ++i) squares += std::pow(values[i] - sum[i] / count, 2);
  return std::sqrt(squares / count);
}

double norm_of(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

}  // namespace

void TrainingHistory::record(const Figures& figures, const Snapshot& snapshot) {
  const std::lock_guard guard{mutex_};
  figures_[figures.rank].push_back(figures);
  if (auto values = to_doubles(snapshot.parameters); !values.empty())
    parameters_[figures.step][figures.rank] = std::move(values);
  if (!snapshot.gradient.empty())
    gradients_[figures.step][figures.rank] = {snapshot.gradient.begin(), snapshot.gradient.end()};
}
void TrainingHistory::finished(Rank rank, ConstSlice parameters) {
  const std::lock_guard guard{mutex_};
  final_[rank] = to_doubles(parameters);
}

void TrainingHistory::note(const std::string& sentence) {
  const std::lock_guard guard{mutex_};
  notes_.push_back(sentence);
}

std::vector<std::string> TrainingHistory::notes() const {
  const std::lock_guard guard{mutex_};
  return notes_;
}
std::vector<Figures> TrainingHistory::figures() const {
  const std::lock_guard guard{mutex_};
  std::vector<Figures> all;
  for (const auto& [rank, figures] : figures_)
    all.insert(all.end(), figures.begin(), figures.end());
  std::ranges::stable_sort(all, {}, &Figures::step);
  return all;
}
std::vector<Figures> TrainingHistory::figures_of(Rank rank) const {
  const std::lock_guard guard{mutex_};
  const auto found = figures_.find(rank);
  return found == figures_.end() ? std::vector<Figures>{} : found->second;
}
Vectors TrainingHistory::parameters_at(std::int64_t step) const {
  const std::lock_guard guard{mutex_};
  const auto found = parameters_.find(step);
  return found == parameters_.end() ? Vectors{} : found->second;
}
Vectors TrainingHistory::gradients_at(std::int64_t step) const {
  const std::lock_guard guard{mutex_};
  const auto found = gradients_.find(step);
  return found == gradients_.end() ? Vectors{} : found->second;
}
Vectors TrainingHistory::final_parameters() const {
  const std::lock_guard guard{mutex_};
  return final_;
}

std::vector<TrainingHistory::Line> TrainingHistory::summary() const {
  std::vector<Line> lines;
  const std::vector<Figures> all = figures();
  Combined staleness;
  for (auto first = all.begin(); first != all.end();) {
    const auto last = std::find_if(
        first, all.end(), [&](const Figures& figures) { return figures.step != first->step; });
    Line line{.step = first->step};
    std::array<Combined, measures.size()> combined;
    for (; first != last; ++first) {
      line.time = std::max(line.time, first->time);
      line.due |= first->due;
      staleness.add(first->staleness);
      for (std::size_t i = 0; i < measures.size(); ++i)
        combined[i].add((*first).*measures[i].value);
    }
    if (!line.due) continue;
    for (std::size_t i = 0; i < measures.size(); ++i)
      line.*measures[i].value = combined[i].value(measures[i].combination);
    line.staleness = staleness.value(Combination::mean);
    staleness = {};
    const Vectors parameters = parameters_at(line.step), gradients = gradients_at(line.step);
    if (parameters.size() > 1) line.disagreement = spread_of(parameters);
    if (!gradients.empty()) line.gradient_sum = norm_of(sum_of(gradients));
    lines.push_back(line);
  }
  return lines;
}

}  // namespace troupe::algorithms
