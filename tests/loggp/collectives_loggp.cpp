// The catalogue in the LogGP world, many algorithms and numbers of ranks a process:
//
//   collectives_loggp values COLLECTIVE NAME [full]   every result bit for bit (the driver of
//                                                     tests/collectives), on 1 to 17 ranks
//   collectives_loggp times COLLECTIVE NAME           the simulated time against the closed form,
//   on
//                                                     the star, on 1 to 33 ranks
//
// The derivation is printed: what was simulated beside what the formula says, and the formula.

#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>

#include "collectives/exhaustive.hpp"
#include "core/checked.hpp"
#include "tests/collectives/phantoms.hpp"
#include "tests/loggp/star.hpp"

namespace {

using namespace troupe;
using namespace troupe::algorithms;

constexpr Seconds alpha{2e-6};
constexpr double beta = 8e-10, gamma_per_byte = 2.5e-10;

void check_values(const Entry& entry, int ranks, tests::Extent extent) {
  std::size_t cases = 0;
  test::run_on(test::LogGPStar{.ranks = ranks}, [&](Communicator& comm) {
    CheckedCommunicator checked{comm};
    const std::size_t count = tests::check_all(checked, entry, extent);
    if (comm.rank() == 0) cases = count;
  });
  std::printf("%zu cases of %s on %d ranks agree with the naive result\n", cases,
              std::string{entry.name}.c_str(), ranks);
}

/// Compares every length whose closed form is exact, and prints it. Adds to `compared` and
/// `differ`.
void check_times(const Entry& entry, int ranks, int& compared, int& differ) {
  for (const std::size_t count : {0, 1, 7, 997, 80'640}) {
    Problem problem{.ranks = ranks, .count = count * static_cast<std::size_t>(ranks)};
    problem.machine = {alpha, beta, gamma_per_byte};
    if (!entry.refusal(problem).empty() || !entry.exact(problem)) continue;
    // A Reduce of n bytes is charged nγ through the processor's speed: one operation for each
    // 4-byte value.
    const sim::Processor processor{.speed = {1 / (4 * gamma_per_byte)}};
    const auto result = test::run_on(
        test::LogGPStar{
            .ranks = ranks, .alpha = alpha, .bandwidth = {1 / beta}, .processor = processor},
        [&](Communicator& comm) {
          entry.run(comm, problem, tests::phantoms(problem, entry.collective, comm.rank()));
        });
    const double expected = entry.cost(problem, problem.machine).time.count();
    const bool agree = std::abs(result.end.count() - expected) <= 1e-9 * expected;
    std::printf("%s %s, %d ranks, %zu bytes: simulated %.12g s, closed form %.12g s%s\n",
                std::string{name_of(entry.collective)}.c_str(), std::string{entry.name}.c_str(),
                ranks, problem.bytes(), result.end.count(), expected, agree ? "" : "  <-- differ");
    ++compared;
    differ += agree ? 0 : 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 4) throw BadInput{"usage: collectives_loggp values|times COLLECTIVE NAME [full]"};
    const Entry& entry = find_entry(collective_named(argv[2]), argv[3]);
    if (std::strcmp(argv[1], "values") == 0) {
      for (int ranks = 1; ranks <= 17; ++ranks)
        check_values(entry, ranks, argc > 4 ? tests::Extent::full : tests::Extent::sample);
      return 0;
    }
    int compared = 0, differ = 0;
    for (int ranks = 1; ranks <= 33; ++ranks) check_times(entry, ranks, compared, differ);
    if (compared == 0)
      std::printf("SKIPPED: %s has no exact closed form\n", std::string{entry.name}.c_str());
    std::printf("%s, alpha %g s, beta %g s/byte, gamma %g s/byte\n",
                std::string{entry.formula}.c_str(), alpha.count(), beta, gamma_per_byte);
    if (differ > 0) throw tests::WrongResult{"the simulated time is not that of the closed form"};
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
