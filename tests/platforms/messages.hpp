#pragma once
// What an action complains about, for tests on messages.

#include <gmock/gmock.h>

#include <string>

#include "core/errors.hpp"

namespace troupe::platforms {

/// The message of the BadPlatform that `action` throws; "no complaint" if it throws none.
template <class Action>
std::string complaint_of(Action action) {
  try {
    action();
  } catch (const BadPlatform& error) {
    return error.what();
  }
  return "no complaint";
}

/// Every message is one line: a command line prints it as it is.
MATCHER(IsOneLine, "") { return arg.find('\n') == std::string::npos && arg != "no complaint"; }

}  // namespace troupe::platforms
