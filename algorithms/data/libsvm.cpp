// LIBSVM's sparse text.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include "algorithms/data/reading.hpp"
#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

constexpr std::uint64_t most_values = std::uint64_t{1} << 31;

/// A feature that is there.
struct Entry {
  std::size_t sample, input;
  double value;
};

/// The words of a line, one after another; empty at its end.
std::string_view next_word(std::string_view& line) {
  line = trimmed(line);
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

/// `index:value`, the index counted from 0. Throws BadInput.
std::pair<std::size_t, double> parse_entry(std::string_view word, const std::string& where) {
  const std::size_t colon = word.find(':');
  std::size_t index = 0;
  const std::string_view digits = word.substr(0, colon);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  const auto value = colon == word.npos ? std::nullopt : to_number(word.substr(colon + 1));
  if (error != std::errc{} || end != digits.data() + digits.size() || !value)
    damaged(where, in_quotes(word), "index:value with two numbers");
  if (index == 0) damaged(where, in_quotes(word), "an index of 1 or more");
  return {index - 1, *value};
}

}  // namespace

Dataset read_libsvm(const std::filesystem::path& file, const LabelRange& labels,
                    std::size_t inputs) {
  const std::string text = read_whole(file);
  Dataset data{.inputs = inputs, .outputs = labels.classes ? 0u : 1u, .classes = labels.classes};
  std::vector<Entry> entries;
  Lines lines{text};
  while (auto line = lines.next()) {
    std::string_view rest = line->substr(0, line->find('#'));
    std::size_t column = 1;
    const auto where = [&] { return at_line(file, lines.number(), column); };
    const std::string_view target = next_word(rest);
    if (target.empty()) continue;
    add_target(data, target, labels, where());
    std::size_t expected = 0;  // the least index that may follow
    for (auto word = next_word(rest); !word.empty(); word = next_word(rest)) {
      ++column;
      const auto [input, value] = parse_entry(word, where());
      if (input < expected)
        damaged(where(), in_quotes(word), "an index above " + std::to_string(expected));
      if (inputs && input >= inputs)
        damaged(where(), in_quotes(word), "an index of at most " + std::to_string(inputs));
      expected = input + 1;
      data.inputs = std::max(data.inputs, expected);
      entries.push_back({data.samples, input, value});
    }
    ++data.samples;
  }
  if (data.samples == 0) throw BadInput(file.string() + ": has no samples, only empty lines");
  if (data.inputs == 0) throw BadInput(file.string() + ": no sample has a feature");
  if (data.inputs > most_values / data.samples)
    throw BadInput(file.string() + ": " + std::to_string(data.samples) + " samples of " +
                   std::to_string(data.inputs) + " features are too many to keep dense: at most " +
                   std::to_string(most_values) + " values");
  data.features.assign(data.samples * data.inputs, 0.0);
  for (const Entry& entry : entries)
    data.features[entry.sample * data.inputs + entry.input] = entry.value;
  return data;
}

}  // namespace troupe::algorithms
