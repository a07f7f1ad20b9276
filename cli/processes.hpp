#pragma once
// Work in processes of its own: each piece is a fork of this program, so that it costs no start-up,
// and so that a simulator that keeps one engine a process, or a crash, is nobody else's business.

#include <cstddef>
#include <functional>
#include <string>

namespace troupe::cli {

/// How a piece of work ended.
struct Finished {
  int status = 0;      ///< 0 success, 1 to 127 as exit status, 128 + the signal that killed it
  std::string output;  ///< what the piece returned, or why it failed
};

/// As many as this process may use.
int usable_cores();

/// Runs work(0) … work(pieces - 1), at most `jobs` at a time, each in a child process, in order of
/// their numbers; calls `done` here for each that ends, in the order in which they end. What `work`
/// throws is the output, with the exception's exit status. Children die with this process, and
/// before an exception of `done` leaves. Call it where this process has one thread.
void run_in_processes(std::size_t pieces, int jobs,
                      const std::function<std::string(std::size_t piece)>& work,
                      const std::function<void(std::size_t piece, Finished)>& done);

/// The text as one word of a POSIX shell, in single quotes; fish and zsh read it alike.
std::string shell_word(const std::string& text);

}  // namespace troupe::cli
