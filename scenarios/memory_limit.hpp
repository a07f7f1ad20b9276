#pragma once
// How much memory this process may use: of the machine, or of its control group (cgroups(7)), as a
// batch system or a container sets it.

#include <filesystem>
#include <optional>
#include <string>

#include "core/units.hpp"

namespace troupe::scenarios {

struct MemoryLimit {
  Bytes bytes{};
  std::string owner;  ///< "this machine" or "this process's control group"
};

/// The least of the machine's memory and of the limits of the process's control group.
MemoryLimit memory_limit();

/// The least limit of a control group and of those above it, as far as they can be seen: memory.max
/// of version 2, memory.limit_in_bytes of version 1. `groups` and `mounts` are the contents of
/// /proc/self/cgroup and /proc/self/mountinfo; mount points lie under `root`. Empty where none has
/// a limit. What cannot be read limits nothing.
std::optional<Bytes> control_group_limit(const std::string& groups, const std::string& mounts,
                                         const std::filesystem::path& root = "/");

}  // namespace troupe::scenarios
