#pragma once
// What an error says.

#include <string>

#include "core/errors.hpp"

namespace troupe::scenarios {

/// The message of the BadInput that `act` throws, or "no error".
template <class Act>
std::string said(Act act) {
  try {
    act();
  } catch (const BadInput& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace troupe::scenarios
