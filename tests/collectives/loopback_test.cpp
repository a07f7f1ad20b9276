// Every algorithm on ranks that are threads, against the naive result.

#include <gtest/gtest.h>

#include "collectives/exhaustive.hpp"
#include "core/checked.hpp"
#include "core/loopback.hpp"

namespace troupe::tests {
namespace {

using algorithms::Entry;

std::string name_for(const Entry& entry) {
  return std::string{name_of(entry.collective)} + "_" + std::string{entry.name};
}

class EveryAlgorithm : public testing::TestWithParam<Entry> {};
class EveryAlgorithmOnEverything : public testing::TestWithParam<Entry> {};

void check_on(std::initializer_list<int> all_ranks, const Entry& entry, Extent extent) {
  for (int ranks : all_ranks)
    run_loopback(ranks, [&](Communicator& comm) {
      CheckedCommunicator checked{comm};
      check_all(checked, entry, extent);
    });
}

TEST_P(EveryAlgorithm, EqualsTheNaiveResult) {
  check_on({1, 2, 3, 4, 5, 6, 7, 8, 12}, GetParam(), Extent::sample);
}
TEST_P(EveryAlgorithmOnEverything, EqualsTheNaiveResult) {
  check_on({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 31, 32, 33}, GetParam(),
           Extent::full);
}

const auto catalogued =
    testing::ValuesIn(algorithms::catalogue().begin(), algorithms::catalogue().end());
const auto by_name = [](const auto& info) { return name_for(info.param); };
INSTANTIATE_TEST_SUITE_P(Sample, EveryAlgorithm, catalogued, by_name);
INSTANTIATE_TEST_SUITE_P(Exhaustive, EveryAlgorithmOnEverything, catalogued, by_name);

}  // namespace
}  // namespace troupe::tests
