#include "analysis/digest.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace troupe::analysis {

std::string digest_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3u;
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace troupe::analysis
