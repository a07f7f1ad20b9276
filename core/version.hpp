#pragma once
// The version of Troupe, here and nowhere else: CMake reads it from this file.

#define TROUPE_VERSION "0.1.0"

namespace troupe {

inline constexpr const char* version = TROUPE_VERSION;

}  // namespace troupe
