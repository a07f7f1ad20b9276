#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Commands : public CliTest {
 protected:
  std::string scenario() const {
    return write("s.json", R"({"troupe": 1, "name": "short", "ranks": 3,
      "training": {"strategy": "data_parallel", "stop": {"steps": 20}, "data": {"samples": 300}}})");
  }
};

TEST_F(Commands, AllExplainThemselves) {
  const auto overview = troupe("help");
  EXPECT_EQ(overview.status, 0);
  for (const char* command :
       {"collective", "run", "compare", "platform", "algorithms", "tune", "doctor"}) {
    EXPECT_THAT(overview.out, HasSubstr(command));
#ifndef TROUPE_HAS_SIMGRID
    if (std::string{command} == "platform") continue;
#endif
    const auto help = troupe(std::string{command} + " --help");
    EXPECT_EQ(help.status, 0) << command;
    EXPECT_THAT(help.out, testing::StartsWith(fmt::format("Usage: troupe {}", command)));
    EXPECT_EQ(troupe(std::string{"help "} + command).out, help.out);
  }
  EXPECT_EQ(troupe("").status, 2);
}

TEST_F(Commands, VersionNamesEveryLibrary) {
  const auto ran = troupe("--version");
  EXPECT_EQ(ran.status, 0);
  for (const char* library : {"troupe ", "Boost ", "nlohmann/json ", "fmt ", "Eigen ", "compiler "})
    EXPECT_THAT(ran.out, HasSubstr(library));
}

TEST_F(Commands, RunGivesACurveAndAReport) {
  const auto ran = troupe("run " + scenario() + " --backend loopback --json " + file("r.json"));
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("# short"));
  EXPECT_GE(json::parse(read(file("r.json")))["training"].size(), 2u);
}

TEST_F(Commands, RunPrintsTheResolvedScenario) {
  const auto ran = troupe("run " + scenario() + " --backend loopback --set /seed=5 --resolve");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto resolved = json::parse(ran.out);
  EXPECT_EQ(resolved["seed"], 5);
  EXPECT_EQ(resolved["training"]["collective"], "ring");
  EXPECT_EQ(resolved["machine"]["ranks"], 3);
}

TEST_F(Commands, CompareShowsRunsSideBySide) {
  const auto run = [&](const char* setting, const std::string& to) {
    EXPECT_EQ(troupe(fmt::format("run {} --backend loopback -q --set {} --json {}", scenario(),
                                 setting, file(to)))
                  .status,
              0);
  };
  run("/training/stop/steps=20", "a.json");
  run("/training/stop/steps=40", "b.json");
  const auto ran = troupe(fmt::format("compare {} {}", file("a.json"), file("b.json")));
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("best loss"));
  EXPECT_THAT(ran.out, HasSubstr("sent_bytes"));
}

TEST_F(Commands, CompareRefusesToMixTimingModes) {
  const auto run = [&](const char* timing) {
    EXPECT_EQ(
        troupe(fmt::format("collective --backend loopback -a ring --sizes 8 -n 2 -q --timing {} "
                           "--json {}",
                           timing, file(std::string{timing} + ".json")))
            .status,
        0);
  };
  run("isolated");
  run("back-to-back");
  const auto ran =
      troupe(fmt::format("compare {} {}", file("isolated.json"), file("back-to-back.json")));
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("not comparable"));
}

TEST_F(Commands, CompareKnowsAThreshold) {
  troupe("collective --backend loopback -a ring --sizes 8 -q --json " + file("a.json"));
  EXPECT_EQ(troupe(fmt::format("compare {0} {0} --max-ratio 1.01", file("a.json"))).status, 0);
  EXPECT_EQ(troupe(fmt::format("compare {0} {0} --max-ratio 0.5", file("a.json"))).status, 3);
}

TEST_F(Commands, CompareTellsTimeToTarget) {
  const std::string run = "run " + scenario() + " --backend loopback -q --json ";
  ASSERT_EQ(troupe(run + file("a.json") + " --set /training/optimiser/rate=1").status, 0);
  ASSERT_EQ(troupe(run + file("b.json") + " --set /training/optimiser/rate=0.01").status, 0);
  const auto compare =
      fmt::format("compare {} {} --target gap=0.02", file("a.json"), file("b.json"));
  const auto ran = troupe(compare);
  EXPECT_EQ(ran.status, 0) << ran.err;
  for (const char* words : {"gap 0.02 reached", "steps", "computing", "waiting"})
    EXPECT_THAT(ran.out, HasSubstr(words));
  const auto judged = troupe(compare + " --max-ratio 1000000");
  EXPECT_EQ(judged.status, 3);
  EXPECT_EQ(judged.err, "troupe: a run never reaches a target that the first reaches\n");
  const auto refused = troupe(compare + " --target gp=1");
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("no report has a curve of gp, did you mean \"gap\"?"));
}

