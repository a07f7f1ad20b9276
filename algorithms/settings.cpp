#include "algorithms/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "algorithms/choice.hpp"
#include "core/text.hpp"

namespace troupe::algorithms {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
bool is_within(double value, const Setting<T>& setting) {
  return std::isfinite(value) && setting.least <= value && value <= setting.most &&
         value < setting.below;
}

/// As short as it can be read back from a scenario.
std::string shortest(double number) {
  if (number == infinity) return "null";
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

template <class T>
std::string limits_of(const Setting<T>& setting) {
  const std::string least = shortest(setting.least);
  if (std::isfinite(setting.below)) return "from " + least + " to below " + shortest(setting.below);
  if (std::isinf(setting.most)) return "of at least " + least;
  return "from " + least + " to " + shortest(setting.most);
}

template <class T>
std::string expectation_of(const Setting<T>& setting) {
  if constexpr (std::is_same_v<T, bool>) return "true or false";
  else if constexpr (std::is_same_v<T, std::int64_t>) return "a whole number " + limits_of(setting);
  else if constexpr (std::is_same_v<T, double>)
    return "a number " + limits_of(setting) +
           (setting.unbounded ? ", or null, which is infinite" : "");
  else if constexpr (std::is_same_v<T, std::span<const std::int64_t>>)
    return "a list of whole numbers " + limits_of(setting);
  else if constexpr (std::is_same_v<T, std::span<const double>>)
    return "a list of numbers " + limits_of(setting);
  else if (setting.choices.empty()) return "text";
  std::string text = "one of";
  if constexpr (std::is_same_v<T, std::string_view>)
    for (const std::string_view& choice : setting.choices)
      text += (&choice == setting.choices.data() ? " " : ", ") + std::string{choice};
  return text;
}

/// "NAME is VALUE" or "NAME is not VALUE".
struct Term {
  explicit Term(std::string_view text) {
    const std::size_t is = text.find(" is ");
    EXPECTS(is != text.npos, "a condition says what a setting is");
    name = text.substr(0, is);
    value = text.substr(is + 4);
    negated = value.starts_with("not ");
    if (negated) value.remove_prefix(4);
  }
  std::string_view name, value;
  bool negated = false;
};

std::vector<Term> terms_of(std::string_view condition, std::string_view joined_by) {
  std::vector<Term> terms;
  while (true) {
    const std::size_t end = condition.find(joined_by);
    terms.emplace_back(condition.substr(0, end));
    if (end == condition.npos) return terms;
    condition.remove_prefix(end + joined_by.size());
  }
}

/// Where the setting has a meaning, as declared.
std::string_view condition_of(const AnySetting& setting) {
  return std::visit([](const auto* declared) { return declared->only; }, setting);
}

/// What the setting is in this choice, as conditions say it.
std::string what_is(const AnySetting& setting, const Choice& choice) {
  const SettingValue* stated = choice.stated(name_of(setting));
  const SettingValue value = stated ? *stated : fallback_of(setting);
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : to_text(value);
}

}  // namespace

std::string_view name_of(const AnySetting& setting) {
  return std::visit([](const auto* declared) { return declared->name; }, setting);
}

std::vector<std::string> choices_of(const AnySetting& setting) {
  return std::visit(
      [](const auto* declared) {
        std::vector<std::string> names{declared->choices.begin(), declared->choices.end()};
        for (const Alias& alias : declared->aliases) names.emplace_back(alias.name);
        return names;
      },
      setting);
}

SettingValue meaning_of(const AnySetting& setting, SettingValue value) {
  const auto* text = std::get_if<std::string>(&value);
  if (!text) return value;
  return std::visit(
      [&](const auto* declared) {
        const auto alias = std::ranges::find(declared->aliases, *text, &Alias::name);
        return alias == declared->aliases.end() ? value : std::string{alias->meaning};
      },
      setting);
}

bool is_file(const AnySetting& setting) {
  return std::visit([](const auto* declared) { return declared->is_file; }, setting);
}

SettingValue fallback_of(const AnySetting& setting) {
  return std::visit(
      [](const auto* declared) -> SettingValue {
        using T = std::remove_cvref_t<decltype(declared->fallback)>;
        if constexpr (std::is_same_v<T, std::string_view>) return std::string{declared->fallback};
        else if constexpr (std::is_arithmetic_v<T>) return declared->fallback;
        else return std::vector(declared->fallback.begin(), declared->fallback.end());
      },
      setting);
}

std::string help_of(const AnySetting& setting) {
  const std::string_view only = condition_of(setting);
  const auto help = std::visit([](const auto* declared) { return declared->help; }, setting);
  return std::string{help} + (only.empty() ? "" : "; only where " + std::string{only});
}

std::string refusal_of_place(const AnySetting& setting, const Choice& choice,
                             std::span<const AnySetting> settings) {
  return refusal_of_condition(condition_of(setting), choice, settings);
}

std::string refusal_of_condition(std::string_view condition, const Choice& choice,
                                 std::span<const AnySetting> settings) {
  if (condition.empty()) return {};
  const bool one_is_enough = condition.find(" or ") != condition.npos;
  bool all = true, any = false;
  std::string here;
  for (const Term& term : terms_of(condition, one_is_enough ? " or " : " and ")) {
    const auto other = std::ranges::find_if(
        settings, [&](const AnySetting& setting) { return name_of(setting) == term.name; });
    EXPECTS(other != settings.end(), "a condition is about settings of the same kind");
    const std::string why = refusal_of_place(*other, choice, settings);
    if (!why.empty() && !one_is_enough) return why;
    const std::string value = what_is(*other, choice);
    const bool holds = why.empty() && (value == term.value) != term.negated;
    all = all && holds;
    any = any || holds;
    const std::string is = std::string{term.name} + " is " + value;
    if (here.find(is) == here.npos) here += (here.empty() ? "" : " and ") + is;
  }
  if (one_is_enough ? any : all) return {};
  return "given only where " + std::string{condition} + "; " + here + " here";
}

double Choice::operator[](const Number& setting) const {
  if (const SettingValue* value = stated(setting.name))
    if (const auto* whole = std::get_if<std::int64_t>(value)) return static_cast<double>(*whole);
  return read<double>(setting);
}
std::vector<std::int64_t> Choice::operator[](const Wholes& setting) const {
  return list<std::int64_t>(setting);
}
std::vector<double> Choice::operator[](const Numbers& setting) const {
  if (const SettingValue* value = stated(setting.name))
    if (const auto* whole = std::get_if<std::vector<std::int64_t>>(value))
      return {whole->begin(), whole->end()};
  return list<double>(setting);
}

std::string expectation_of(const AnySetting& setting) {
  return std::visit([](const auto* declared) { return expectation_of(*declared); }, setting);
}

bool fits(const AnySetting& setting, const SettingValue& value) {
  const auto fits_one = [&](const auto* declared) {
    using T = std::remove_cvref_t<decltype(declared->fallback)>;
    const auto within = [&](auto number) {
      return is_within(static_cast<double>(number), *declared);
    };
    if constexpr (std::is_same_v<T, std::string_view>) {
      const auto* text = std::get_if<std::string>(&value);
      return text && (declared->choices.empty() ||
                      std::ranges::find(declared->choices, *text) != declared->choices.end());
    } else if constexpr (std::is_same_v<T, bool>) {
      return std::holds_alternative<bool>(value);
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      const auto* whole = std::get_if<std::int64_t>(&value);
      return whole && within(*whole);
    } else if constexpr (std::is_same_v<T, double>) {
      if (const auto* whole = std::get_if<std::int64_t>(&value)) return within(*whole);
      const auto* number = std::get_if<double>(&value);
      return number && (within(*number) || (declared->unbounded && *number == infinity));
    } else {
      if constexpr (std::is_same_v<typename T::value_type, double>)
        if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&value))
          return std::ranges::all_of(*whole, within);
      const auto* list = std::get_if<std::vector<typename T::value_type>>(&value);
      return list && std::ranges::all_of(*list, within);
    }
  };
  return std::visit(fits_one, setting);
}

