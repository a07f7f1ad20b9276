// troupe compare with rows, and what other tools read: TensorBoard's files, the tables of OSU.

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class CompareRows : public CliTest {
 protected:
  /// Two reports of two algorithms at two sizes, on threads: only counts and names are stable.
  void SetUp() override {
    CliTest::SetUp();
    for (const auto& [name, ranks] : {std::pair{"a", 2}, std::pair{"b", 3}})
      ASSERT_EQ(troupe(fmt::format("collective --backend loopback --ranks {} -a ring,binomial "
                                   "--sizes 1K,4K -n 1 -w 0 -q --json {}",
                                   ranks, report(name)))
                    .status,
                0);
  }
  std::string report(const std::string& name) const { return file(name + ".json"); }
  Ran compare(const std::string& options) const {
    return troupe(fmt::format("compare {} {} {}", report("a"), report("b"), options));
  }
};

TEST_F(CompareRows, ShowsARowForEachRunAlgorithmAndSize) {
  const auto ran = compare("--format json --by algorithm");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto rows = json::parse(ran.out);
  ASSERT_EQ(rows.size(), 8u);
  EXPECT_EQ(rows[0]["algorithm"], "ring");
  EXPECT_EQ(rows[4]["algorithm"], "binomial");
  EXPECT_EQ(rows[2]["messages"], 12);  // 2 (n - 1) n of 3 ranks
  EXPECT_EQ(rows[0]["time_ratio"], 1.0);
  EXPECT_THAT(compare("--format markdown --by size").out, testing::StartsWith("| bytes | run |"));
  EXPECT_THAT(compare("--format csv").out, testing::StartsWith("run,"));
  EXPECT_THAT(compare("--format rows").out, HasSubstr("# the same everywhere: op allreduce"));
  EXPECT_THAT(compare("").out, HasSubstr("[2]/[1]"));
  const auto alone = troupe("compare " + report("a") + " --baseline binomial --format csv");
  EXPECT_EQ(alone.status, 0) << alone.err;
}

TEST_F(CompareRows, FailsWhereAConditionHolds) {
  const auto ran = compare("-q --fail-if 'messages > 2*baseline'");
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("--fail-if messages > 2*baseline holds for 2 of 8 rows; "));
  EXPECT_THAT(ran.err, HasSubstr("b.json ring 1 KiB: messages 12, baseline 4"));
  EXPECT_EQ(compare("-q --fail-if 'messages > 3*baseline'").status, 0);
}

TEST_F(CompareRows, RefusesWhatItCannotRead) {
  const auto refused = [&](const std::string& options, const std::string& expected) {
    const auto ran = compare(options);
    EXPECT_EQ(ran.status, 2) << options;
    EXPECT_THAT(ran.err, HasSubstr(expected));
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
  };
  refused("--fail-if 'time >'", "position 7: the end is here; expected a number");
  refused("--fail-if 'tme > 1'", "did you mean \"time\"?");
  refused("--by algoritm", "did you mean \"algorithm\"?");
  refused("--baseline c.json", "neither a report nor an algorithm");
  refused("--format markdow", "did you mean \"markdown\"?");
}

TEST_F(CompareRows, RunWritesCurvesForTensorBoard) {
  const auto scenario =
      write("s.json", R"({"troupe": 1, "ranks": 2, "training": {"strategy": "data_parallel",
    "stop": {"steps": 20}, "evaluate_every": 10, "data": {"samples": 100}}})");
  const auto ran = troupe(fmt::format("run {} --backend loopback -q --tensorboard {} --json {}",
                                      scenario, file("events"), file("r.json")));
  ASSERT_EQ(ran.status, 0) << ran.err;
  if (shell("command -v python3").status != 0) GTEST_SKIP() << "python3 is not installed";
  const auto read_back =
      shell(fmt::format("python3 {}/tests/cli/read_events.py {}/events.out.tfevents*",
                        TROUPE_SOURCE_DIR, file("events")));
  ASSERT_EQ(read_back.status, 0) << read_back.err;
  std::istringstream lines{read_back.out};
  std::size_t found = 0;
  const auto report_json = json::parse(read(file("r.json")));
  for (const auto& point : report_json["training"])
    for (const auto& [name, value] : point.items()) {
      if (name == "step" || name == "time_s" || name == "evaluating_s") continue;
      std::string tag;
      std::int64_t step = 0;
      double time = 0, scalar = 0;
      ASSERT_TRUE(lines >> tag >> step >> time >> scalar);
      ++found;
    }
  EXPECT_GE(found, 9u);
  std::string more;
  EXPECT_FALSE(lines >> more) << more;
  std::istringstream again{read_back.out};
  const auto& first = report_json["training"][0];
  for (std::string tag, step, time, scalar; again >> tag >> step >> time >> scalar && step == "0";)
    EXPECT_NEAR(std::stod(scalar), first[tag].get<double>(), 1e-6 * std::abs(std::stod(scalar)))
        << tag;
  EXPECT_EQ(troupe("run " + scenario + " --backend loopback -q --tensorboard " + scenario).status,
            2);
}