TEST_F(Commands, AlgorithmsListsWhatAScenarioIsMadeOf) {
  const auto all = troupe("algorithms").out;
  for (const char* section : {"models", "data", "optimisers", "strategies", "collectives"}) {
    const auto part = troupe(std::string{"algorithms "} + section);
    EXPECT_EQ(part.status, 0) << section;
    EXPECT_THAT(all, HasSubstr(part.out));
  }
  const auto wrong = troupe("algorithms modles");
  EXPECT_EQ(wrong.status, 2);
  EXPECT_EQ(wrong.err,
            "troupe: algorithms \"modles\": expected one of show, strategies, collectives, models, "
            "data, optimisers, did you mean \"models\"?\n");
}

TEST_F(Commands, AlgorithmsShowsSettingsWithDefaultsAndLimits) {
  const auto server = troupe("algorithms show parameter_server").out;
  EXPECT_THAT(server, HasSubstr("a worker may be ahead; only where mode is ssp\n"));
  EXPECT_THAT(troupe("algorithms show sgp").out, HasSubstr("  uses: graph where peers is graph, "
                                                           "optimiser, batch\n"));
  EXPECT_THAT(server, testing::StartsWith("strategy parameter_server\n"));
  EXPECT_THAT(server, HasSubstr("one of bsp, ssp, asp; \""));
  EXPECT_THAT(troupe("algorithms show least_squares").out, HasSubstr("model least_squares\n"));
  EXPECT_THAT(troupe("algorithms show sinc").out, HasSubstr("data set sinc\n"));
  EXPECT_THAT(troupe("algorithms show sgd").out, HasSubstr("optimiser sgd\n"));
  EXPECT_EQ(troupe("algorithms show butterfly_mixin").err,
            "troupe: no strategy, model, data set, optimiser or collective is called "
            "\"butterfly_mixin\", did you mean \"butterfly_mixing\"?\n");
}

TEST_F(Commands, AlgorithmsListsFamiliesFirst) {
  const auto ran = troupe("algorithms");
  EXPECT_EQ(ran.status, 0);
  EXPECT_LT(ran.out.find("parameter_server"), ran.out.find("halving_doubling"));
  EXPECT_LT(ran.out.find("zero_gradient_sum"), ran.out.find("halving_doubling"));
  const auto ring = troupe("algorithms show ring");
  EXPECT_THAT(ring.out, HasSubstr("Patarasuk"));
  EXPECT_THAT(ring.out, HasSubstr("126 messages and 2064384 bytes a rank"));
  EXPECT_EQ(troupe("algorithms show rng").status, 2);
}

TEST_F(Commands, DoctorJudgesTheBackendAskedFor) {
  const auto ran = troupe("doctor --backend loopback");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("--backend loopback can run"));
  EXPECT_EQ(troupe("doctor --backend cuda").status, 1);
}

#ifdef TROUPE_HAS_SIMGRID
TEST_F(Commands, PlatformShowsWhatAlgorithmsSee) {
  const auto list = troupe("platform list");
  EXPECT_EQ(list.status, 0);
  EXPECT_THAT(list.out, HasSubstr("torus_8x8"));
  const auto show = troupe("platform show torus_8x8");
  EXPECT_EQ(show.status, 0) << show.err;
  EXPECT_THAT(show.out, HasSubstr("8 x 8"));
  EXPECT_THAT(show.out, HasSubstr("64 on 64 nodes"));
  EXPECT_THAT(show.out, HasSubstr("LogGP across       L 1.00 us to 8.00 us, 1/G 1.25 GB/s, "
                                  "o 0 s, O 0 s a byte, g 0 s, S 0"));
  EXPECT_EQ(troupe("platform check star_16 --ranks 16").status, 0);
  EXPECT_EQ(troupe("platform check star_16 --ranks 17").status, 2);
}

TEST_F(Commands, RunSimulatesATrainingScenarioTwiceAlike) {
  const std::string command = "run " TROUPE_SOURCE_DIR
                              "/scenarios/parameter_server/asynchronous.json --set "
                              "/training/stop/steps=40 -q --reproducible "
                              "--json ";
  EXPECT_EQ(troupe(command + file("a.json")).status, 0);
  EXPECT_EQ(troupe(command + file("b.json")).status, 0);
  EXPECT_EQ(read(file("a.json")), read(file("b.json")));
  const auto report = json::parse(read(file("a.json")));
  EXPECT_FALSE(report["links"].empty());
  EXPECT_FALSE(report["traffic"].empty());
}

TEST_F(Commands, RunCountsTheLinksThatButterflyPartnersCross) {
  // Partners r XOR 2^s on a star: each message crosses the sender's link and the receiver's.
  EXPECT_EQ(troupe("run " TROUPE_SOURCE_DIR "/scenarios/butterfly/mixing.json -q --json " +
                   file("r.json") + " --set /training/stop/steps=8")
                .status,
            0);
  const auto report = json::parse(read(file("r.json")));
  double over_links = 0;
  for (const auto& link : report["links"]) over_links += link["bytes"].get<double>();
  EXPECT_EQ(report["totals"]["hop_bytes"], over_links);
  EXPECT_EQ(report["totals"]["hop_bytes"], 2 * report["totals"]["sent_bytes"].get<double>());
  EXPECT_EQ(report["totals"]["links_per_message"], 2);
}
#endif

}  // namespace
}  // namespace troupe::cli_test
