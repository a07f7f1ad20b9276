// Spans for the timeline (declared in page.hpp).

#include <zlib.h>

#include <cmath>
#include <cstring>

#include "analysis/page/page.hpp"
#include "core/errors.hpp"

namespace troupe::analysis {
namespace {

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k <= bytes.size() ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::string deflated(const std::string& content) {
  auto size = compressBound(content.size());
  std::string result(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(result.data()), &size,
                reinterpret_cast<const Bytef*>(content.data()), content.size(), 9) != Z_OK)
    throw Error{"cannot compress: zlib refuses"};
  result.resize(size);
  return result;
}

/// Appends the last bytes of a number, the least first.
void put(std::string& column, std::uint32_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) column += static_cast<char>(number >> (8 * i) & 0xFF);
}

}  // namespace

std::string packed(const Trace& trace) {
  const double scale = trace.end.count() > 0 ? 4294967295.0 / trace.end.count() : 0;
  const auto ticks = [scale](Seconds time) {
    return static_cast<std::uint32_t>(
        std::min(4294967295.0, std::max(0.0, std::round(time.count() * scale))));
  };
  std::string begins, durations, waits, bytes, flows, ranks, peers, lanes;
  std::uint32_t before = 0;
  const auto add = [&](const Span& span, std::uint32_t lane) {
    const auto begin = ticks(span.begin);
    put(begins, begin - before, 4);
    before = begin;
    put(durations, ticks(span.end) - begin, 4);
    put(waits, begin - std::min(begin, ticks(span.issued)), 4);
    const auto amount = static_cast<float>(span.bytes);
    std::uint32_t bits = 0;
    std::memcpy(&bits, &amount, sizeof bits);
    put(bytes, bits, 4);
    put(flows, span.flow, 4);
    put(ranks, static_cast<std::uint32_t>(span.rank), 2);
    const bool computes = span.lane == Span::Lane::compute;
    put(peers, computes ? span.name : static_cast<std::uint32_t>(span.peer), 2);
    put(lanes, lane, 1);
  };
  constexpr std::uint32_t device_lane = 4;
  auto device = trace.devices.begin();
  const auto add_devices = [&](Rank until) {
    for (; device != trace.devices.end() && device->rank < until; ++device)
      add({.name = device->name,
           .rank = device->rank,
           .issued = device->begin,
           .begin = device->begin,
           .end = device->end},
          device_lane);
  };
  for (const auto& span : trace.spans) {
    add_devices(span.rank);
    add(span, static_cast<std::uint32_t>(span.lane));
  }
  add_devices(trace.ranks);
  return base64(deflated(begins + durations + waits + bytes + flows + ranks + peers + lanes));
}

}  // namespace troupe::analysis
