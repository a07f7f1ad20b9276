#pragma once
// What can go wrong. Recoverable, or caused by what a user gave us: an exception of the hierarchy
// below, whose message names what, where, the value met, what was expected and the nearest valid
// name. Impossible unless the program is wrong: EXPECTS. docs/errors.md is the page about both.

#include <stdexcept>
#include <string>
#include <string_view>

namespace troupe {

/// Anything Troupe reports to a person. The command line prints what() alone and exits with
/// exit_status().
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  /// 1: the run failed; 2: usage or input (docs/errors.md).
  virtual int exit_status() const noexcept { return 1; }
};

/// A wrong option, value, size or combination of them, wherever it was given.
class BadInput : public Error {
 public:
  using Error::Error;
  int exit_status() const noexcept override { return 2; }
};
/// A scenario file that cannot be run as it stands; the message begins with file and JSON pointer.
class BadScenario : public BadInput {
  using BadInput::BadInput;
};
/// A platform file, generator or placement that cannot be used.
class BadPlatform : public BadInput {
  using BadInput::BadInput;
};

/// A message was longer than the buffer it was received into. Finishes that receive; the sender is
/// not told.
class Truncated : public Error {
  using Error::Error;
};
/// The other side of a request is gone. Finishes the request it names and no other.
class PeerLost : public Error {
  using Error::Error;
};
/// Every rank waits; the message names each blocked rank and what it waits for.
class Deadlock : public Error {
  using Error::Error;
};
/// A training ran away: its loss is no longer a finite number. The message has step and rank.
class Diverged : public Error {
  using Error::Error;
};
/// SimGrid, MPI or CUDA refused; the message has the call and its own words.
class BackendError : public Error {
  using Error::Error;
};

/// The program broke a promise of the code it called (a defect, never a user's mistake).
class ContractViolation : public std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] void violated(const char* condition, std::string_view why, const char* file, int line);

}  // namespace troupe

/// EXPECTS(condition, "why it must hold"): throws ContractViolation with file and line when it does
/// not.
#define EXPECTS(condition, why)           \
  (static_cast<bool>(condition) ? void(0) \
                                : ::troupe::violated(#condition, (why), __FILE__, __LINE__))
