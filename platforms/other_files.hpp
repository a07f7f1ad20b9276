#pragma once
// Files of Troupe that are no platform, where one was expected.

#include "platforms/json_reader.hpp"

namespace troupe::platforms {

/// Throws BadPlatform where the document is another JSON file of ours: says which, and of a
/// scenario which platform it names.
void refuse_other_files(const JsonReader& value);

}  // namespace troupe::platforms
