#pragma once
// Reading a scenario that a person wrote: every complaint is a BadScenario that says where the
// value came from (file and JSON pointer, or the option that set it), the value met, what was
// expected and, for a name, the nearest valid one.

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/errors.hpp"
#include "core/units.hpp"

namespace troupe::scenarios {

/// Where the values of one scenario came from.
class Origin {
 public:
  /// `file` is empty where there is none.
  explicit Origin(std::string file = {}) : file_{std::move(file)} {}
  /// The value at `pointer` was given by an option, which messages then name instead.
  void given_by(const std::string& pointer, std::string option) {
    options_[pointer] = std::move(option);
  }
  /// "file.json: /collective/op" or "--op", or "--set /collective={…}: /collective/op" within what
  /// an option gave.
  std::string place(const std::string& pointer) const;
  const std::string& file() const noexcept { return file_; }

 private:
  std::string file_;
  std::map<std::string, std::string> options_;
};

/// One object of a scenario. Reading a key makes it known; close() complains of all others. Refers
/// to the document and the origin: keep both alive.
class Section {
 public:
  /// Throws BadScenario if `json` is no object.
  Section(const nlohmann::json& json, const Origin& origin, std::string pointer);

  bool has(const std::string& key) const;
  /// What kind of file this is instead: "this is a platform (…), and ", or nothing.
  std::string misplaced() const;
  /// The value as it stands, or null.
  const nlohmann::json& value(const std::string& key) const;
  /// A member that is an object; empty where it is missing.
  Section section(const std::string& key) const;

  std::string text(const std::string& key, std::string fallback) const;
  /// A text that is one of `names`.
  std::string one_of(const std::string& key, std::span<const std::string> names,
                     std::string fallback) const;
  std::int64_t whole(const std::string& key, std::int64_t fallback, std::int64_t least,
                     std::int64_t most = INT64_MAX) const;
  /// A finite number of at least `least`.
  double number(const std::string& key, double fallback, double least) const;
  std::optional<double> optional_number(const std::string& key, double least) const;
  bool flag(const std::string& key, bool fallback) const;
  /// A number of bytes, or text such as "64KiB".
  Bytes bytes(const std::string& key, Bytes fallback) const;
  /// One text with commas, or a list of texts.
  std::vector<std::string> names(const std::string& key, std::vector<std::string> fallback) const;
  std::vector<std::int64_t> wholes(const std::string& key, std::int64_t least) const;
  std::vector<double> numbers(const std::string& key, double least) const;
  /// "A:B", "A:B:xF", "A:B:+S", "A,B,C", a number, or a list of numbers and texts.
  std::vector<Bytes> sizes(const std::string& key, std::string_view fallback) const;

  /// Complains of keys nobody read.
  void close() const;
  /// Throws: "place: found value; expected …".
  [[noreturn]] void fail(const std::string& key, const std::string& expectation) const;
  /// Runs `parse`, and says where the value stood when it throws BadInput.
  template <class Parse>
  auto placed(const std::string& key, Parse parse) const;

  std::string pointer_to(const std::string& key) const;
  /// Throws BadScenario: "place: message".
  [[noreturn]] void complain(const std::string& key, const std::string& message) const;

 private:
  const nlohmann::json* json_;
  const Origin* origin_;
  std::string pointer_;
  mutable std::set<std::string> known_;
};

template <class Parse>
auto Section::placed(const std::string& key, Parse parse) const {
  try {
    return parse();
  } catch (const BadInput& error) {
    complain(key, error.what());
  }
}

/// Parses JSON, allowing no key twice in one object. Throws BadScenario "name:line:column: …".
nlohmann::json parse_json(const std::string& text, const std::string& name);

}  // namespace troupe::scenarios
