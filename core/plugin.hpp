#pragma once
// Algorithms from outside this tree. A plugin is a shared library that links troupe::core alone and
// ends with one line, TROUPE_PLUGIN({...}, …); the programs open it with --plugin FILE and run what
// it names like any other entry of the catalogue. What a plugin throws must be a troupe::Error,
// as everywhere; it is caught and reported by the program (core is one shared library for both, so
// types and host_memory() are the same on both sides). This header is the whole of the agreement;
// core/plugin_loader.hpp is the other end.

#include <cstddef>
#include <cstdint>

#include "core/communicator.hpp"
#include "core/version.hpp"

namespace troupe {

/// An algorithm with the contract of an allreduce, in place: every rank of the communicator calls
/// it with a vector of one size and dtype, and ends with the reduction over all ranks. It may
/// refuse what it cannot do (a number of ranks, say) by throwing BadInput before it sends anything.
struct PluginAllreduce {
  const char* name = nullptr;     ///< lower-case letters, digits and '_', beginning with a letter
  const char* summary = nullptr;  ///< one line for a person
  void (*run)(Communicator&, Slice vector, Op op) = nullptr;
};

/// Changes with the layout of Plugin itself.
inline constexpr std::uint32_t plugin_abi = 1;

/// What a plugin says of itself. The first two members are read before any other.
struct Plugin {
  std::uint32_t abi = plugin_abi;
  const char* troupe_version = version;  ///< of the headers it was compiled against
  const PluginAllreduce* allreduces = nullptr;
  std::size_t allreduce_count = 0;
};

}  // namespace troupe

/// Defines the entry point of a plugin, at the end of one file and outside all namespaces. Several
/// algorithms are separated by commas:
///   TROUPE_PLUGIN({.name = "mine", .summary = "What it does.", .run = mine})
#define TROUPE_PLUGIN(...)                                                                    \
  extern "C" [[gnu::visibility("default")]] const ::troupe::Plugin* troupe_plugin() {         \
    static constexpr ::troupe::PluginAllreduce allreduces[] = {__VA_ARGS__};                  \
    static constexpr ::troupe::Plugin plugin{                                                 \
        .allreduces = allreduces, .allreduce_count = sizeof allreduces / sizeof *allreduces}; \
    return &plugin;                                                                           \
  }
