#pragma once
// How an exception that leaves a program ends the job: where it was thrown, with its own words.

#include <functional>

namespace troupe::mpi {

/// Calls `body`. An exception that leaves it calls std::terminate at the throw, the exception being
/// std::current_exception() there and nothing unwound: unwinding would wait for messages that the
/// body had begun, and their peers may be waiting for this rank.
///
/// It rests on no_unwinding.cpp being compiled without unwind tables, at which the search for a
/// handler gives up. Where they are there all the same, the noexcept terminates after unwinding.
void call_without_unwinding(const std::function<void()>& body) noexcept;

}  // namespace troupe::mpi
