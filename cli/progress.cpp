#include "cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace troupe::cli {

ProgressBar::ProgressBar(std::string what, bool wanted)
    : what_{std::move(what)}, enabled_{wanted && ::isatty(STDERR_FILENO) != 0} {
  const char* none = std::getenv("NO_COLOR");
  colour_ = none == nullptr || *none == '\0';
}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void ProgressBar::show(double share) {
  using namespace std::chrono_literals;
  const std::lock_guard lock{mutex_};
  if (!enabled_) return;
  const auto now = Clock::now();
  if (now - begin_ < 1s || now - last_ < 100ms) return;
  last_ = now;
  drawn_ = true;
  constexpr int width = 40;
  const int full = std::clamp(static_cast<int>(share * width), 0, width);
  const std::chrono::duration<double> spent = now - begin_;
  const double left = share > 0 ? spent.count() * (1 - share) / share : 0;
  fmt::print(stderr, "\r{} {}{:#<{}}{}{:.<{}} {:3.0f} % {:.0f} s left\033[K", what_,
             colour_ ? "\033[36m" : "", "", full, colour_ ? "\033[0m" : "", "", width - full,
             share * 100, left);
  std::fflush(stderr);
}

}  // namespace troupe::cli
