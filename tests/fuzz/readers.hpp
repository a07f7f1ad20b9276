#pragma once
// Every reader of files that strangers write, given the same bytes: each reads them or says what is
// wrong with them.

#include <string>

namespace troupe::fuzz {

/// Throws what no reader should: anything but BadInput.
void read_everywhere(const std::string& bytes);

}  // namespace troupe::fuzz
