#pragma once
// A plugin's algorithm as an entry of the table calls it.

#include "core/plugin.hpp"

namespace troupe::scenarios {

/// Runs it on this rank. What it throws says which algorithm threw on which rank, and is of the
/// class of Troupe's errors that it was of, with the same exit status; a number or a text becomes a
/// std::runtime_error. Deadlocks, which name all ranks, pass as they are, as do classes that are no
/// std::exception: worlds take flows down with such.
void call_plugin(const PluginAllreduce& plugin, Communicator& comm, Slice vector, Op op);

}  // namespace troupe::scenarios
