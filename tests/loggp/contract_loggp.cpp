// The contract suite in the LogGP world.

#include "contract/runner.hpp"
#include "tests/loggp/star.hpp"

int main(int argc, char** argv) {
  using namespace troupe;
  return contract::run_cases(
      argc, argv,
      [](const contract::ContractCase& which, const contract::Program& program) -> RunReport {
        const test::LogGPStar star{.ranks = which.ranks,
                                   .processor = {.speed = {1e9}, .memory_bandwidth = {1e10}},
                                   .options = {.eager_limit = which.eager_limit}};
        return {.unmatched = test::run_on(star, program).unmatched};
      },
      /*has_simulated_clock=*/true);
}
