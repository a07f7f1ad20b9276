#pragma once
// Short names for long texts, to tell whether two runs were of the same scenario. Not for security.

#include <string>
#include <string_view>

namespace troupe::analysis {

/// 16 hexadecimal digits: FNV-1a, 64 bits, over the bytes of `text`.
std::string digest_of(std::string_view text);

}  // namespace troupe::analysis
