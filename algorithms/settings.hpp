#pragma once
// What a kind of thing (a strategy, a model, a data set, an optimiser) can be told, declared beside
// it: name, default, limits, one line of help. Whoever reads a scenario checks values against these
// declarations and knows nothing of what they mean; the thing itself reads them with their types.

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "core/errors.hpp"

namespace troupe::algorithms {

/// The value of one setting.
using SettingValue = std::variant<bool, std::int64_t, double, std::string,
                                  std::vector<std::int64_t>, std::vector<double>>;

/// Another name of one of the choices of a text.
struct Alias {
  std::string_view name, meaning;
};

/// A setting of type T: bool, std::int64_t, double, std::string_view (a text), or a span of
/// std::int64_t or double (a list).
template <class T>
struct Setting {
  std::string_view name;
  T fallback{};
  double least = 0, most = std::numeric_limits<double>::infinity();  ///< of a number, inclusive
  double below = std::numeric_limits<double>::infinity();            ///< likewise, exclusive
  std::span<const std::string_view> choices{};                       ///< of a text; empty: any
  std::span<const Alias> aliases{};  ///< of a text: read as what they mean
  bool unbounded = false;            ///< of a number: may be infinite; null in a scenario
  bool is_file = false;              ///< of a text: a path, relative to the scenario's folder
  /// Where it has a meaning, by settings of the same kind that have one themselves: "mode is ssp",
  /// "rounds is 0 and over is graph", "start is own or lost is not 0". Empty: everywhere.
  std::string_view only{};
  std::string_view help{};

  /// The same setting, of a kind in which it has a meaning there only.
  constexpr Setting where(std::string_view condition) const {
    Setting other = *this;
    other.only = condition;
    return other;
  }
};

using Flag = Setting<bool>;
using Whole = Setting<std::int64_t>;
using Number = Setting<double>;
using Text = Setting<std::string_view>;
using Wholes = Setting<std::span<const std::int64_t>>;
using Numbers = Setting<std::span<const double>>;

/// A setting of any type, for tables. Refers to the declaration.
using AnySetting = std::variant<const Flag*, const Whole*, const Number*, const Text*,
                                const Wholes*, const Numbers*>;

std::string_view name_of(const AnySetting&);
/// The names a text is one of, aliases among them; none where it is free, or no text.
std::vector<std::string> choices_of(const AnySetting&);
/// The value as the thing itself reads it: what an alias means, any other value as it is.
SettingValue meaning_of(const AnySetting&, SettingValue value);
/// True for paths.
bool is_file(const AnySetting&);
/// The value where nothing is stated.
SettingValue fallback_of(const AnySetting&);
/// What it is, in one line for a person, and where it has a meaning.
std::string help_of(const AnySetting&);

/// A kind of thing with what it can be told: a line of a table.
struct Kind {
  std::string_view name;
  std::string_view summary;  ///< one line for a person
  std::span<const AnySetting> settings{};
};

/// A kind by name, and what was stated of its settings; those not stated have their defaults.
class Choice {
 public:
  Choice() = default;
  Choice(std::string kind) : kind_{std::move(kind)} {}
  Choice(const char* kind) : kind_{kind} {}

  const std::string& kind() const noexcept { return kind_; }
  /// The value: as stated, or its default. A whole number serves as a real one. EXPECTS the type.
  bool operator[](const Flag& setting) const { return read<bool>(setting); }
  std::int64_t operator[](const Whole& setting) const { return read<std::int64_t>(setting); }
  double operator[](const Number& setting) const;
  std::string operator[](const Text& setting) const { return read<std::string>(setting); }
  std::vector<std::int64_t> operator[](const Wholes& setting) const;
  std::vector<double> operator[](const Numbers& setting) const;

  template <class T>
  Choice& set(const Setting<T>& setting, std::type_identity_t<T> value) {
    if constexpr (std::is_same_v<T, std::string_view>) set(setting.name, std::string{value});
    else if constexpr (std::is_arithmetic_v<T>) set(setting.name, SettingValue{value});
    else set(setting.name, std::vector(value.begin(), value.end()));
    return *this;
  }
  /// For those who read scenarios and have checked name and value.
  void set(std::string_view name, SettingValue value) {
    values_.insert_or_assign(std::string{name}, std::move(value));
  }

  /// What was stated, or null.
  const SettingValue* stated(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }

  bool operator==(const Choice&) const = default;

 private:
  template <class Value, class T>
  Value read(const Setting<T>& setting) const {
    const SettingValue* value = stated(setting.name);
    if (!value) return Value(setting.fallback);
    EXPECTS(std::holds_alternative<Value>(*value), "a setting has the type it was stated with");
    return std::get<Value>(*value);
  }
  template <class Element>
  std::vector<Element> list(const Setting<std::span<const Element>>& setting) const {
    const SettingValue* value = stated(setting.name);
    if (!value) return {setting.fallback.begin(), setting.fallback.end()};
    EXPECTS(std::holds_alternative<std::vector<Element>>(*value),
            "a setting has the type it was stated with");
    return std::get<std::vector<Element>>(*value);
  }

  std::string kind_;
  std::map<std::string, SettingValue, std::less<>> values_;
};

/// What a value of the setting must be: "a whole number of at least 1", "one of bsp, ssp, asp".
std::string expectation_of(const AnySetting& setting);
/// True if a value meets that expectation.
bool fits(const AnySetting& setting, const SettingValue& value);
/// As it would stand in a scenario.
std::string to_text(const SettingValue& value);
/// Why a condition such as those of settings does not hold, or empty: "given only where mode is
/// ssp; mode is bsp here". `settings` are those of the choice's kind. EXPECTS it to be about them.
std::string refusal_of_condition(std::string_view condition, const Choice& choice,
                                 std::span<const AnySetting> settings);
/// Why the setting has no meaning beside what else the choice says, or empty, likewise.
std::string refusal_of_place(const AnySetting& setting, const Choice& choice,
                             std::span<const AnySetting> settings);

/// Why the choice is none of the table's, or empty: unknown kind (with the nearest name), a value
/// outside its limits. `what` is for the message: "model".
std::string refusal_of_choice(std::string_view what, const Choice& choice,
                              std::span<const Kind> kinds);
/// The line of the table. Throws BadInput with the nearest name.
const Kind& find_kind(std::string_view what, std::string_view name, std::span<const Kind> kinds);

}  // namespace troupe::algorithms
