#pragma once
// A short name for content: equal content has equal digests on every machine.

#include <string>
#include <string_view>

namespace troupe::platforms {

/// 16 hexadecimal digits (FNV-1a, 64 bits). Tells files apart; keeps nobody from forging one.
std::string digest_of(std::string_view content);

}  // namespace troupe::platforms
