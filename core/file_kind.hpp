#pragma once
// The JSON files of Troupe, told from each other by the key they begin with, for whoever was given
// one in the place of another.

#include <functional>
#include <string>

namespace troupe {

/// "a scenario (troupe run s.json runs it)" of the file `file` whose document `has` the key of a
/// scenario; empty where it is no file of ours.
std::string kind_of_file(const std::function<bool(const char* key)>& has, const std::string& file);

}  // namespace troupe
