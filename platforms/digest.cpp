#include "platforms/digest.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace troupe::platforms {

std::string digest_of(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return fmt::format("{:016x}", hash);
}

}  // namespace troupe::platforms
