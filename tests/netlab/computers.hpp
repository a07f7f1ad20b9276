#pragma once
// Computers made of namespaces: each has a network and a host name of its own. They live in
// namespaces of processes and mounts that end with their first process, whatever happens: nothing
// is named outside, so nothing can be left behind.

#include <functional>
#include <string>
#include <vector>

#include "emulator.hpp"

namespace troupe::netlab {

/// Why no lab can be built here, or "".
std::string reason_against();

/// Runs `lab` as the first process of new namespaces of processes and mounts, and returns its exit
/// status. When this process ends, or is interrupted, so does everything in there: at once where it
/// is killed, else after `lab` has been told (SIGTERM) and had three seconds. Throws Error.
int run_isolated(const std::function<int()>& lab);

/// A folder that exists in there only, for whatever must be written: TMPDIR.
inline constexpr const char* own_folder = "/mnt";

struct Computer {
  std::string name;
  std::string address;  ///< IPv4
  MacAddress hardware{};
  int tap = -1;  ///< the other end of its only network card
};

/// Within run_isolated: makes computers of these names, whose cards send so fast, and one more at
/// their end, which this process stays on. They know each other by name and address. Throws Error
/// with the system's reason.
std::vector<Computer> make_computers(const std::vector<std::string>& names,
                                     const std::vector<double>& bytes_per_second);

/// Within run_isolated: becomes a shell command on a computer, as rsh would run it.
[[noreturn]] void become(const std::string& computer, const std::string& command);

}  // namespace troupe::netlab
