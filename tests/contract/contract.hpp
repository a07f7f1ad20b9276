#pragma once
// The contract of core/communicator.hpp as programs: each runs once per rank on any backend and
// throws ContractFailure where the backend breaks a promise. Nothing here knows any backend.
//
// What a program may not do: assume how fast anything is. It forces the order of events with
// messages, and with pause() where it must give time for something that ought not to happen.

#include <source_location>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/communicator.hpp"

namespace troupe::contract {

/// A promise of the port was broken; the message says which, where and on which rank.
class ContractFailure : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ContractCase {
  std::string_view name;  ///< a sentence; also the name of the test
  int ranks;
  Bytes eager_limit;
  bool needs_simulated_clock;  ///< asserts times, which a wall clock cannot promise
  void (*program)(Communicator&);
};

/// Every case, in the order of tests/contract/cases.txt.
std::span<const ContractCase> cases();

// The parts of the table; each stands beside its programs.
std::span<const ContractCase> matching_cases();
std::span<const ContractCase> waiting_cases();
std::span<const ContractCase> dropping_cases();
std::span<const ContractCase> flow_cases();
std::span<const ContractCase> kernel_cases();
std::span<const ContractCase> training_cases();
std::span<const ContractCase> asynchronous_cases();

/// Checks one promise.
void check(bool holds, std::string_view promise,
           std::source_location where = std::source_location::current());

/// Checks that two values are equal, and shows them if not.
template <class A, class B>
void check_equal(const A& actual, const B& expected, std::string_view promise,
                 std::source_location where = std::source_location::current()) {
  if (actual == static_cast<A>(expected)) return;
  std::ostringstream text;
  text << promise << ": " << actual << " where " << expected << " was expected";
  check(false, text.str(), where);
}

/// Checks that an action throws E.
template <class E, class Action>
void check_throws(Action&& action, std::string_view promise,
                  std::source_location where = std::source_location::current()) {
  try {
    action();
  } catch (const E&) {
    return;
  }
  check(false, promise, where);
}

/// Lets time pass on the clock of this communicator, simulated or not, with nothing but the port.
void pause(Communicator& comm, Seconds duration = Seconds{0.02});

// Empty messages that force an order of events. They use a tag of their own.
void tell(Communicator& comm, Rank peer);
void hear(Communicator& comm, Rank peer);
/// All ranks have called it before it returns on any.
void meet(Communicator& comm);

/// The sum over all ranks of each value, on all ranks: a ring, written here so that the suite
/// depends on nothing that it could be used to test.
void ring_sum(Communicator& comm, std::span<std::int32_t> values);

}  // namespace troupe::contract
