#pragma once
// What the readers share: whole files, numbers, and how damage is told. Not for others.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "algorithms/data/readers.hpp"

namespace troupe::algorithms {

/// The bytes of a file, unpacked where it is compressed with gzip. Throws BadInput: it cannot be
/// read, or is empty, or damaged.
std::string read_whole(const std::filesystem::path& file);

/// Where in which file something is, for messages: "iris.csv: line 3, column 2".
std::string at_line(const std::filesystem::path& file, std::size_t line, std::size_t column);
std::string at_byte(const std::filesystem::path& file, std::size_t byte);

/// Throws BadInput: `WHERE: found FOUND, expected EXPECTED`.
[[noreturn]] void damaged(const std::string& where, const std::string& found,
                          const std::string& expected);

/// The text in quotes, cut where it is long.
std::string in_quotes(std::string_view text);

/// The finite number that the whole text is, or nothing.
std::optional<double> to_number(std::string_view text);

/// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

/// Adds the text as the target or the label of one more sample. Throws BadInput, beginning with
/// `where`.
void add_target(Dataset& data, std::string_view text, const LabelRange& labels,
                const std::string& where);

/// The lines of a text, however they end.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_{text} {}
  /// The next one, or nothing.
  std::optional<std::string_view> next();
  /// Of the line last returned, from 1.
  std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

}  // namespace troupe::algorithms
