#include "algorithms/data/data_kinds.hpp"

#include <algorithm>
#include <array>

#include "algorithms/data/files.hpp"
#include "algorithms/data/generated.hpp"

namespace troupe::algorithms {
namespace {

template <class Data>
constexpr DataKind generated(std::string_view name, std::string_view summary) {
  return {.kind = {.name = name, .summary = summary, .settings = Data::settings},
          .load = Data::load,
          .shape = Data::shape};
}
template <class Data>
constexpr DataKind in_files(std::string_view name, std::string_view summary) {
  return {.kind = {.name = name, .summary = summary, .settings = Data::settings},
          .load = Data::load,
          .shape = nullptr};
}

constexpr std::array table{
    generated<SincData>("sinc", "noisy samples of sin(x)/x, x uniform in (-10, 10)"),
    generated<BlobsData>("blobs", "Gaussian clusters, one for each class"),
    generated<SpiralsData>("two_spirals", "two classes on arms of a spiral around each other"),
    generated<DigitsData>("digits", "pictures of 28x28 pixels of the digits 0 to 9, drawn"),
    generated<LinearData>("linear", "a linear map of normal inputs, and noise"),
    generated<TabularData>("tabular", "records of a yes-or-no outcome with known causes"),
    in_files<CsvData>("csv", "a file of comma-separated values"),
    in_files<LibsvmData>("libsvm", "a file of LIBSVM's sparse text"),
    in_files<IdxData>("idx", "pictures and labels in the files of MNIST"),
    in_files<CifarData>("cifar10", "pictures of 3x32x32 pixels in the files of CIFAR-10"),
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
  const DataKind& kind = find(problem.data);
  const bool sizes_alone = problem.phantom && !problem.data.partition.starts_with("dirichlet");
  if (sizes_alone && kind.shape) return std::make_shared<const Dataset>();
  return std::make_shared<const Dataset>(kind.load(problem.data, problem.data.seed));
}

DataShape shape_of_data(const TrainingProblem& problem) {
  const DataKind& kind = find(problem.data);
  const auto shape_of = [](const Dataset& data) -> DataShape {
    return {data.samples, data.inputs, data.outputs, data.classes};
  };
  if (problem.dataset && problem.dataset->samples > 0) return shape_of(*problem.dataset);
  return kind.shape ? kind.shape(problem.data) : shape_of(*load_dataset(problem));
}

}  // namespace troupe::algorithms
