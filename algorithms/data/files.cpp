#include "algorithms/data/files.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "algorithms/data/readers.hpp"
#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

namespace fs = std::filesystem;

fs::path path_of(const Choice& choice, const Text& setting) {
  const std::string path = choice[setting];
  if (path.empty())
    throw BadInput("data of kind " + choice.kind() + " needs \"" + std::string{setting.name} +
                   "\": " + std::string{setting.help});
  return path;
}

LabelRange labels_of(const Choice& choice) {
  const LabelRange range{static_cast<std::size_t>(choice[classes_setting]),
                         static_cast<int>(choice[first_label])};
  if (range.first == -1 && range.classes != 2)
    throw BadInput("first_label is -1 for the two classes -1 and +1; " +
                   std::to_string(range.classes) + " classes given");
  return range;
}

/// As the settings that all files have want it.
Dataset finished(const Choice& choice, Dataset data) {
  const auto wanted = static_cast<std::size_t>(choice[first_samples]);
  if (wanted > data.samples)
    throw BadInput(choice[file_setting] + ": has " + std::to_string(data.samples) + " samples, " +
                   std::to_string(wanted) + " wanted");
  if (wanted == 0 || wanted == data.samples) return data;
  std::vector<std::size_t> first(wanted);
  std::iota(first.begin(), first.end(), std::size_t{0});
  return subset(data, first);
}

Dataset finished_text(const Choice& choice, Dataset data) {
  Dataset wanted = finished(choice, std::move(data));
  if (choice[standardise_setting]) standardise(wanted);
  return wanted;
}

/// The file, or what is meant by the folder.
std::vector<fs::path> batches_of(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{path}) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("data_batch_") && name.ends_with(".bin")) files.push_back(entry.path());
  }
  if (files.empty()) throw BadInput(path.string() + ": has no data_batch_*.bin");
  std::ranges::sort(files);
  return files;
}

}  // namespace

Dataset CsvData::load(const Choice& choice, std::uint64_t) {
  const std::string between = choice[separator];
  if (between.size() != 1)
    throw BadInput("the separator is one character, \"" + between + "\" given");
  return finished_text(choice, read_csv(path_of(choice, file_setting), {.labels = labels_of(choice),
                                                                        .target = choice[target],
                                                                        .separator = between[0]}));
}

Dataset LibsvmData::load(const Choice& choice, std::uint64_t) {
  return finished_text(choice, read_libsvm(path_of(choice, file_setting), labels_of(choice),
                                           static_cast<std::size_t>(choice[inputs])));
}

Dataset IdxData::load(const Choice& choice, std::uint64_t) {
  const fs::path drawn = path_of(choice, pictures), named = path_of(choice, labels);
  return finished(choice, read_idx(drawn, named, static_cast<std::size_t>(choice[classes])));
}

Dataset CifarData::load(const Choice& choice, std::uint64_t) {
  return finished(choice, read_cifar10(batches_of(path_of(choice, file))));
}

}  // namespace troupe::algorithms
