#pragma once
// Opens plugins (core/plugin.hpp says what they are). A plugin stays loaded until the process ends:
// its code may be on the stack of any rank, and exceptions of its making may be under way.

#include <filesystem>
#include <span>

#include "core/plugin.hpp"

namespace troupe {

/// Opens a shared library and returns its algorithms, which live as long as the process. A relative
/// path is relative to the working directory, never searched for elsewhere. Throws BadInput where
/// the file cannot be opened, is no plugin, was built for another version of Troupe, or names its
/// algorithms wrongly; nothing of the plugin but its static initialisers and entry point has run.
std::span<const PluginAllreduce> load_plugin(const std::filesystem::path& file);

/// The checks of load_plugin on what an entry point returned; `file` is for the message.
std::span<const PluginAllreduce> algorithms_of(const Plugin& plugin, const std::filesystem::path& file);

}  // namespace troupe
