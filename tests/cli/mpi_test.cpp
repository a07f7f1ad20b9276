// The same commands under mpirun.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

class Mpi : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
#ifndef TROUPE_MPI_PROGRAM
    GTEST_SKIP() << "built without MPI";
#endif
  }
  static std::string mpirun(int ranks) {
#ifdef TROUPE_MPI_PROGRAM
    return fmt::format("{} -n {} ", MPIEXEC, ranks);
#else
    return fmt::format("mpirun -n {} ", ranks);
#endif
  }
};

TEST_F(Mpi, TroupeBecomesTroupeMpiForACollective) {
  const auto ran = troupe(
      "collective --backend mpi -a ring,central --sizes 64,4K -n 2 -w 1 --json " + file("r.json"),
      mpirun(3));
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("backend mpi"));
  const auto report = json::parse(read(file("r.json")));
  ASSERT_EQ(report["results"].size(), 4u);
  for (const auto& result : report["results"]) {
    EXPECT_EQ(result["wrong"], 0);
    EXPECT_EQ(result["ranks"], 3);
    double shares = 0;
    for (const char* part : {"compute", "communication", "waiting"})
      shares += result["shares"][part].get<double>();
    EXPECT_NEAR(shares, 1, 1e-9) << result;
  }
  EXPECT_EQ(report["ranks"].size(), 3u);
  EXPECT_THAT(report["environment"]["mpi"].get<std::string>(), ContainsRegex("[0-9]\\.[0-9]"))
      << "which MPI it was";
}

TEST_F(Mpi, TakesASimulatedNetworkOnlyWithAPlatformToPredictFor) {
  const std::string command = "collective --backend mpi --network loggp -a ring --sizes 64 -n 2 -q";
  const auto alone = troupe(command, mpirun(2));
  EXPECT_NE(alone.status, 0);
  EXPECT_THAT(alone.err,
              HasSubstr("troupe: --network loggp: it is about the network of a simulation, "
                        "and this is --backend mpi without --platform"));
  const auto ran = troupe(
      command + " --ranks 2 --platform " TROUPE_SOURCE_DIR "/platforms/dgx_h100_2.json --json " +
          file("r.json"),
      mpirun(2));
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_TRUE(json::parse(read(file("r.json")))["results"][0].contains("model_s"));
}

TEST_F(Mpi, MeasuresItsOwnCollectivesBesideOurs) {
  for (const char* what :
       {"-a ring,mpi --redop avg --in-place", "-a ring,mpi --payload phantom --timing back-to-back",
        "--op all_to_all_v -a all,mpi --dtype half",
        "--op reduce -a binomial,mpi --root 2 -d int64"}) {
    const auto ran =
        troupe(fmt::format("collective --backend mpi --sizes 40 -n 2 -w 1 {} --json {}", what,
                           file("r.json")),
               mpirun(3));
    ASSERT_EQ(ran.status, 0) << what << '\n' << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("mpi")) << what;
    const auto report = json::parse(read(file("r.json")));
    ASSERT_GE(report["results"].size(), 2u) << what;
    for (const auto& result : report["results"]) {
      const bool own = result["algorithm"] == "mpi";
      EXPECT_EQ(own, &result == &report["results"].back()) << what;
      EXPECT_EQ(result["messages"].is_null(), own) << what;
      EXPECT_EQ(result["shares"].is_null(), own) << what;
      EXPECT_GT(result["time_s"], 0) << what;
      if (report["environment"]["payload"] == "real") {
        EXPECT_EQ(result["wrong"], 0) << what;
      }
    }
  }
}

TEST_F(Mpi, LeavesOneTraceOfAllRanks) {
  const auto ran = troupe(
      "collective --backend mpi -a ring,mpi --sizes 4K -n 2 -w 0 -q --trace " + file("t.json"),
      mpirun(3));
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto trace = json::parse(read(file("t.json")));
  EXPECT_EQ(trace["otherData"]["ranks"], 3);
  std::map<std::string, int> kinds;
  for (const auto& event : trace["traceEvents"]) ++kinds[event["ph"]];
  EXPECT_GE(kinds["s"], 2 * 3 * 4);  // two rings of 4 messages a rank, and what aligns them
  EXPECT_EQ(kinds["s"], kinds["f"]);
}

