#include "algorithms/data/data_kinds.hpp"

#include <algorithm>
#include <array>

#include "algorithms/data/sinc.hpp"

namespace troupe::algorithms {
namespace {

DataShape shape_of_sinc(const Choice& choice) {
  return {static_cast<std::size_t>(choice[SincData::samples]), 1, 1, 0};
}
Dataset load_sinc(const Choice& choice, std::uint64_t seed) {
  const auto [samples, inputs, outputs, classes] = shape_of_sinc(choice);
  Dataset data{.samples = samples, .inputs = inputs, .outputs = outputs, .classes = classes};
  for (const Sample& sample : sinc_samples(samples, choice[SincData::noise], seed)) {
    data.features.push_back(sample.x);
    data.targets.push_back(sample.y);
  }
  return data;
}

constexpr std::array table{
    DataKind{.kind = {.name = "sinc",
                      .summary = "noisy samples of sin(x)/x, x uniform in (-10, 10)",
                      .settings = SincData::settings},
             .load = load_sinc,
             .shape = shape_of_sinc},
};

constexpr auto kinds = [] {
  std::array<Kind, table.size()> names{};
  std::ranges::transform(table, names.begin(), &DataKind::kind);
  return names;
}();

const DataKind& find(const Choice& choice) {
  find_kind("data", choice.kind(), kinds);
  return *std::ranges::find(table, choice.kind(),
                            [](const DataKind& line) { return line.kind.name; });
}

}  // namespace

std::span<const DataKind> data_kinds() { return table; }
std::span<const Kind> kinds_of_data() { return kinds; }

std::shared_ptr<const Dataset> load_dataset(const TrainingProblem& problem) {
  if (problem.dataset) return problem.dataset;
  if (problem.phantom) return std::make_shared<const Dataset>();
  return std::make_shared<const Dataset>(find(problem.data).load(problem.data, problem.data.seed));
}

DataShape shape_of_data(const TrainingProblem& problem) {
  if (const auto& data = problem.dataset; data && data->samples > 0)
    return {data->samples, data->inputs, data->outputs, data->classes};
  return find(problem.data).shape(problem.data);
}

}  // namespace troupe::algorithms
