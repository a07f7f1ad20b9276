// Written once, shown: every strategy of the table, from the same scenario, on threads, in both
// simulated networks and on processes of a real MPI; only the backend differs.

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
#include <variant>

#include "algorithms/strategies.hpp"
#include "catalogue.hpp"
#include "core/errors.hpp"
#include "scenarios/backend_loopback.hpp"
#ifdef TROUPE_HAS_SIMGRID
#include "scenarios/backend_loggp.hpp"
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
Ends simulated(int ranks, const MakeBackend& make) {
  Ends ends;
  for (const Case& one : catalogue(ranks)) {
    const File file{"written_once_sim"};
    const pid_t child = fork();
    if (child == 0) {
      try {
        const json end = run(one, make);
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
/// On processors ("mpi"), detached devices ("detached") or GPUs ("cuda"); why not, where there is
/// no GPU.
std::variant<Ends, std::string> on_processes(int ranks, const char* where,
                                             const char* program = TROUPE_CATALOGUE_MPI) {
  const File file{"written_once_mpi"};
  const int status = std::system(
      fmt::format("{} -n {} {} {} {} {}", MPIEXEC, ranks, program, ranks, file.path(), where)
          .c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) return file.read().get<std::string>();
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
  const auto simulation =  // before there are threads: it forks
      simulated(GetParam(),
                [](const auto& scenario) { return scenarios::make_simgrid(scenario, {}); });
  expect_alike(catalogue(GetParam()), on_threads(GetParam()), simulation);
#else
  GTEST_SKIP() << "built without SimGrid";
#endif
}

TEST_P(WrittenOnce, TrainsAlikeOnThreadsAndInTheLogGPNetwork) {
#ifdef TROUPE_HAS_SIMGRID  // which reads the platform
  const auto simulation = simulated(GetParam(), [](const auto& scenario) {
    return scenarios::make_loggp(scenario, {}, scenarios::load_with_simgrid);
  });
  expect_alike(catalogue(GetParam()), on_threads(GetParam()), simulation);
#else
  GTEST_SKIP() << "built without SimGrid";
#endif
}

TEST_P(WrittenOnce, TrainsAlikeOnThreadsAndOnProcesses) {
#ifdef TROUPE_CATALOGUE_MPI
  expect_alike(catalogue(GetParam()), on_threads(GetParam()),
               std::get<Ends>(on_processes(GetParam(), "mpi")));
#else
  GTEST_SKIP() << "built without MPI";
#endif
}

/// Whatever a strategy touches is where it says: the memory of a detached device is not the host's,
/// and holds nothing that has not been written in order.
TEST_P(WrittenOnce, TrainsAlikeOnThreadsAndOnDetachedDevices) {
#ifdef TROUPE_CATALOGUE_MPI
  expect_alike(catalogue(GetParam()), on_threads(GetParam()),
               std::get<Ends>(on_processes(GetParam(), "detached")));
#else
  GTEST_SKIP() << "built without MPI";
#endif
}

/// The same loss where the strategy takes the same way everywhere, to what another order of
/// additions changes; else, where it settles, within a twentieth of what was gained.
TEST_P(WrittenOnce, TrainsAlikeOnThreadsAndOnGpus) {
#ifdef TROUPE_CATALOGUE_CUDA
  const auto outcome = on_processes(GetParam(), "cuda", TROUPE_CATALOGUE_CUDA);
  if (const auto* why = std::get_if<std::string>(&outcome)) GTEST_SKIP() << *why;
  const auto& on_gpus = std::get<Ends>(outcome);
  const auto threads = on_threads(GetParam());
  for (const Case& c : catalogue(GetParam())) {
    SCOPED_TRACE(c.name);
    ASSERT_TRUE(on_gpus.contains(c.name));
    const json &a = threads.at(c.name), &b = on_gpus.at(c.name);
    EXPECT_EQ(a["last"].is_null(), b["last"].is_null());
    if (a["last"].is_null()) continue;
    const double first = a["first"], last = a["last"], gained = first - last;
    EXPECT_NEAR(b["first"].get<double>(), first, 1e-5 * std::abs(first));
    EXPECT_NEAR(b["last"].get<double>(), last,
                c.same_bits ? 1e-5 * std::abs(last) : 0.05 * std::abs(gained));
  }
#else
  GTEST_SKIP() << "built without a CUDA toolkit";
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
