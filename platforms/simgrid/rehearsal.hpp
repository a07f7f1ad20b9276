#pragma once
// SimGrid ends the process on much that a person may get wrong. So what a person wrote is first
// tried in a child process, whose end becomes a message.

#include <functional>
#include <string>

namespace troupe::platforms {

/// Runs `attempt` in a forked child. Throws BadPlatform, "`name`: " and SimGrid's last words, when
/// the child is ended by SimGrid. An exception that leaves `attempt` is no failure here: the caller
/// will meet it too. Does nothing where no child can be made.
void rehearse(const std::string& name, const std::function<void()>& attempt);

}  // namespace troupe::platforms