TEST_F(CompareRows, CollectivePrintsTheTableOfOsu) {
  const auto ran =
      troupe("collective --backend loopback --ranks 2 -a ring --sizes 1K --format osu");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out,
              testing::StartsWith("# algorithm: ring\n\n# OSU MPI Allreduce Latency Test v7.0\n"
                                  "# Size       Avg Latency(us)\n1024   "));
}

#ifdef TROUPE_HAS_SIMGRID
class CompareRowsIn : public CompareRows, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(EveryNetwork, CompareRowsIn, ::testing::Values("simgrid", "loggp"),
                         [](const auto& network) { return std::string{network.param}; });

TEST_P(CompareRowsIn, KnowsOfEachResultWhatItWouldKnowOfItAlone) {
  const auto rows_of = [&](const std::string& algorithms) {
    EXPECT_EQ(troupe("collective --platform torus_8x8 --ranks 16 --sizes 1K,64K -q --network " +
                     std::string{GetParam()} + " --json " + report("sim") + " -a " + algorithms)
                  .status,
              0);
    const auto ran = troupe("compare --format json " + report("sim"));
    EXPECT_EQ(ran.status, 0) << ran.err;
    return json::parse(ran.out);
  };
  const auto all = rows_of("ring,torus,direct"), ring = rows_of("ring"), direct = rows_of("direct");
  ASSERT_EQ(all.size(), 6u);
  for (const auto& row : all) {
    const auto compute = row["compute_share"].get<double>();
    EXPECT_NEAR(
        compute + row["communication_share"].get<double>() + row["waiting_share"].get<double>(), 1,
        1e-9);
    // all ranks reduce as much as the closed form says of one
    if (row["algorithm"] != "torus") {
      EXPECT_NEAR(compute, row["reduction_share"].get<double>(), 1e-9);
    }
    for (const auto* alone : {&ring, &direct})
      for (const auto& other : *alone) {
        if (other["algorithm"] != row["algorithm"] || other["bytes"] != row["bytes"]) continue;
        for (const char* share : {"compute_share", "communication_share", "hottest_link_share"})
          EXPECT_NEAR(row[share].get<double>(), other[share].get<double>(), 1e-6) << row;
      }
  }
}

TEST_F(CompareRows, AgreeOnWhatRanksAndLinksDidWhereRoutesDoNotMeet) {
  const auto rows_in = [&](const std::string& network) {
    EXPECT_EQ(troupe("collective --platform star_16 --cfg network/crosstraffic:0 --sizes 1M -q "
                     "-a ring,halving_doubling --network " +
                     network + " --json " + report("sim"))
                  .status,
              0);
    const auto ran = troupe("compare --format json " + report("sim"));
    EXPECT_EQ(ran.status, 0) << ran.err;
    return json::parse(ran.out);
  };
  const auto flows = rows_in("simgrid"), ports = rows_in("loggp");
  ASSERT_EQ(flows.size(), 2u);
  ASSERT_EQ(ports.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i)
    for (const char* share : {"compute_share", "communication_share", "waiting_share"})
      EXPECT_NEAR(flows[i][share].get<double>(), ports[i][share].get<double>(), 1e-6)
          << share << '\n'
          << flows[i] << '\n'
          << ports[i];
}

class Autotune : public CliTest {};

