#include "algorithms/data/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "algorithms/data/reading.hpp"
#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

class Inflater {
 public:
  Inflater() {
    constexpr int gzip_alone = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, gzip_alone) != Z_OK) throw std::bad_alloc{};
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Unpacks the member at the beginning of `bytes` and takes it off; zlib's status.
  int member(std::string_view& bytes, std::string& into) {
    inflateReset(&stream_);
    std::array<char, 1 << 16> room;
    int status = Z_OK;
    while (status == Z_OK) {
      const std::size_t some =
          std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
      // zlib reads what next_in points to and never writes there.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream_.avail_in = static_cast<uInt>(some);
      stream_.next_out = reinterpret_cast<Bytef*>(room.data());
      stream_.avail_out = static_cast<uInt>(room.size());
      status = inflate(&stream_, Z_NO_FLUSH);
      bytes.remove_prefix(some - stream_.avail_in);
      into.append(room.data(), room.size() - stream_.avail_out);
    }
    return status;
  }
  std::string complaint() const { return stream_.msg ? stream_.msg : "no valid data"; }

 private:
  z_stream stream_{};
};

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

std::string unpacked(std::string_view bytes, const std::filesystem::path& file) {
  const std::size_t length = bytes.size();
  Inflater inflater;
  std::string whole;
  while (!bytes.empty()) {
    const int status = inflater.member(bytes, whole);
    const std::string where = at_byte(file, length - bytes.size()) + " of the compressed file";
    if (status == Z_BUF_ERROR)
      damaged(where, "the end of the file", "the rest of what gzip compressed");
    if (status != Z_STREAM_END) damaged(where, inflater.complaint(), "data compressed by gzip");
  }
  return whole;
}

}  // namespace troupe::algorithms
