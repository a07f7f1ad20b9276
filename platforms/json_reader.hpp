#pragma once
// Reading JSON that a person wrote: every complaint is a BadPlatform that names the file, the JSON
// pointer, the value met, what was expected and, for a name, the nearest valid one.

#include <initializer_list>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.hpp"

namespace troupe::platforms {

/// A value inside a JSON document, with the way to it. Refers to the document: keep that alive.
class JsonReader {
 public:
  /// `file` is only for messages.
  JsonReader(const nlohmann::json& value, std::string file, std::string pointer = "");

  /// The value is an object with no other keys than `keys`.
  void expect_keys(std::initializer_list<std::string_view> keys) const;
  bool has(std::string_view key) const;
  /// The member `key`; it must be there.
  JsonReader operator[](std::string_view key) const;
  /// The elements of an array, at least `least` of them.
  std::vector<JsonReader> elements(std::size_t least = 0) const;
  /// The members of an object, in order of name.
  std::vector<std::pair<std::string, JsonReader>> members() const;

  bool is_object() const;
  bool is_text() const;
  bool truth() const;
  std::string text() const;
  /// A text that is one of `names`.
  std::string one_of(std::initializer_list<std::string_view> names) const;
  int integer(int least, int most = std::numeric_limits<int>::max()) const;
  std::vector<int> integers(int least, std::size_t count_at_least = 1) const;
  /// A finite number of at least `least`; with `open`, above it.
  double number(double least, bool open = false) const;
  /// SI numbers or text with SimGrid's units. Bandwidths and speeds are above zero, times not
  /// below.
  BytesPerSecond bandwidth() const;
  FlopsPerSecond speed() const;
  Seconds time() const;
  /// A size: a number of bytes, or text such as "64KiB".
  Bytes bytes() const;

  /// Throws: "file: /pointer: value: expected …".
  [[noreturn]] void fail(std::string_view expectation) const;

  const nlohmann::json& json() const { return *value_; }
  const std::string& file() const { return file_; }
  const std::string& pointer() const { return pointer_; }

 private:
  template <class Parse>
  auto quantity(Parse parse, std::string_view expectation) const;

  const nlohmann::json* value_;
  std::string file_;
  std::string pointer_;
};

/// The document of a text. `twice` becomes the first key that stands twice in one object, of which
/// the document has the last. Throws nlohmann::json::parse_error.
nlohmann::json parse_noting_twins(const std::string& text, std::string& twice);

/// A JSON file. Throws BadPlatform ("file:line:column: …") when it cannot be read, is not JSON, or
/// has a key twice in one object.
nlohmann::json read_json_file(const std::string& file);

}  // namespace troupe::platforms