TEST_F(Mpi, TrainsAsThreadsDo) {
  const auto scenario = write("s.json", R"({"troupe": 1, "ranks": 3, "training": {
      "strategy": "data_parallel", "stop": {"steps": 30}, "data": {"samples": 300}}})");
  const auto real =
      troupe("run " + scenario + " --backend mpi -q --json " + file("mpi.json"), mpirun(3));
  ASSERT_EQ(real.status, 0) << real.err;
  const auto threads =
      troupe("run " + scenario + " --backend loopback -q --json " + file("l.json"));
  ASSERT_EQ(threads.status, 0) << threads.err;
  const auto a = json::parse(read(file("mpi.json")))["training"];
  const auto b = json::parse(read(file("l.json")))["training"];
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i]["loss"], b[i]["loss"]) << i;
}

/// Workers of a server report nothing, and count what they send by the clock.
TEST_F(Mpi, SaysWhatWorkersHadSentAtEveryPointOfACurve) {
  const auto scenario = write("s.json", R"({"troupe": 1, "training": {
      "strategy": "parameter_server", "order": "cyclic", "batch": 8, "evaluate_every": 10,
      "data": {"samples": 300}, "stop": {"steps": 20}}})");
  const auto ran =
      troupe("run " + scenario + " --backend mpi -q --json " + file("r.json"), mpirun(3));
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto report = json::parse(read(file("r.json")));
  const int workers = 2;
  double before = 0;
  ASSERT_EQ(report["training"].size(), 5u);
  for (const auto& point : report["training"]) {
    const int step = point["step"];  // pushes that have come; the last one's answer has not left
    const int answers = step == 0 ? 0 : workers + step - 1;
    const double messages = point["messages"];
    EXPECT_GE(messages, answers + std::max(0, step - workers)) << point;
    EXPECT_LE(messages, answers + step + workers) << point;
    EXPECT_EQ(point["sent_bytes"], 160 * std::min(messages, 80.0)) << point;  // two are empty
    EXPECT_GE(messages, before);
    before = messages;
  }
}

#ifdef TROUPE_HAS_SIMGRID
/// The figures of a training run that do not depend on the clock. What workers of a server have
/// sent when it reports does.
json figures_of(const json& report) {
  json figures = json::array();
  for (json line : report["training"]) {
    line.erase("time_s");
    line.erase("evaluating_s");
    if (report["scenario"]["training"]["strategy"] == "parameter_server") {
      line.erase("messages");
      line.erase("sent_bytes");
    }
    figures.push_back(line);
  }
  return figures;
}

/// What the ranks sent, received and computed.
json work_of(const json& report) {
  json work = json::array();
  for (const json& rank : report["ranks"])
    for (const char* key :
         {"messages", "bytes", "received_messages", "received_bytes", "kernels", "flops"})
      work.push_back(rank[key]);
  return work;
}

TEST_F(Mpi, GivesTheSameBitsAsThreadsAndTheSimulator) {
  const std::string scenarios = std::string{TROUPE_SOURCE_DIR} + "/scenarios/";
  for (const char* name : {"allreduce/ring", "butterfly/mixing", "zero_gradient_sum/ring",
                           "parameter_server/in_turn"}) {
    const std::string run = "run " + scenarios + name +
                            ".json --set /platform/ranks=4 --set /training/stop/steps=20 --json ";
    ASSERT_EQ(troupe(run + file("real.json") + " --backend mpi", mpirun(4)).status, 0) << name;
    ASSERT_EQ(troupe(run + file("threads.json") + " --backend loopback").status, 0) << name;
    const auto real = figures_of(json::parse(read(file("real.json"))));
    EXPECT_FALSE(real.empty()) << name;
    EXPECT_EQ(real, figures_of(json::parse(read(file("threads.json"))))) << name;
    const auto digest = json::parse(read(file("real.json")))["parameters_digest"];
    EXPECT_EQ(digest, json::parse(read(file("threads.json")))["parameters_digest"]) << name;
    const auto work = work_of(json::parse(read(file("real.json"))));
    EXPECT_EQ(work.size(), 4u * 6) << name;
    EXPECT_EQ(work, work_of(json::parse(read(file("threads.json"))))) << name;
#ifdef TROUPE_HAS_SIMGRID
    ASSERT_EQ(troupe(run + file("simulated.json") + " --backend sim").status, 0) << name;
    EXPECT_EQ(real, figures_of(json::parse(read(file("simulated.json"))))) << name;
    EXPECT_EQ(work, work_of(json::parse(read(file("simulated.json"))))) << name;
#endif
  }
}

