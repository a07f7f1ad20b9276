#include "analysis/event_file.hpp"

#include <array>
#include <bit>
#include <cmath>

namespace troupe::analysis {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table() {
  constexpr std::uint32_t polynomial = 0x82f63b78;  // Castagnoli's, bits reversed
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ (rest & 1 ? polynomial : 0);
    table[byte] = rest;
  }
  return table;
}

/// Little endian, whatever this machine is.
template <class Number>
std::string fixed(Number number) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof number; ++i)
    bytes += static_cast<char>((number >> (8 * i)) & 0xff);
  return bytes;
}

// ---- protocol buffers, as far as an Event needs them

std::string varint(std::uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>((number & 0x7f) | 0x80);
  return bytes + static_cast<char>(number);
}

enum class Wire : std::uint8_t { varint = 0, eight_bytes = 1, bytes = 2, four_bytes = 5 };

std::string key(int field, Wire wire) {
  return varint(static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(wire));
}
std::string number_field(int field, double value) {
  return key(field, Wire::eight_bytes) + fixed(std::bit_cast<std::uint64_t>(value));
}
std::string number_field(int field, float value) {
  return key(field, Wire::four_bytes) + fixed(std::bit_cast<std::uint32_t>(value));
}
std::string number_field(int field, std::int64_t value) {
  return key(field, Wire::varint) + varint(static_cast<std::uint64_t>(value));
}
std::string bytes_field(int field, std::string_view value) {
  return key(field, Wire::bytes) + varint(value.size()) + std::string{value};
}

/// Event{wall_time = 1, step = 2, file_version = 3, summary = 5}; Summary{value = 1};
/// Summary.Value{tag = 1, simple_value = 2}.
std::string scalar_event(Seconds time, std::int64_t step, const std::string& tag, double value) {
  const auto entry = bytes_field(1, tag) + number_field(2, static_cast<float>(value));
  return number_field(1, time.count()) + number_field(2, step) +
         bytes_field(5, bytes_field(1, entry));
}

std::string record(const std::string& event) {
  const auto length = fixed(static_cast<std::uint64_t>(event.size()));
  return length + fixed(masked_crc32c(length)) + event + fixed(masked_crc32c(event));
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) noexcept {
  static constexpr auto table = crc_table();
  std::uint32_t sum = ~0U;
  for (const char c : bytes) sum = (sum >> 8) ^ table[(sum ^ static_cast<unsigned char>(c)) & 0xff];
  return ~sum;
}

std::uint32_t masked_crc32c(std::string_view bytes) noexcept {
  return std::rotr(crc32c(bytes), 15) + 0xa282ead8U;
}

std::string to_events(const Report& report) {
  auto text = record(number_field(1, 0.0) + bytes_field(3, "brain.Event:2"));
  for (const auto& point : report.training)
    for (const auto& [name, value] : point.values)
      if (!std::isnan(value)) text += record(scalar_event(point.time, point.step, name, value));
  return text;
}

}  // namespace troupe::analysis
