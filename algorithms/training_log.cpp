#include "algorithms/training_log.hpp"

#include <algorithm>
#include <cmath>

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {
namespace {

using Vectors = std::map<Rank, std::vector<double>>;

/// Mean over those that have the figure; absent if none has.
class Mean {
 public:
  void add(const std::optional<double>& value) {
    if (!value) return;
    sum_ += *value;
    ++count_;
  }
  std::optional<double> value() const {
    return count_ ? std::optional{sum_ / static_cast<double>(count_)} : std::nullopt;
  }

 private:
  double sum_ = 0;
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
  Mean staleness;
  for (auto first = all.begin(); first != all.end();) {
    const auto last = std::find_if(
        first, all.end(), [&](const Figures& figures) { return figures.step != first->step; });
    Line line{.step = first->step};
    Mean loss, gap;
    bool due = false;
    for (; first != last; ++first) {
      line.time = std::max(line.time, first->time);
      due |= first->due;
      loss.add(first->loss);
      gap.add(first->gap);
      staleness.add(first->staleness);
      if (first->error) line.error = std::max(line.error.value_or(0), *first->error);
    }
    if (!due) continue;
    line.loss = loss.value();
    line.gap = gap.value();
    line.staleness = staleness.value();
    staleness = {};
    if (const Vectors parameters = parameters_at(line.step); parameters.size() > 1)
      line.disagreement = spread_of(parameters);
    if (const Vectors gradients = gradients_at(line.step); !gradients.empty())
      line.gradient_sum = norm_of(sum_of(gradients));
    lines.push_back(line);
  }
  return lines;
}

}  // namespace troupe::algorithms
