#include "core/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <utility>

#include "core/errors.hpp"

namespace troupe {

namespace {

std::string in_quotes(std::string_view text) { return '"' + std::string{text} + '"'; }

struct Unit {
  std::string_view suffix;
  double factor;
};

/// A number and what follows it. Only digits, a point and an exponent: neither sign nor "inf".
struct Measured {
  double value;
  std::string_view number, suffix;
};

Measured measured(std::string_view text, std::string_view what, std::string_view expected) {
  const auto refuse = [&](std::string_view why) {
    throw BadInput{std::string{what} + ' ' + in_quotes(text) + ' ' + std::string{why} +
                   " (expected " + std::string{expected} + ')'};
  };
  if (text.empty()) refuse("is empty");
  if (text.front() == '-') refuse("is negative");
  if (text.front() != '.' && !std::isdigit(static_cast<unsigned char>(text.front())))
    refuse("does not begin with a number");
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) refuse("is out of range");
  if (error != std::errc{}) refuse("does not begin with a number");
  const auto length = static_cast<std::size_t>(end - text.data());
  return {value, text.substr(0, length), text.substr(length)};
}

double in_units(std::string_view text, std::string_view what, std::string_view expected,
                std::span<const Unit> units) {
  const Measured found = measured(text, what, expected);
  if (found.suffix.empty()) return found.value;
  const auto unit = std::ranges::find(units, found.suffix, &Unit::suffix);
  if (unit == units.end())
    throw BadInput{std::string{what} + ' ' + in_quotes(text) + " has the unknown unit " +
                   in_quotes(found.suffix) + " (expected " + std::string{expected} + ')'};
  return found.value * unit->factor;
}

constexpr std::array<Unit, 9> time_units{{{"ps", 1e-12},
                                          {"ns", 1e-9},
                                          {"us", 1e-6},
                                          {"ms", 1e-3},
                                          {"s", 1},
                                          {"m", 60},
                                          {"h", 3600},
                                          {"d", 86400},
                                          {"w", 604800}}};

constexpr double kibi = 1024.0, mebi = kibi * kibi, gibi = mebi * kibi, tebi = gibi * kibi;
constexpr std::array<Unit, 18> rate_units{{{"Bps", 1},
                                           {"kBps", 1e3},
                                           {"MBps", 1e6},
                                           {"GBps", 1e9},
                                           {"TBps", 1e12},
                                           {"KiBps", kibi},
                                           {"MiBps", mebi},
                                           {"GiBps", gibi},
                                           {"TiBps", tebi},
                                           {"bps", 1.0 / 8},
                                           {"kbps", 1e3 / 8},
                                           {"Mbps", 1e6 / 8},
                                           {"Gbps", 1e9 / 8},
                                           {"Tbps", 1e12 / 8},
                                           {"Kibps", kibi / 8},
                                           {"Mibps", mebi / 8},
                                           {"Gibps", gibi / 8},
                                           {"Tibps", tebi / 8}}};

constexpr std::array<Unit, 7> speed_units{
    {{"f", 1}, {"kf", 1e3}, {"Mf", 1e6}, {"Gf", 1e9}, {"Tf", 1e12}, {"Pf", 1e15}, {"Ef", 1e18}}};

struct ByteUnit {
  std::string_view suffix;
  std::uint64_t factor;
};
constexpr std::uint64_t ki = 1024, mi = ki * ki, gi = mi * ki, ti = gi * ki, pi = ti * ki;
constexpr std::uint64_t thousand = 1000, million = thousand * thousand,
                        billion = million * thousand;
constexpr std::array<ByteUnit, 21> byte_units{{{"", 1},
                                               {"B", 1},
                                               {"K", ki},
                                               {"M", mi},
                                               {"G", gi},
                                               {"T", ti},
                                               {"P", pi},
                                               {"k", ki},
                                               {"m", mi},
                                               {"g", gi},
                                               {"t", ti},
                                               {"KiB", ki},
                                               {"MiB", mi},
                                               {"GiB", gi},
                                               {"TiB", ti},
                                               {"PiB", pi},
                                               {"kB", thousand},
                                               {"MB", million},
                                               {"GB", billion},
                                               {"TB", billion* thousand},
                                               {"PB", billion* million}}};

constexpr std::string_view size_syntax =
    "a number of bytes, with K, M, G, T or KiB, MiB, GiB, TiB for powers of 1024, "
    "kB, MB, GB, TB for powers of 1000";
constexpr std::string_view sizes_syntax = "A, A,B,C, A:B, A:B:xFACTOR or A:B:+STEP";
constexpr std::uint64_t largest_size = 0x7fff'ffff'ffff'ffff;

[[noreturn]] void refuse_sizes(std::string_view text, std::string_view why) {
  throw BadInput{"the sizes " + in_quotes(text) + ' ' + std::string{why} + " (expected " +
                 std::string{sizes_syntax} + ')'};
}

}  // namespace