TEST_F(Autotune, WritesTheScenarioWithTheFastestBucketsAndAllreduce) {
  const auto scenario = write("s.json", R"({"troupe": 1, "name": "buckets", "payload": "phantom",
    "platform": {"file": "star_16", "ranks": 4},
    "training": {"strategy": "data_parallel", "collective": "central", "batch": 8,
      "bucket_bytes": 1024, "model": {"kind": "mlp", "layers": [784, 64, 10]},
      "data": {"kind": "digits", "samples": 100}, "stop": {"steps": 2}}})");
  const auto ran =
      troupe(fmt::format("autotune {} --buckets 1K,1M --algorithms ring,central "
                         "--first-buckets 64K --out {}",
                         scenario, file("tuned.json")));
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("as it stands"));
  const auto tuned = json::parse(read(file("tuned.json")));
  EXPECT_EQ(tuned["training"]["collective"], "ring");
  EXPECT_EQ(tuned["name"], "buckets");
  const auto seconds = [](const std::string& arguments) {
    const auto run = troupe("run " + arguments + " --platform star_16 --ranks 4 -q --json -");
    EXPECT_EQ(run.status, 0) << run.err;
    return json::parse(run.out)["totals"]["time_s"].get<double>();
  };
  const double best = seconds(file("tuned.json"));
  EXPECT_LT(best, seconds(scenario));
  for (const char* algorithm : {"ring", "central"})
    for (const int bucket : {1 << 10, 1 << 20})
      EXPECT_LE(best, seconds(fmt::format("{} --set /training/collective={} --set "
                                          "/training/bucket_bytes={} --set "
                                          "/training/first_bucket_bytes=65536",
                                          scenario, algorithm, bucket)));
  EXPECT_EQ(troupe("autotune " + write("c.json", R"({"troupe": 1, "collective": {}})")).status, 2);
}

TEST_F(Autotune, TunesWhatHorovodFusesAndWhen) {
  const auto scenario = write("s.json", R"({"troupe": 1, "payload": "phantom",
    "platform": {"file": "star_16", "ranks": 4}, "compute": {"model": "none"},
    "training": {"strategy": "horovod", "batch": 8, "model": {"kind": "mlp", "layers": [784, 64, 64, 10]},
      "data": {"kind": "digits", "samples": 100}, "stop": {"steps": 2}}})");
  const auto ran = troupe(fmt::format(
      "autotune {} --fusion-thresholds 0,1M --cycle-times 10us,2ms --algorithms ring --out {}",
      scenario, file("tuned.json")));
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("fusion_threshold_bytes"));
  const auto seconds = [](const std::string& arguments) {
    const auto run = troupe("run " + arguments + " --platform star_16 --ranks 4 -q --json -");
    EXPECT_EQ(run.status, 0) << run.err;
    return json::parse(run.out)["totals"]["time_s"].get<double>();
  };
  const double best = seconds(file("tuned.json"));
  std::set<double> times;
  for (const char* threshold : {"0", "1048576"})
    for (const char* cycle : {"1e-5", "2e-3"})
      times.insert(seconds(
          fmt::format("{} --set /training/fusion_threshold={} --set /training/cycle_time={}",
                      scenario, threshold, cycle)));
  EXPECT_EQ(times.size(), 4u);  // both matter
  EXPECT_EQ(best, *times.begin());
}

TEST_F(Autotune, SaysWhichStrategyAnOptionIsOf) {
  const auto of = [&](const std::string& strategy, const std::string& option) {
    const auto ran = troupe("autotune " +
                            write("s.json", R"({"troupe": 1, "platform": {"file": "star_16"},
                                                "training": {"strategy": ")" +
                                                strategy + "\"}}") +
                            option);
    EXPECT_EQ(ran.status, 2);
    return ran.err;
  };
  EXPECT_EQ(of("data_parallel", " --cycle-times 1ms"),
            "troupe: --cycle-times is of the strategy horovod; \"data_parallel\" stands in the "
            "scenario\n");
  EXPECT_EQ(of("horovod", " --buckets 1M"),
            "troupe: --buckets is of the strategy data_parallel; \"horovod\" stands in the "
            "scenario\n");
  EXPECT_THAT(of("horovod", " --cycle-times 1x"), HasSubstr("the unknown unit \"x\""));
  EXPECT_THAT(of("downpour", ""), HasSubstr("data_parallel and horovod; \"downpour\" stands"));
}
#endif

}  // namespace
}  // namespace troupe::cli_test
