// The two simulated worlds beside each other, on the star: every collective sends and computes the
// same, and takes the same time where no link carries two messages at once. Where messages meet,
// one world serves them in their order and the other lets them share; what ends together is then
// within 2 %.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "algorithms/catalogue.hpp"
#include "tests/collectives/phantoms.hpp"
#include "tests/loggp/star.hpp"
#include "tests/simgrid/another_process.hpp"
#include "tests/simgrid/star.hpp"

namespace troupe {
namespace {

using algorithms::Entry;
using algorithms::Problem;

constexpr Seconds alpha{2e-6};
constexpr double beta = 8e-10;
const sim::Processor processor{.speed = {1e9}, .memory_bandwidth = {1e10}};

/// The end, the most messages at once on a link, and what each rank sent and computed.
std::vector<double> figures_of(const sim::SimulationResult& result) {
  std::vector<double> figures{result.end.count(), 0};
  for (const auto& link : result.links)
    figures[1] = std::max(figures[1], static_cast<double>(link.most_flows));
  for (const auto& rank : result.ranks)
    for (const auto number : {rank.messages_sent, rank.bytes_sent.value, rank.messages_received,
                              rank.bytes_received.value, rank.kernels})
      figures.push_back(static_cast<double>(number));
  return figures;
}

class Agreement : public testing::TestWithParam<std::size_t> {};

TEST_P(Agreement, OfBothWorldsOnOneCollective) {
  const Entry& entry = algorithms::catalogue()[GetParam()];
  int compared = 0;
  for (const int ranks : {4, 5, 8})
    for (const std::size_t count : {7, 80'640}) {
      Problem problem{.ranks = ranks, .count = count * static_cast<std::size_t>(ranks)};
      problem.machine = {alpha, beta, 1e-10};
      if (entry.collective == algorithms::Collective::all_to_all_v)
        for (int from = 0; from < ranks; ++from)
          for (int to = 0; to < ranks; ++to)
            problem.counts.push_back(static_cast<std::size_t>((from + 2 * to) % 3) * count);
      if (!entry.refusal(problem).empty()) continue;
      const auto program = [&](Communicator& comm) {
        entry.run(comm, problem, tests::phantoms(problem, entry.collective, comm.rank()));
      };
      auto flows = test::in_another_process([&] {
        return figures_of(test::run_on(
            test::Star{
                .ranks = ranks, .alpha = alpha, .bandwidth = {1 / beta}, .processor = processor},
            program));
      });
      auto ports = figures_of(test::run_on(
          test::LogGPStar{
              .ranks = ranks, .alpha = alpha, .bandwidth = {1 / beta}, .processor = processor},
          program));
      ASSERT_EQ(flows.size(), ports.size());
      const bool meet = flows[1] > 1;
      std::printf("%s %s, %d ranks, %zu bytes: %.9g s by flows, %.9g s by ports%s\n",
                  std::string{name_of(entry.collective)}.c_str(), std::string{entry.name}.c_str(),
                  ranks, problem.bytes(), flows[0], ports[0], meet ? " (messages meet)" : "");
      EXPECT_NEAR(ports[0], flows[0], flows[0] * (meet ? 0.02 : 1e-6));
      flows.erase(flows.begin(), flows.begin() + 2);
      ports.erase(ports.begin(), ports.begin() + 2);
      EXPECT_EQ(ports, flows);
      ++compared;
    }
  EXPECT_GT(compared, 0);
}

INSTANTIATE_TEST_SUITE_P(Catalogue, Agreement,
                         testing::Range<std::size_t>(0, algorithms::catalogue().size()),
                         [](const auto& number) {
                           const Entry& entry = algorithms::catalogue()[number.param];
                           return std::string{name_of(entry.collective)} + "_" +
                                  std::string{entry.name};
                         });

}  // namespace
}  // namespace troupe
