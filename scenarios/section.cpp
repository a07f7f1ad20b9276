#include "scenarios/section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/file_kind.hpp"
#include "core/text.hpp"
#include "platforms/json_reader.hpp"

namespace troupe::scenarios {
namespace {

using Json = nlohmann::json;

/// A value as it appears in a message: short.
std::string shown(const Json& value) {
  auto text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

}  // namespace

std::string Origin::place(const std::string& pointer) const {
  for (std::string above = pointer; !above.empty(); above.resize(above.rfind('/')))
    if (const auto at = options_.find(above); at != options_.end())
      return above == pointer ? at->second : fmt::format("{}: {}", at->second, pointer);
  const std::string where = pointer.empty() ? "/" : pointer;
  return file_.empty() ? where : fmt::format("{}: {}", file_, where);
}

Section::Section(const Json& json, const Origin& origin, std::string pointer)
    : json_{&json}, origin_{&origin}, pointer_{std::move(pointer)} {
  if (!json.is_object())
    throw BadScenario{
        fmt::format("{}: found {}; expected an object", origin.place(pointer_), shown(json))};
}

std::string Section::pointer_to(const std::string& key) const {
  return key.empty() ? pointer_ : pointer_ + "/" + key;
}

void Section::complain(const std::string& key, const std::string& message) const {
  throw BadScenario{fmt::format("{}: {}", origin_->place(pointer_to(key)), message)};
}
void Section::fail(const std::string& key, const std::string& expectation) const {
  complain(key, fmt::format("found {}; expected {}", shown(value(key)), expectation));
}

std::string Section::misplaced() const {
  const auto kind =
      kind_of_file([this](const char* key) { return json_->contains(key); }, origin_->file());
  return kind.empty() ? kind : fmt::format("this is {}, and ", kind);
}

bool Section::has(const std::string& key) const {
  known_.insert(key);
  return json_->contains(key);
}
const Json& Section::value(const std::string& key) const {
  static const Json nothing;
  return has(key) ? (*json_)[key] : nothing;
}
Section Section::section(const std::string& key) const {
  static const Json empty = Json::object();
  return {has(key) ? (*json_)[key] : empty, *origin_, pointer_to(key)};
}

std::string Section::text(const std::string& key, std::string fallback) const {
  if (!has(key)) return fallback;
  if (!value(key).is_string()) fail(key, "text");
  return value(key).get<std::string>();
}
std::string Section::one_of(const std::string& key, std::span<const std::string> names,
                            std::string fallback) const {
  const auto found = text(key, std::move(fallback));
  if (std::find(names.begin(), names.end(), found) == names.end())
    fail(key, fmt::format("one of {}{}", fmt::join(names, ", "), did_you_mean(found, names)));
  return found;
}
std::int64_t Section::whole(const std::string& key, std::int64_t fallback, std::int64_t least,
                            std::int64_t most) const {
  if (!has(key)) return fallback;
  const auto& found = value(key);
  const auto expected = most == INT64_MAX
                            ? fmt::format("a whole number of at least {}", least)
                            : fmt::format("a whole number from {} to {}", least, most);
  const bool too_large = found.is_number_unsigned() && found.get<std::uint64_t>() > INT64_MAX;
  if (!found.is_number_integer() || too_large) fail(key, expected);
  const auto number = found.get<std::int64_t>();
  if (number < least || number > most) fail(key, expected);
  return number;
}
double Section::number(const std::string& key, double fallback, double least) const {
  return optional_number(key, least).value_or(fallback);
}
std::optional<double> Section::optional_number(const std::string& key, double least) const {
  if (!has(key) || value(key).is_null()) return {};
  const auto& found = value(key);
  if (!found.is_number() || !std::isfinite(found.get<double>()) || found.get<double>() < least)
    fail(key, fmt::format("a number of at least {}", least));
  return found.get<double>();
}
bool Section::flag(const std::string& key, bool fallback) const {
  if (!has(key)) return fallback;
  if (!value(key).is_boolean()) fail(key, "true or false");
  return value(key).get<bool>();
}
Bytes Section::bytes(const std::string& key, Bytes fallback) const {
  if (!has(key)) return fallback;
  const auto& found = value(key);
  if (found.is_number_unsigned()) return {found.get<std::uint64_t>()};
  if (!found.is_string()) fail(key, "a number of bytes, or text such as \"64KiB\"");
  return placed(key, [&] { return parse_bytes(found.get<std::string>()); });
}

std::vector<std::string> Section::names(const std::string& key,
                                        std::vector<std::string> fallback) const {
  if (!has(key)) return fallback;
  const auto& found = value(key);
  std::vector<std::string> names;
  if (found.is_string()) {
    const auto list = found.get<std::string>();
    for (std::size_t from = 0; from <= list.size();) {
      const auto to = std::min(list.find(',', from), list.size());
      names.push_back(list.substr(from, to - from));
      from = to + 1;
    }
  } else if (found.is_array() && !found.empty()) {
    for (const auto& item : found) {
      if (!item.is_string()) fail(key, "a name or a list of names");
      names.push_back(item.get<std::string>());
    }
  } else {
    fail(key, "a name or a list of names");
  }
  return names;
}

std::vector<std::int64_t> Section::wholes(const std::string& key, std::int64_t least) const {
  std::vector<std::int64_t> numbers;
  if (!has(key)) return numbers;
  const auto expected = fmt::format("a list of whole numbers of at least {}", least);
  if (!value(key).is_array()) fail(key, expected);
  for (const auto& item : value(key)) {
    if (!item.is_number_integer() || item.get<std::int64_t>() < least) fail(key, expected);
    numbers.push_back(item.get<std::int64_t>());
  }
  return numbers;
}
std::vector<double> Section::numbers(const std::string& key, double least) const {
  std::vector<double> numbers;
  if (!has(key)) return numbers;
  const auto expected = fmt::format("a list of numbers above {}", least);
  if (!value(key).is_array()) fail(key, expected);
  for (const auto& item : value(key)) {
    if (!item.is_number() || !(item.get<double>() > least)) fail(key, expected);
    numbers.push_back(item.get<double>());
  }
  return numbers;
}

std::vector<Bytes> Section::sizes(const std::string& key, std::string_view fallback) const {
  if (!has(key)) return parse_sizes(fallback);
  const auto& found = value(key);
  const auto one = [&](const Json& item) -> std::vector<Bytes> {
    if (item.is_number_unsigned()) return {Bytes{item.get<std::uint64_t>()}};
    if (!item.is_string()) fail(key, "sizes such as \"1K:1G\", \"1K,1M\" or [1024, \"1MiB\"]");
    return placed(key, [&] { return parse_sizes(item.get<std::string>()); });
  };
  if (!found.is_array()) return one(found);
  std::vector<Bytes> sizes;
  for (const auto& item : found)
    for (const auto size : one(item)) sizes.push_back(size);
  if (sizes.empty()) fail(key, "at least one size");
  return sizes;
}

void Section::close() const {
  const std::vector<std::string> known{known_.begin(), known_.end()};
  for (const auto& [key, found] : json_->items())
    if (!known_.contains(key))
      throw BadScenario{fmt::format("{}: unknown key \"{}\"{} (known here: {})",
                                    origin_->place(pointer_), key, did_you_mean(key, known),
                                    fmt::join(known, ", "))};
}

Json parse_json(const std::string& text, const std::string& name) {
  std::string twice;
  try {
    auto json = platforms::parse_noting_twins(text, twice);
    if (!twice.empty())
      throw BadScenario{fmt::format("{}: key \"{}\" stands twice in one object", name, twice)};
    return json;
  } catch (const Json::parse_error& error) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(
                                        std::min(error.byte > 0 ? error.byte - 1 : 0, text.size()));
    const auto line = 1 + std::count(text.begin(), end, '\n');
    const auto begin_of_line = std::find(std::make_reverse_iterator(end), text.rend(), '\n').base();
    std::string why = error.what();
    if (const auto colon = why.find(": "); colon != std::string::npos) why = why.substr(colon + 2);
    throw BadScenario{
        fmt::format("{}:{}:{}: not valid JSON: {}", name, line, end - begin_of_line + 1, why)};
  }
}

}  // namespace troupe::scenarios