std::string refusal_of_choice(std::string_view what, const Choice& choice,
                              std::span<const Kind> kinds) {
  std::vector<std::string> names;
  for (const Kind& kind : kinds) names.emplace_back(kind.name);
  if (const std::string why = refusal_of_choice(what, choice.kind(), names); !why.empty())
    return why;
  for (const AnySetting& setting : find_kind(what, choice.kind(), kinds).settings) {
    const SettingValue* value = choice.stated(name_of(setting));
    if (value && !fits(setting, *value))
      return std::string{name_of(setting)} + " of " + std::string{what} + " " + choice.kind() +
             " is " + expectation_of(setting) + "; " + to_text(*value) + " given";
  }
  return {};
}

const Kind& find_kind(std::string_view what, std::string_view name, std::span<const Kind> kinds) {
  const auto found = std::ranges::find(kinds, name, &Kind::name);
  if (found != kinds.end()) return *found;
  std::vector<std::string> names;
  for (const Kind& kind : kinds) names.emplace_back(kind.name);
  throw BadInput(refusal_of_choice(what, name, names));
}

std::string to_text(const SettingValue& value) {
  return std::visit(
      [](const auto& stated) -> std::string {
        using Value = std::remove_cvref_t<decltype(stated)>;
        if constexpr (std::is_same_v<Value, bool>) return stated ? "true" : "false";
        else if constexpr (std::is_same_v<Value, std::int64_t>) return std::to_string(stated);
        else if constexpr (std::is_same_v<Value, double>) return shortest(stated);
        else if constexpr (std::is_same_v<Value, std::string>) return "\"" + stated + "\"";
        else {
          std::string text = "[";
          for (const auto element : stated)
            text += (text.size() > 1 ? ", " : "") + to_text(SettingValue{element});
          return text + "]";
        }
      },
      value);
}

}  // namespace troupe::algorithms
