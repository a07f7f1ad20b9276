// The catalogue on the simulated network, one algorithm and number of ranks a process:
//
//   collectives_simgrid values COLLECTIVE NAME RANKS [full]   every result bit for bit (the driver
//   of tests/collectives) collectives_simgrid times COLLECTIVE NAME RANKS           the simulated
//   time against the closed form, on the star collectives_simgrid list COLLECTIVE NAME of every
//   entry
//
// The derivation is printed: what was simulated beside what the formula says, and the formula.

#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>

#include "collectives/exhaustive.hpp"
#include "core/checked.hpp"
#include "tests/collectives/phantoms.hpp"
#include "tests/simgrid/star.hpp"

namespace {

using namespace troupe;
using namespace troupe::algorithms;

constexpr Seconds alpha{2e-6};
constexpr double beta = 8e-10, gamma_per_byte = 2.5e-10;

void check_values(const Entry& entry, int ranks, tests::Extent extent) {
  std::size_t cases = 0;
  test::run_on({.ranks = ranks}, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    const std::size_t count = tests::check_all(checked, entry, extent);
    if (comm.rank() == 0) cases = count;
  });
  std::printf("%zu cases of %s on %d ranks agree with the naive result\n", cases,
              std::string{entry.name}.c_str(), ranks);
}

/// Runs the lengths one after another on one clock, all ranks starting each at an agreed time.
void check_times(const Entry& entry, int ranks) {
  std::vector<Problem> problems;
  for (const std::size_t count : {0, 1, 7, 997, 80'640}) {
    Problem problem{.ranks = ranks, .count = count * static_cast<std::size_t>(ranks)};
    problem.machine = {alpha, beta, gamma_per_byte};
    if (entry.refusal(problem).empty() && entry.exact(problem)) problems.push_back(problem);
  }
  if (problems.empty()) {
    std::printf("SKIPPED: %s has no exact closed form on %d ranks\n",
                std::string{entry.name}.c_str(), ranks);
    return;
  }
  std::vector<double> ends(problems.size(), 0);
  const Seconds pause{100};
  // A Reduce of n bytes is charged nγ through the processor's speed: one operation for each 4-byte
  // value.
  const sim::Processor processor{.speed = {1 / (4 * gamma_per_byte)}};
  test::run_on({.ranks = ranks, .alpha = alpha, .bandwidth = {1 / beta}, .processor = processor},
               [&](Communicator& comm) {
                 for (std::size_t i = 0; i < problems.size(); ++i) {
                   const Seconds start = pause * static_cast<double>(i + 1);
                   Request never = comm.irecv(comm.rank(), Tag{63}, Payload{});
                   wait_until(comm, never, start);
                   never = {};
                   entry.run(comm, problems[i],
                             tests::phantoms(problems[i], entry.collective, comm.rank()));
                   ends[i] = std::max(ends[i], (comm.now() - start).count());
                 }
               });
  bool all_agree = true;
  for (std::size_t i = 0; i < problems.size(); ++i) {
    const double expected = entry.cost(problems[i], problems[i].machine).time.count();
    const bool agree = std::abs(ends[i] - expected) <= 1e-6 * expected;
    std::printf("%s %s, %d ranks, %zu bytes: simulated %.12g s, closed form %.12g s%s\n",
                std::string{name_of(entry.collective)}.c_str(), std::string{entry.name}.c_str(),
                ranks, problems[i].bytes(), ends[i], expected, agree ? "" : "  <-- differ");
    all_agree = all_agree && agree;
  }
  std::printf("%s, alpha %g s, beta %g s/byte, gamma %g s/byte\n",
              std::string{entry.formula}.c_str(), alpha.count(), beta, gamma_per_byte);
  if (!all_agree) throw tests::WrongResult{"the simulated time is not that of the closed form"};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2 && std::strcmp(argv[1], "list") == 0) {
      for (const Entry& entry : catalogue())
        std::printf("%s %s\n", std::string{name_of(entry.collective)}.c_str(),
                    std::string{entry.name}.c_str());
      return 0;
    }
    if (argc < 5)
      throw BadInput{"usage: collectives_simgrid values|times COLLECTIVE NAME RANKS [full]"};
    const Entry& entry = find_entry(collective_named(argv[2]), argv[3]);
    const int ranks = std::atoi(argv[4]);
    if (std::strcmp(argv[1], "times") == 0) check_times(entry, ranks);
    else check_values(entry, ranks, argc > 5 ? tests::Extent::full : tests::Extent::sample);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
