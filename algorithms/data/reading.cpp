#include "algorithms/data/reading.hpp"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>

#include "algorithms/data/gzip.hpp"
#include "core/errors.hpp"

namespace troupe::algorithms {

std::string read_whole(const std::filesystem::path& file) {
  if (std::filesystem::is_directory(file))
    throw BadInput(file.string() + ": is a folder, expected a data file");
  std::ifstream stream{file, std::ios::binary};
  if (!stream) throw BadInput(file.string() + ": cannot be read: " + std::strerror(errno));
  std::string bytes{std::istreambuf_iterator<char>{stream}, {}};
  if (bytes.empty()) throw BadInput(file.string() + ": is empty, expected samples");
  if (!is_gzip(bytes)) return bytes;
  bytes = unpacked(bytes, file);
  if (bytes.empty()) throw BadInput(file.string() + ": holds nothing, expected samples");
  return bytes;
}

std::string at_line(const std::filesystem::path& file, std::size_t line, std::size_t column) {
  return file.string() + ": line " + std::to_string(line) + ", column " + std::to_string(column);
}

std::string at_byte(const std::filesystem::path& file, std::size_t byte) {
  return file.string() + ": byte " + std::to_string(byte);
}

void damaged(const std::string& where, const std::string& found, const std::string& expected) {
  throw BadInput(where + ": found " + found + ", expected " + expected);
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t enough = 40;
  if (text.empty()) return "nothing";
  return "\"" + std::string{text.substr(0, enough)} + (text.size() > enough ? "…\"" : "\"");
}

std::optional<double> to_number(std::string_view text) {
  // from_chars knows no plus sign; one before another sign is no number.
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

void add_target(Dataset& data, std::string_view text, const LabelRange& labels,
                const std::string& where) {
  const std::optional<double> value = to_number(text);
  if (labels.classes == 0) {
    if (!value) damaged(where, in_quotes(text), "a finite number as target");
    data.targets.push_back(*value);
    return;
  }
  const bool signs = labels.first == -1 && labels.classes == 2;
  const double first = labels.first, last = signs ? 1 : first + double(labels.classes) - 1;
  const bool one_of_them =
      value && *value == std::floor(*value) && first <= *value && *value <= last;
  if (!one_of_them || (signs && *value == 0))
    damaged(where, in_quotes(text),
            signs ? "a label, -1 or +1"
                  : "a label, a whole number from " + std::to_string(labels.first) + " to " +
                        std::to_string(static_cast<long long>(last)));
  data.labels.push_back(static_cast<std::int32_t>(signs ? (*value > 0) : *value - first));
}

std::optional<std::string_view> Lines::next() {
  if (rest_.empty()) return std::nullopt;
  ++number_;
  const std::size_t end = rest_.find('\n');
  std::string_view line = rest_.substr(0, end);
  rest_ = end == rest_.npos ? std::string_view{} : rest_.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace troupe::algorithms
