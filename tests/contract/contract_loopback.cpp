#include "contract/runner.hpp"
#include "core/loopback.hpp"

int main(int argc, char** argv) {
  using namespace troupe;
  return contract::run_cases(
      argc, argv,
      [](const contract::ContractCase& which, const contract::Program& program) {
        return run_loopback(which.ranks, program, {.eager_limit = which.eager_limit});
      },
      /*has_simulated_clock=*/false);
}
