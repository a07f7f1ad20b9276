// Written once, shown: every strategy of the table, from the same scenario file, through the
// command: on threads, in both simulated networks and on processes of a real MPI; only --backend
// differs.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "algorithms/strategies.hpp"
#include "catalogue.hpp"
#include "scenarios/backend_loopback.hpp"
#include "tests/cli/shell.hpp"

namespace troupe::written_once {
namespace {

using nlohmann::json;

struct Cast {
  Case one;
  int ranks;
};

void PrintTo(const Cast& cast, std::ostream* out) {
  *out << cast.one.name << " among " << cast.ranks;
}

std::string name_of(const testing::TestParamInfo<Cast>& cast) {
  std::string name = fmt::format("{}_among_{}", cast.param.one.name, cast.param.ranks);
  std::ranges::replace(name, ' ', '_');
  return name;
}

std::vector<Cast> every_case() {
  std::vector<Cast> all;
  for (const int ranks : {2, 3, 4})
    for (Case& one : catalogue(ranks)) all.push_back({std::move(one), ranks});
  return all;
}

/// Each case once, among 2, 3 and 4 ranks in turn; among 4 where it cannot serve the others.
std::vector<Cast> each_case_once() {
  std::map<int, std::vector<Case>> served;
  for (const int ranks : {2, 3, 4}) served[ranks] = catalogue(ranks);
  std::vector<Cast> all;
  for (const Case& one : served[4]) {
    int ranks = 2 + static_cast<int>(all.size()) % 3;
    if (std::ranges::find(served[ranks], one.name, &Case::name) == served[ranks].end()) ranks = 4;
    all.push_back({named(served[ranks], one.name), ranks});
  }
  return all;
}

/// What was sent is known at every point, and grows.
void expect_sent_at_every_point(const json& curve) {
  for (const char* sent : {"messages", "sent_bytes"}) {
    double before = 0;
    for (const json& point : curve) {
      ASSERT_TRUE(point.contains(sent)) << sent << point;
      EXPECT_GE(point[sent].get<double>(), before) << sent << point;
      before = point[sent].get<double>();
    }
  }
}

/// Null where nobody had all parameters to judge.
json loss_at(const json& point) { return point.contains("loss") ? point["loss"] : json(); }

class WrittenOnce : public cli_test::CliTest, public testing::WithParamInterface<Cast> {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    scenario_ = write("scenario.json", GetParam().one.scenario);
  }

  /// The report of the same file on another backend.
  json report_of(const std::string& backend) const {
#ifdef TROUPE_MPI_PROGRAM
    const std::string launcher =
        backend == "mpi" ? fmt::format("{} -n {} ", MPIEXEC, GetParam().ranks) : "";
#else
    const std::string launcher;
#endif
    const auto ran = cli_test::troupe(
        fmt::format("run {} --backend {} -q --json {}", scenario_, backend, file("report.json")),
        launcher);
    EXPECT_EQ(ran.status, 0) << backend << ": " << ran.err;
    return ran.status == 0 ? json::parse(read(file("report.json"))) : json();
  }

  /// The same bits, and the same sent at every point of the curve, where the strategy takes the
  /// same way everywhere (workers of a server report nothing; what they sent by then, a clock
  /// tells, and where they are processes, one of their own). Otherwise statistical: what one run
  /// lowered the loss by, the other did to within a quarter.
  void expect_alike(const json& a, const json& b) const {
    ASSERT_FALSE(a.is_null() || b.is_null());
    const auto &first = a["training"], &second = b["training"];
    expect_sent_at_every_point(second);
    if (!GetParam().one.same_bits) {
      const auto lowered = [](const json& curve) {
        return curve.front()["loss"].get<double>() - curve.back()["loss"].get<double>();
      };
      EXPECT_EQ(first.front()["loss"], second.front()["loss"]);
      EXPECT_NEAR(lowered(first) / lowered(second), 1, 0.25);
      return;
    }
    EXPECT_EQ(a["parameters_digest"], b["parameters_digest"]);
    EXPECT_NE(a["parameters_digest"], "");
    ASSERT_EQ(first.size(), second.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(loss_at(first[i]), loss_at(second[i])) << i;
      if (!algorithms::find_strategy(GetParam().one.name).synchronous) continue;
      if (b["environment"]["backend"] == "mpi" && has_silent_workers()) continue;
      for (const char* sent : {"messages", "sent_bytes"})
        EXPECT_EQ(first[i][sent], second[i][sent]) << sent << i;
    }
  }

 private:
  bool has_silent_workers() const {
    return GetParam().one.name == "fedavg" || GetParam().one.name == "subnet_training";
  }
  std::string scenario_;
};

TEST_P(WrittenOnce, TrainsAlikeOnEveryBackend) {
  const json threads = report_of("loopback");
#ifdef TROUPE_HAS_SIMGRID
  for (const char* network : {"simgrid", "loggp"}) {
    SCOPED_TRACE(network);
    expect_alike(threads, report_of(fmt::format("sim --network {}", network)));
  }
#endif
#ifdef TROUPE_MPI_PROGRAM
  SCOPED_TRACE("mpi");
  expect_alike(threads, report_of("mpi"));
#endif
}

INSTANTIATE_TEST_SUITE_P(EachOnce, WrittenOnce, testing::ValuesIn(each_case_once()), name_of);
INSTANTIATE_TEST_SUITE_P(Exhaustive, WrittenOnce, testing::ValuesIn(every_case()), name_of);

TEST(Catalogue, HasEveryStrategyAmongFourRanks) {
  const auto cases = catalogue(4);
  for (const auto& strategy : algorithms::strategies())
    EXPECT_EQ(named(cases, std::string{strategy.kind.name}).same_bits, true);
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