Bytes parse_bytes(std::string_view text) {
  const auto refuse = [&](const std::string& why) {
    throw BadInput{"the size " + in_quotes(text) + ' ' + why};
  };
  const Measured found = measured(text, "the size", size_syntax);
  if (found.suffix == "KB")
    refuse("has an ambiguous unit: write \"kB\" for 1000 bytes or \"KiB\" for 1024");
  const auto unit = std::ranges::find(byte_units, found.suffix, &ByteUnit::suffix);
  if (unit == byte_units.end())
    refuse("has the unknown unit " + in_quotes(found.suffix) + " (expected " +
           std::string{size_syntax} + ')');
  const char* const end = found.number.data() + found.number.size();
  std::uint64_t whole = 0;
  const auto [rest, error] = std::from_chars(found.number.data(), end, whole);
  if (rest == end) {
    if (error != std::errc{} || whole > largest_size / unit->factor)
      refuse("is larger than 2^63 - 1 bytes");
    return Bytes{whole * unit->factor};
  }
  const double approximate = found.value * static_cast<double>(unit->factor);
  if (approximate >= static_cast<double>(largest_size)) refuse("is larger than 2^63 - 1 bytes");
  if (approximate != std::floor(approximate)) refuse("is not a whole number of bytes");
  return Bytes{static_cast<std::uint64_t>(approximate)};
}

Seconds parse_seconds(std::string_view text) {
  return Seconds{in_units(text, "the time",
                          "a number of seconds, or with ps, ns, us, ms, s, m, h, d or w",
                          time_units)};
}
BytesPerSecond parse_bandwidth(std::string_view text) {
  constexpr std::string_view what = "the bandwidth";
  constexpr std::string_view expected =
      "a positive number of bytes per second, or with a unit like Gbps (bits), GBps (bytes) or "
      "GiBps";
  const double value = in_units(text, what, expected, rate_units);
  if (!(value > 0))
    throw BadInput{std::string{what} + ' ' + in_quotes(text) + " is zero (expected " +
                   std::string{expected} + ')'};
  return {value};
}
FlopsPerSecond parse_speed(std::string_view text) {
  constexpr std::string_view what = "the speed";
  constexpr std::string_view expected =
      "a positive number of FLOP/s, or with f, kf, Mf, Gf, Tf, Pf or Ef";
  const double value = in_units(text, what, expected, speed_units);
  if (!(value > 0))
    throw BadInput{std::string{what} + ' ' + in_quotes(text) + " is zero (expected " +
                   std::string{expected} + ')'};
  return {value};
}

