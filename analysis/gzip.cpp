// gzip by zlib (declared in trace_json.hpp).

#include <fmt/format.h>
#include <zlib.h>

#include <array>

#include "analysis/trace_json.hpp"
#include "core/errors.hpp"

namespace troupe::analysis {
namespace {

constexpr int gzip_window = 15 + 16;  // the largest window, gzip's header

/// zlib counts in 32 bits.
uInt piece(std::size_t left) { return static_cast<uInt>(std::min<std::size_t>(left, 1u << 30)); }

z_stream over(std::string_view content) {
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  return stream;
}

}  // namespace

std::string gzipped(std::string_view content) {
  z_stream stream = over(content);
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw Error{"cannot compress: zlib refuses"};
  std::string result;
  std::array<char, 1 << 16> room;
  std::size_t left = content.size();
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    if (stream.avail_in == 0 && left > 0) left -= stream.avail_in = piece(left);
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = room.size();
    status = deflate(&stream, left > 0 ? Z_NO_FLUSH : Z_FINISH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) break;
    result.append(room.data(), room.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw Error{"cannot compress: zlib refuses"};
  return result;
}

std::string gunzipped(std::string content, const std::string& name) {
  if (!content.starts_with("\x1f\x8b")) return content;
  z_stream stream = over(content);
  if (inflateInit2(&stream, gzip_window) != Z_OK) throw Error{"cannot decompress: zlib refuses"};
  std::string result;
  std::array<char, 1 << 16> room;
  std::size_t left = content.size();
  int status = Z_OK;
  while (status == Z_OK) {
    if (stream.avail_in == 0 && left > 0) left -= stream.avail_in = piece(left);
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = room.size();
    status = inflate(&stream, Z_NO_FLUSH);
    result.append(room.data(), room.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END)
    throw BadInput{fmt::format("{}: the gzip data end early or are damaged", name)};
  return result;
}

}  // namespace troupe::analysis
