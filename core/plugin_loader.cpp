#include "core/plugin_loader.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace troupe {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw BadInput{"plugin " + file.string() + ": " + why};
}

std::string last_error() {
  const char* text = ::dlerror();
  return text ? text : "unknown error of the dynamic linker";
}

bool is_name(std::string_view text) {
  const auto lower = [](char c) { return 'a' <= c && c <= 'z'; };
  return !text.empty() && lower(text.front()) && std::ranges::all_of(text, [&](char c) {
    return lower(c) || ('0' <= c && c <= '9') || c == '_';
  });
}

}  // namespace

std::span<const PluginAllreduce> algorithms_of(const Plugin& plugin, const std::filesystem::path& file) {
  if (plugin.abi != plugin_abi)
    refuse(file, "speaks version " + std::to_string(plugin.abi) +
                     " of the plugin interface, this program version " +
                     std::to_string(plugin_abi) + "; rebuild it against Troupe " + version);
  const std::string_view built_for = plugin.troupe_version ? plugin.troupe_version : "?";
  if (built_for != version)
    refuse(file, "was built for Troupe " + std::string{built_for} + ", this is " + version +
                     "; rebuild it against this version");
  if (plugin.allreduce_count == 0 || !plugin.allreduces) refuse(file, "names no algorithm");

  const std::span algorithms{plugin.allreduces, plugin.allreduce_count};
  std::set<std::string_view> names;
  for (const PluginAllreduce& algorithm : algorithms) {
    const std::string_view name = algorithm.name ? algorithm.name : "";
    if (!is_name(name))
      refuse(file, "an algorithm is called \"" + std::string{name} +
                       "\"; expected lower-case letters, digits and _, beginning with a letter");
    if (!names.insert(name).second)
      refuse(file, "two algorithms are called \"" + std::string{name} + "\"");
    if (!algorithm.run)
      refuse(file, "algorithm \"" + std::string{name} + "\" has no function to run");
    if (!algorithm.summary) refuse(file, "algorithm \"" + std::string{name} + "\" has no summary");
  }
  return algorithms;
}

std::span<const PluginAllreduce> load_plugin(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) refuse(file, "no such file");
  // RTLD_LOCAL: two plugins may both have a function `ring`. RTLD_NOW: what is missing shows here.
  void* library = ::dlopen(std::filesystem::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    refuse(file, "cannot be loaded (" + last_error() +
                     "); a plugin is a shared library built against Troupe " + version);
  void* symbol = ::dlsym(library, "troupe_plugin");
  if (!symbol)
    refuse(file, "is a shared library but no plugin: it has no troupe_plugin(); see TROUPE_PLUGIN");
  const Plugin* plugin = reinterpret_cast<const Plugin* (*)()>(symbol)();
  if (!plugin) refuse(file, "troupe_plugin() returned nothing");
  return algorithms_of(*plugin, file);
}

}  // namespace troupe
