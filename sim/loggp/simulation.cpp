#include "sim/loggp/simulation.hpp"

#include <csignal>
#include <cstdint>

#include "core/errors.hpp"
#include "sim/loggp/world.hpp"

namespace troupe::sim::loggp {

namespace {

/// While it lives, a flow that runs into the page below its stack ends the process with a message.
/// The one thing here that is global, as signal handlers are.
class OverflowWatch {
 public:
  explicit OverflowWatch(const World& world) {
    watched_ = &world;
    const stack_t own{.ss_sp = stack_, .ss_flags = 0, .ss_size = sizeof stack_};
    ::sigaltstack(&own, &old_stack_);
    struct sigaction action {};
    action.sa_sigaction = &faulted;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(SIGSEGV, &action, &old_action_);
  }
  OverflowWatch(const OverflowWatch&) = delete;
  OverflowWatch& operator=(const OverflowWatch&) = delete;
  ~OverflowWatch() {
    ::sigaction(SIGSEGV, &old_action_, nullptr);
    ::sigaltstack(&old_stack_, nullptr);
    watched_ = nullptr;
  }

 private:
  static void faulted(int, siginfo_t* information, void*) {
    if (const Flow* const flow = watched_->running()) {
      const auto distance = reinterpret_cast<std::intptr_t>(flow->stack().bottom) -
                            reinterpret_cast<std::intptr_t>(information->si_addr);
      if (0 < distance && distance <= static_cast<std::intptr_t>(StackPool::guard_bytes))
        World::overflowed(*flow);
    }
    ::signal(SIGSEGV, SIG_DFL);  // something else: it happens again when we return
  }

  static inline const World* watched_ = nullptr;
  static inline std::byte stack_[64 * 1024];
  stack_t old_stack_{};
  struct sigaction old_action_ {};
};

}  // namespace

SimulationResult simulate(const Network& network, const std::vector<Seat>& seats,
                          const std::function<void(Communicator&)>& program, const Options& options,
                          const Overheads& overheads) {
  EXPECTS(!seats.empty(), "a simulation has at least one rank");
  World world{network, seats, options, overheads};
  const OverflowWatch watch{world};
  world.run(program);
  return world.result();
}

}  // namespace troupe::sim::loggp