std::vector<Bytes> parse_sizes(std::string_view text) {
  constexpr std::size_t most_sizes = 1'000'000;
  const auto split = [](std::string_view all, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= all.size();) {
      const std::size_t end = std::min(all.find(separator, begin), all.size());
      parts.push_back(all.substr(begin, end - begin));
      begin = end + 1;
    }
    return parts;
  };
  std::vector<Bytes> sizes;
  if (text.find(':') == std::string_view::npos) {
    for (const std::string_view part : split(text, ',')) sizes.push_back(parse_bytes(part));
    return sizes;
  }
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() > 3) refuse_sizes(text, "have more than three parts");
  const std::uint64_t first = parse_bytes(parts[0]).value, last = parse_bytes(parts[1]).value;
  if (first > last) refuse_sizes(text, "end before they begin");

  std::uint64_t factor = 2, step = 0;
  if (parts.size() == 3) {
    const std::string_view rule = parts[2];
    if (rule.empty() || (rule.front() != 'x' && rule.front() != '+'))
      refuse_sizes(text, "have neither \"x\" nor \"+\" in their third part");
    if (rule.front() == '+') {
      step = parse_bytes(rule.substr(1)).value;
      if (step == 0) refuse_sizes(text, "have a step of 0");
    } else {
      const char* const end = rule.data() + rule.size();
      if (std::from_chars(rule.data() + 1, end, factor).ptr != end || factor < 2)
        refuse_sizes(text, "have a factor that is not a whole number above 1");
    }
  }
  if (step == 0 && first == 0)
    refuse_sizes(text, "begin at 0 and multiply; begin at 1, or give a step");
  for (std::uint64_t size = first;;) {
    sizes.push_back(Bytes{size});
    if (sizes.size() > most_sizes) refuse_sizes(text, "are more than a million");
    // Neither the product nor the sum below overflows: both are compared before they are made.
    if (step == 0 ? size > last / factor : last - size < step) return sizes;
    size = step == 0 ? size * factor : size + step;
  }
}

std::string to_text(Bytes amount) {
  constexpr std::array<std::string_view, 6> units{"", " KiB", " MiB", " GiB", " TiB", " PiB"};
  std::uint64_t value = amount.value;
  std::size_t unit = 0;
  while (value != 0 && value % 1024 == 0 && unit + 1 < units.size()) value /= 1024, ++unit;
  return std::to_string(value) + std::string{units[unit]};
}

std::string to_text(Seconds time) {
  struct Scale {
    double factor;
    const char* unit;
  };
  constexpr std::array<Scale, 5> scales{
      {{1, "s"}, {1e3, "ms"}, {1e6, "us"}, {1e9, "ns"}, {1e12, "ps"}}};
  const double seconds = time.count();
  if (std::isnan(seconds)) return "not a time";
  if (std::isinf(seconds)) return seconds > 0 ? "forever" : "-forever";
  if (seconds == 0) return "0 s";
  // 0.9995 of a unit already prints as 1.00 of it.
  std::size_t i = 0;
  while (i + 1 < scales.size() && std::abs(seconds) * scales[i].factor < 0.9995) ++i;
  const double value = seconds * scales[i].factor, magnitude = std::abs(value);
  const int decimals = magnitude < 9.995 ? 2 : magnitude < 99.95 ? 1 : 0;
  std::array<char, 400> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f %s", decimals, value, scales[i].unit);
  return buffer.data();
}

namespace {

/// Insertions, deletions, replacements and swaps of neighbours that make one text the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::swap(before, above);
    std::swap(above, row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = std::min({above[j] + (a[i] == b[j] ? 0 : 1), row[j] + 1, above[j + 1] + 1});
      const bool is_swap = i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j];
      if (is_swap) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
  const std::string* best = nullptr;
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < least) best = &candidate, least = distance;
  }
  if (best) return *best;
  // An abbreviation is far by edits, but not to a person.
  if (name.size() >= 3)
    for (const std::string& candidate : candidates)
      if (candidate.find(name) != std::string::npos) return candidate;
  return {};
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
  const std::string found = nearest(name, candidates);
  return found.empty() ? std::string{} : ", did you mean " + in_quotes(found) + "?";
}

}  // namespace troupe
