#include "platforms/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::platforms {
namespace {

std::vector<std::string> copies(std::initializer_list<std::string_view> names) {
  return {names.begin(), names.end()};
}

/// The value as it stands in the file, cut where it would fill the line.
std::string shown(const nlohmann::json& value) {
  std::string text = value.dump();
  constexpr std::size_t limit = 60;
  if (text.size() > limit) text = text.substr(0, limit) + "…";
  return text;
}

/// A key as a step of a JSON pointer (RFC 6901).
std::string escaped(std::string_view key) {
  std::string step;
  for (const char c : key) step += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return step;
}

}  // namespace

JsonReader::JsonReader(const nlohmann::json& value, std::string file, std::string pointer)
    : value_{&value}, file_{std::move(file)}, pointer_{std::move(pointer)} {}

void JsonReader::fail(std::string_view expectation) const {
  throw BadPlatform(fmt::format("{}: {}: {}: expected {}", file_,
                                pointer_.empty() ? "(document)" : pointer_, shown(*value_),
                                expectation));
}

void JsonReader::expect_keys(std::initializer_list<std::string_view> keys) const {
  if (!value_->is_object()) fail("an object");
  for (const auto& [key, value] : value_->items())
    if (std::ranges::find(keys, key) == keys.end())
      throw BadPlatform(fmt::format("{}: {}/{}: {}: unknown key{}; known here: {}", file_, pointer_,
                                    escaped(key), shown(value), did_you_mean(key, copies(keys)),
                                    fmt::join(keys, ", ")));
}

bool JsonReader::has(std::string_view key) const {
  return value_->is_object() && value_->contains(std::string{key});
}

JsonReader JsonReader::operator[](std::string_view key) const {
  if (!value_->is_object()) fail("an object");
  const auto found = value_->find(std::string{key});
  if (found == value_->end()) fail(fmt::format("the key \"{}\"", key));
  return {*found, file_, pointer_ + "/" + escaped(key)};
}

std::vector<JsonReader> JsonReader::elements(std::size_t least) const {
  if (!value_->is_array() || value_->size() < least)
    fail(fmt::format("an array of at least {} elements", least));
  std::vector<JsonReader> result;
  for (std::size_t i = 0; i < value_->size(); ++i)
    result.emplace_back((*value_)[i], file_, fmt::format("{}/{}", pointer_, i));
  return result;
}

std::vector<std::pair<std::string, JsonReader>> JsonReader::members() const {
  if (!value_->is_object()) fail("an object");
  std::vector<std::pair<std::string, JsonReader>> result;
  for (const auto& [key, value] : value_->items()) result.emplace_back(key, (*this)[key]);
  return result;
}

bool JsonReader::is_object() const { return value_->is_object(); }
bool JsonReader::is_text() const { return value_->is_string(); }

bool JsonReader::truth() const {
  if (!value_->is_boolean()) fail("true or false");
  return value_->get<bool>();
}

std::string JsonReader::text() const {
  if (!value_->is_string() || value_->get_ref<const std::string&>().empty()) fail("a text");
  return value_->get<std::string>();
}

std::string JsonReader::one_of(std::initializer_list<std::string_view> names) const {
  const std::string expectation = fmt::format("one of {}", fmt::join(names, ", "));
  if (!value_->is_string()) fail(expectation);
  const auto& name = value_->get_ref<const std::string&>();
  if (std::ranges::find(names, name) == names.end())
    fail(expectation + did_you_mean(name, copies(names)));
  return name;
}

int JsonReader::integer(int least, int most) const {
  const std::string expectation = most == std::numeric_limits<int>::max()
                                      ? fmt::format("a whole number of at least {}", least)
                                      : fmt::format("a whole number from {} to {}", least, most);
  if (!value_->is_number_integer()) fail(expectation);
  const bool huge = value_->is_number_unsigned() &&
                    value_->get<std::uint64_t>() > std::numeric_limits<int>::max();
  if (huge || value_->get<std::int64_t>() < least || value_->get<std::int64_t>() > most)
    fail(expectation);
  return value_->get<int>();
}

std::vector<int> JsonReader::integers(int least, std::size_t count_at_least) const {
  std::vector<int> result;
  for (const JsonReader& element : elements(count_at_least))
    result.push_back(element.integer(least));
  return result;
}

double JsonReader::number(double least, bool open) const {
  const double value = value_->is_number() ? value_->get<double>() : std::nan("");
  if (!std::isfinite(value) || value < least || (open && value <= least))
    fail(fmt::format("a number {} {}", open ? "above" : "of at least", least));
  return value;
}

template <class Parse>
auto JsonReader::quantity(Parse parse, std::string_view expectation) const {
  if (!value_->is_number() && !value_->is_string()) fail(expectation);
  try {
    return parse(value_->is_number() ? value_->dump() : value_->get<std::string>());
  } catch (const BadInput&) {
    fail(expectation);
  }
}

BytesPerSecond JsonReader::bandwidth() const {
  constexpr std::string_view expectation =
      "a bandwidth above zero: bytes per second, or a text such as \"100Gbps\" or \"12.5GBps\"";
  const BytesPerSecond value = quantity(parse_bandwidth, expectation);
  if (!(value.value > 0) || !std::isfinite(value.value)) fail(expectation);
  return value;
}

FlopsPerSecond JsonReader::speed() const {
  constexpr std::string_view expectation =
      "a speed above zero: FLOP/s, or a text such as \"1Gf\" or \"19.5Tf\"";
  const FlopsPerSecond value = quantity(parse_speed, expectation);
  if (!(value.value > 0) || !std::isfinite(value.value)) fail(expectation);
  return value;
}

Seconds JsonReader::time() const {
  constexpr std::string_view expectation = "a time: seconds, or a text such as \"1us\"";
  const Seconds value = quantity(parse_seconds, expectation);
  if (!(value.count() >= 0) || !std::isfinite(value.count())) fail(expectation);
  return value;
}

Bytes JsonReader::bytes() const {
  return quantity(parse_bytes, "a size: a number of bytes, or a text such as \"64KiB\"");
}

nlohmann::json parse_noting_twins(const std::string& text, std::string& twice) {
  using Json = nlohmann::json;
  std::vector<std::set<std::string>> open;
  return Json::parse(text, [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key && twice.empty() &&
        !open.back().insert(parsed.get<std::string>()).second)
      twice = parsed.get<std::string>();
    return true;
  });
}

nlohmann::json read_json_file(const std::string& file) {
  std::ifstream stream{file};
  if (!stream) throw BadPlatform(fmt::format("{}: cannot read this file", file));
  std::ostringstream content;
  content << stream.rdbuf();
  const std::string text = content.str();
  try {
    std::string twice;
    auto json = parse_noting_twins(text, twice);
    if (!twice.empty())
      throw BadPlatform(fmt::format("{}: key \"{}\" stands twice in one object", file, twice));
    return json;
  } catch (const nlohmann::json::parse_error& error) {
    const std::string before = text.substr(0, error.byte > 0 ? error.byte - 1 : 0);
    const auto line = 1 + std::ranges::count(before, '\n');
    const auto column = before.size() - (before.rfind('\n') + 1) + 1;
    std::string what = error.what();
    if (const auto colon = what.find(": "); colon != std::string::npos)
      what = what.substr(colon + 2);
    throw BadPlatform(fmt::format("{}:{}:{}: not JSON: {}", file, line, column, what));
  }
}

}  // namespace troupe::platforms
