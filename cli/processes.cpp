#include "cli/processes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <vector>

#include "core/errors.hpp"

namespace troupe::cli {
namespace {

struct Child {
  pid_t process = -1;
  int pipe = -1;
  std::size_t piece = 0;
  std::string output;
};

void write_all(int file, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto written = ::write(file, text.data() + at, text.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // nobody listens any more
    at += static_cast<std::size_t>(written);
  }
}

/// The life of a child; never returns, and runs no destructor of the parent's.
[[noreturn]] void live(pid_t parent, int pipe, const std::function<std::string()>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before we could say so
  ::dup2(STDERR_FILENO, STDOUT_FILENO);   // standard output is for results
  int status = 0;
  std::string output;
  try {
    output = work();
  } catch (const Error& error) {
    output = error.what();
    status = error.exit_status();
  } catch (const std::bad_alloc&) {
    output = "out of memory";
    status = 1;
  } catch (const std::exception& error) {
    output = fmt::format("internal error: {}", error.what());
    status = 1;
  }
  write_all(pipe, output);
  ::_exit(status);
}

class Crowd {
 public:
  Crowd() = default;
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() {
    for (auto& child : children_) {
      ::kill(child.process, SIGKILL);
      ::waitpid(child.process, nullptr, 0);
      ::close(child.pipe);
    }
  }

  std::size_t size() const noexcept { return children_.size(); }

  void start(std::size_t piece, const std::function<std::string()>& work) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) refuse("make a pipe");
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    const pid_t process = ::fork();
    if (process == 0) {
      ::close(ends[0]);
      live(parent, ends[1], work);
    }
    ::close(ends[1]);
    if (process < 0) {
      ::close(ends[0]);
      refuse("start a process");
    }
    children_.push_back({process, ends[0], piece, {}});
  }

  /// Waits for any child to end, and takes it out.
  std::pair<std::size_t, Finished> next() {
    for (;;) {
      std::vector<pollfd> pipes;
      for (const auto& child : children_) pipes.push_back({child.pipe, POLLIN, 0});
      if (::poll(pipes.data(), pipes.size(), -1) < 0 && errno != EINTR) refuse("wait");
      for (std::size_t i = 0; i < pipes.size(); ++i)
        if (pipes[i].revents != 0 && ended(children_[i])) return taken(i);
    }
  }

 private:
  [[noreturn]] static void refuse(const char* what) {
    throw Error{fmt::format("cannot {}: {}", what, std::strerror(errno))};
  }

  /// Reads what is there; true at the end.
  static bool ended(Child& child) {
    std::array<char, 65536> chunk;
    const auto got = ::read(child.pipe, chunk.data(), chunk.size());
    if (got > 0) child.output.append(chunk.data(), static_cast<std::size_t>(got));
    return got == 0 || (got < 0 && errno != EINTR);
  }

  std::pair<std::size_t, Finished> taken(std::size_t at) {
    const Child child = std::move(children_[at]);
    children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(at));
    ::close(child.pipe);
    int raw = 0;
    while (::waitpid(child.process, &raw, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(raw))
      return {child.piece,
              {128 + WTERMSIG(raw),
               fmt::format("ended by signal {} ({})", WTERMSIG(raw), ::strsignal(WTERMSIG(raw)))}};
    return {child.piece, {WEXITSTATUS(raw), child.output}};
  }

  std::vector<Child> children_;
};

}  // namespace

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return 1;
}

void run_in_processes(std::size_t pieces, int jobs,
                      const std::function<std::string(std::size_t piece)>& work,
                      const std::function<void(std::size_t piece, Finished)>& done) {
  Crowd crowd;
  for (std::size_t next = 0; next < pieces || crowd.size() > 0;) {
    while (next < pieces && crowd.size() < static_cast<std::size_t>(jobs)) {
      crowd.start(next, [&work, next] { return work(next); });
      ++next;
    }
    auto [piece, finished] = crowd.next();
    done(piece, std::move(finished));
  }
}

std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char c : text)
    if (c == '\'') word += "'\\''";
    else word += c;
  return word + "'";
}

}  // namespace troupe::cli
