#pragma once
// Numbers of bytes for people, where exactness matters less than size.

#include <string>

namespace troupe::analysis {

/// Three digits with a decimal unit: "12.3 MB".
std::string amount(double bytes);

}  // namespace troupe::analysis
