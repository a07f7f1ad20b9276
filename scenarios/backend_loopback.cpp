#include "scenarios/backend_loopback.hpp"

#include <fmt/format.h>

#include "core/loopback.hpp"
#include "scenarios/activity.hpp"

namespace troupe::scenarios {
namespace {

/// More threads than this are no test of anything.
constexpr int most_ranks = 1024;

class LoopbackBackend final : public Backend {
 public:
  LoopbackBackend(int ranks, Bytes eager_limit) : eager_limit_{eager_limit} {
    machine_.ranks = ranks;
  }
  std::string_view name() const override { return "loopback"; }
  bool simulated() const override { return false; }
  bool one_process() const override { return true; }
  bool common_clock() const override { return true; }
  const Machine& machine() const override { return machine_; }

  RunOutcome run(const Program& program) override {
    RunOutcome outcome;
    outcome.said.resize(static_cast<std::size_t>(machine_.ranks));
    std::vector<Seconds> ends(outcome.said.size());
    const auto report = run_loopback(machine_.ranks,
                                     [&](Communicator& comm) {
                                       const auto me = static_cast<std::size_t>(comm.rank());
                                       outcome.said[me] = program(comm);
                                       ends[me] = comm.now();
                                     },
                                     {.eager_limit = eager_limit_});
    for (const auto end : ends) outcome.end = std::max(outcome.end, end);
    for (const auto& activity : report.activity)
      outcome.ranks.push_back(described(static_cast<Rank>(outcome.ranks.size()), {}, activity));
    outcome.unmatched_messages = report.unmatched.size();
    return outcome;
  }

 private:
  Machine machine_;
  Bytes eager_limit_;
};

}  // namespace

std::unique_ptr<Backend> make_loopback(const Scenario& scenario, const BackendOptions&) {
  const int placed = scenario.platform ? scenario.platform->placement.ranks : 0;
  const int asked = placed > 0 ? placed : scenario.ranks;
  const int ranks = asked > 0 ? asked : 4;
  if (ranks > most_ranks)
    throw BadInput{fmt::format("{} ranks are too many for threads (at most {}): use --backend sim",
                               ranks, most_ranks)};
  return std::make_unique<LoopbackBackend>(ranks, scenario.eager_limit);
}

}  // namespace troupe::scenarios
