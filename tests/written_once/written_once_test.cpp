// Written once, shown: every strategy of the table, from the same scenario, on threads, in the
// simulated network and on processes of a real MPI; only the backend differs.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "algorithms/strategies.hpp"
#include "catalogue.hpp"
#include "core/errors.hpp"
#include "scenarios/backend_loopback.hpp"
#ifdef TROUPE_HAS_SIMGRID
#include "scenarios/backend_simgrid.hpp"
#endif

namespace troupe::written_once {
namespace {

using nlohmann::json;

/// What became of each case, by its name.
using Ends = std::map<std::string, json>;

Ends on_threads(int ranks) {
  Ends ends;
  for (const Case& one : catalogue(ranks))
    ends[one.name] =
        run(one, [](const auto& scenario) { return scenarios::make_loopback(scenario, {}); });
  return ends;
}

class File {
 public:
  explicit File(const std::string& name)
      : path_{std::filesystem::temp_directory_path() / fmt::format("{}.{}", name, getpid())} {}
  ~File() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }
  json read() const {
    std::ifstream in{path_};
    return json::parse(in);
  }

 private:
  std::filesystem::path path_;
};

#ifdef TROUPE_HAS_SIMGRID
/// A process for each, because a simulated clock does not start again.
Ends simulated(int ranks) {
  Ends ends;
  for (const Case& one : catalogue(ranks)) {
    const File file{"written_once_sim"};
    const pid_t child = fork();
    if (child == 0) {
      try {
        const json end =
            run(one, [](const auto& scenario) { return scenarios::make_simgrid(scenario, {}); });
        std::ofstream{file.path()} << end;
        _exit(0);
      } catch (const std::exception& error) {
        fmt::print(stderr, "{}: {}\n", one.name, error.what());
        _exit(1);
      }
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << one.name;
    if (status == 0) ends[one.name] = file.read();
  }
  return ends;
}
#endif

#ifdef TROUPE_CATALOGUE_MPI
Ends on_processes(int ranks) {
  const File file{"written_once_mpi"};
  const int status = std::system(
      fmt::format("{} -n {} {} {} {}", MPIEXEC, ranks, TROUPE_CATALOGUE_MPI, ranks, file.path())
          .c_str());
  EXPECT_EQ(status, 0);
  return status == 0 ? file.read().get<Ends>() : Ends{};
}
#endif

/// What was sent is known at every point of the curve. (Among processes it is not, where some rank
/// reports nothing: workers of a server.)
bool is_known(const json& sent) {
  return std::ranges::all_of(sent, [](const json& count) { return count.get<double>() >= 0; });
}

/// Two runs of the same strategy on different machines. The same bits, and the same sent at every
/// point of the curve, where the strategy takes the same way everywhere. Otherwise statistical:
/// what one run lowered the loss by, the other did to within a quarter.
void expect_alike(const std::vector<Case>& cases, const Ends& one, const Ends& other) {
  int counted = 0;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ASSERT_TRUE(one.contains(c.name) && other.contains(c.name));
    const json &a = one.at(c.name), &b = other.at(c.name);
    if (c.same_bits) {
      EXPECT_EQ(a["digest"], b["digest"]);
      EXPECT_NE(a["digest"], "");
      EXPECT_EQ(a["last"], b["last"]);
      if (algorithms::find_strategy(c.name).synchronous && is_known(b["sent"])) {
        EXPECT_EQ(a["sent"], b["sent"]);
        ++counted;
      }
    } else {
      const auto lowered = [](const json& end) {
        return end["first"].get<double>() - end["last"].get<double>();
      };
      EXPECT_EQ(a["first"], b["first"]);
      EXPECT_NEAR(lowered(a) / lowered(b), 1, 0.25);
    }
  }
  EXPECT_GT(counted, 20);
}

class WrittenOnce : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Ranks, WrittenOnce, testing::Values(2, 3, 4),
                         [](const auto& ranks) { return fmt::format("Among{}", ranks.param); });

TEST(Catalogue, HasEveryStrategyAmongFourRanks) {
  const auto cases = catalogue(4);
  for (const auto& strategy : algorithms::strategies())
    EXPECT_EQ(named(cases, std::string{strategy.kind.name}).same_bits, true);
}

TEST_P(WrittenOnce, TrainsAlikeOnThreadsAndInTheSimulatedNetwork) {
#ifdef TROUPE_HAS_SIMGRID
  const auto simulation = simulated(GetParam());  // before there are threads: it forks
  expect_alike(catalogue(GetParam()), on_threads(GetParam()), simulation);
#else
  GTEST_SKIP() << "built without SimGrid";
#endif
}

TEST_P(WrittenOnce, TrainsAlikeOnThreadsAndOnProcesses) {
#ifdef TROUPE_CATALOGUE_MPI
  expect_alike(catalogue(GetParam()), on_threads(GetParam()), on_processes(GetParam()));
#else
  GTEST_SKIP() << "built without MPI";
#endif
}

/// The comparison finds a difference: another seed is another way.
TEST(WrittenOnceNegative, SeesOtherParameters) {
  const auto make = [](const auto& scenario) { return scenarios::make_loopback(scenario, {}); };
  Case one = named(catalogue(4), "data_parallel");
  const json first = run(one, make);
  auto scenario = json::parse(one.scenario);
  scenario["seed"] = 4;
  one.scenario = scenario.dump();
  EXPECT_NE(run(one, make)["digest"], first["digest"]);
}

}  // namespace
}  // namespace troupe::written_once