TEST_F(Mpi, TakesTheFiguresOfAPlatformForAuto) {
  const auto ran =
      troupe("collective --backend mpi --platform star_16 -a auto --sizes 8,1M -n 1 -w 0 --json " +
                 file("r.json"),
             mpirun(4));
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto report = json::parse(read(file("r.json")));
  EXPECT_TRUE(report["results"][0]["model_s"].is_number());
  EXPECT_TRUE(report["results"][0]["bound_s"].is_null());
}
#endif

TEST_F(Mpi, SaysOnceWhatAllRanksFind) {
  const auto ran = troupe("collective --backend mpi -a nosuch", mpirun(3));
  EXPECT_EQ(ran.status, 2);
  const std::string words = "unknown allreduce algorithm \"nosuch\"";
  const auto first = ran.err.find(words);
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(ran.err.find(words, first + 1), std::string::npos);
}

TEST_F(Mpi, RefusesAnotherNumberOfRanks) {
  const auto ran = troupe("collective --backend mpi --ranks 5 -a ring", mpirun(2));
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("the scenario wants 5 ranks, the launcher started 2"));
}

TEST_F(Mpi, SaysWhenAnotherLauncherHasStartedRanksThatDoNotFindEachOther) {
  // As torchrun would, or the mpirun of another MPI: the process is alone in its own.
  const auto ran =
      troupe("collective --backend mpi -a ring --sizes 64", "env RANK=0 WORLD_SIZE=2 ");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err,
              StartsWith("troupe: torchrun started 2 processes, but each is alone in the MPI "
                         "that this program was built with ("));
  EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
  const auto second =
      troupe("collective --backend mpi -a ring --sizes 64", "env RANK=1 WORLD_SIZE=2 ");
  EXPECT_EQ(second.status, 2);
  EXPECT_EQ(second.err, "") << "the first one says it";
}

TEST_F(Mpi, LeavesNoFileWhenItFails) {
  const auto ran = troupe("collective --backend mpi -a ring --json /proc/none/x.json", mpirun(2));
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("cannot write /proc/none/x.json"));
}

/// scenarios/validate_gpu_nodes on processors.
TEST_F(Mpi, GpuNodesAreValidatedByOneCommandFromCalibrationToTablesOfErrors) {
  const auto validate = [&](const std::string& environment) {
    return shell(fmt::format("{} sh {}/scenarios/validate_gpu_nodes/validate.sh {}", environment,
                             TROUPE_SOURCE_DIR, file("out")));
  };
  const auto here = fmt::format("TROUPE={} LAUNCHER='{}' ", TROUPE_PROGRAM,
                                mpirun(2).substr(0, mpirun(2).size() - 3));
  const auto refused = [&](const std::string& environment) {
    const auto run = validate(environment);
    EXPECT_EQ(run.status, 2) << environment;
    EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << run.err;
    EXPECT_TRUE(files().empty());
    return run.err;
  };
  EXPECT_THAT(refused("BACKEND=gpu"), HasSubstr("expected cuda or mpi"));
  EXPECT_THAT(refused("RUNS=some"), HasSubstr("RUNS=some: expected how many real runs"));
  EXPECT_THAT(refused("TROUPE=/nowhere/troupe"), HasSubstr("no program /nowhere/troupe"));
  if (troupe("doctor --backend cuda").status != 0) {
    EXPECT_THAT(refused(here), HasSubstr("--backend cuda cannot run here: "));
  }
  Ran ran;
  for (int attempt = 0; attempt < 3; ++attempt) {  // a busy machine may hide the bandwidth
    ran = validate(here + "BACKEND=mpi RANKS=2 QUICK=1 RUNS=2");
    if (ran.err.find("longer messages take no longer") == std::string::npos) break;
  }
  ASSERT_EQ(ran.status, 0) << ran.err;
  for (const char* part : {"allreduce", "broadcast", "training"}) {
    const auto errors = json::parse(read(file(fmt::format("out/{}.errors.json", part))));
    EXPECT_FALSE(errors["points"].empty()) << part;
    EXPECT_THAT(errors["real"], HasSubstr(part + std::string{".real.2.json"}));
    EXPECT_THAT(ran.out, HasSubstr(read(file(fmt::format("out/{}.errors.txt", part)))));
  }
  EXPECT_EQ(json::parse(read(file("out/cluster.json")))["node"]["measured_device"], "device.json");
}

}  // namespace
}  // namespace troupe::cli_test
