#include "algorithms/models/off_the_clock.hpp"

#include "core/staging.hpp"

namespace troupe::algorithms {
namespace {

/// Complete as soon as it is there.
class Done final : public Operation {
  void abandon() noexcept override {}
  void retire() noexcept override { delete this; }
};

/// Who computes kernels in the memory of the operands; null where the host does.
KernelRunner* runner_of(const Kernel& kernel) {
  const std::vector<TouchedRange> off_host = touched_off_host(operands(kernel));
  return off_host.empty() ? nullptr : off_host.front().memory->runner();
}

constexpr const char* alone = "off the clock there are kernels, but nobody to talk to";

}  // namespace

Request OffTheClock::isend(Rank, Tag, ConstPayload) {
  EXPECTS(false, alone);
  return {};
}
Request OffTheClock::irecv(Rank, Tag, Payload) {
  EXPECTS(false, alone);
  return {};
}
Request OffTheClock::spawn(Task) {
  EXPECTS(false, alone);
  return {};
}

Request OffTheClock::start(Kernel kernel) {
  check(kernel);
  if (!is_phantom(kernel)) {
    if (KernelRunner* const there = runner_of(kernel)) there->run(kernel);
    else run_staged(kernel);
  }
  auto& done = *new Done;
  Request request{done};
  done.complete(0, 0, Seconds{0});
  return request;
}

std::optional<Completion> OffTheClock::wait_any(WaitSet& set, Seconds) {
  EXPECTS(!set.empty(), "there is at least one request to wait for");
  return set.take_ready();
}

}  // namespace troupe::algorithms
