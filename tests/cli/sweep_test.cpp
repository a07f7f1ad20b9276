// troupe sweep: the same bytes however often it was killed, and one clear message for what is
// wrong.

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

#ifdef TROUPE_HAS_SIMGRID
constexpr auto base = R"({"troupe": 1, "platform": {"file": "star_16", "ranks": 4},
  "collective": {"op": "allreduce", "algorithm": "ring", "sizes": "1K"}})";

class Sweep : public CliTest {
 protected:
  /// A sweep over the base scenario; `more` is "vary" and "points".
  std::string sweep(const std::string& more, const std::string& name = "sweep.json") const {
    return write(name, fmt::format("{{\"troupe_sweep\": 1, \"scenario\": {}, {}}}", base, more));
  }
  std::string hundred() const {
    return sweep(R"("vary": {"platform.ranks": [2, 3, 4, 5, 6],
      "/collective/sizes": ["1K", "2K", "4K", "8K", "16K"], "seed": [1, 2, 3, 4]})");
  }
  Ran run(const std::string& file_name, const std::string& folder,
          const std::string& options = "-q") const {
    return troupe(fmt::format("sweep {} --out {} {}", file_name, file(folder), options));
  }
  /// Both folders have the same results, byte for byte (not EXPECT_EQ: it would print them all).
  void same(const std::string& folder, const std::string& other) const {
    for (const char* name : {"/results.jsonl", "/results.csv"}) {
      const auto text = read(file(folder + name));
      EXPECT_FALSE(text.empty());
      EXPECT_TRUE(text == read(file(other + name))) << name;
    }
  }
  std::vector<json> lines(const std::string& folder) const {
    std::istringstream text{read(file(folder + "/results.jsonl"))};
    std::vector<json> all;
    for (std::string line; std::getline(text, line);) all.push_back(json::parse(line));
    return all;
  }
};

TEST_F(Sweep, RunsEachCombinationWithTheLastFieldFastest) {
  const auto ran = run(
      sweep(R"("vary": {"platform.ranks": [4, 2], "/collective/sizes": ["1K", 2048]})"), "out", "");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto all = lines("out");
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0]["fields"], (json{{"platform.ranks", 4}, {"/collective/sizes", "1K"}}));
  EXPECT_EQ(all[3]["fields"], (json{{"platform.ranks", 2}, {"/collective/sizes", 2048}}));
  EXPECT_EQ(all[1]["rows"][0]["ranks"], 4);
  EXPECT_EQ(all[1]["rows"][0]["bytes"], 2048);
  EXPECT_GT(all[1]["rows"][0]["time_s"], all[0]["rows"][0]["time_s"]);
  double shares = 0;
  for (const char* part : {"latency", "bandwidth", "reduction", "contention"})
    shares += all[1]["rows"][0][std::string{part} + "_share"].get<double>();
  EXPECT_NEAR(shares, 1, 1e-9);
  EXPECT_THAT(ran.out, HasSubstr("platform.ranks"));
  EXPECT_THAT(read(file("out/results.csv")),
              testing::StartsWith("point,platform.ranks,/collective/sizes,status,op,algorithm,"));
}

TEST_F(Sweep, RunsListedPointsWithEachVariedValue) {
  const auto ran = run(sweep(R"("points": [{"seed": 7}, {"platform.ranks": 2, "seed": 8}],
    "vary": {"collective.algorithm": ["ring", "binomial"]})"),
                       "out");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto all = lines("out");
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[2]["fields"]["seed"], 8);
  EXPECT_EQ(all[3]["rows"][0]["algorithm"], "binomial");
}

TEST_F(Sweep, GivesWhatRunGives) {
  ASSERT_EQ(run(sweep(R"("vary": {"platform.ranks": [3]})"), "out", "-q --reports").status, 0);
  const auto scenario = write("s.json", base);
  const auto ran =
      troupe("run " + scenario + " --platform star_16 --ranks 3 -q --json - --reproducible");
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(read(file("out/" + lines("out")[0]["report"].get<std::string>())), ran.out);
}

TEST_F(Sweep, KilledAndResumedGivesTheSameFiles) {
  const auto file_name = hundred();
  ASSERT_EQ(run(file_name, "whole").status, 0);
  std::size_t kept_before = 0;
  for (const int milliseconds : {30, 80, 150, 250}) {
    const pid_t process = ::fork();
    if (process == 0) {
      ::execl(TROUPE_PROGRAM, "troupe", "sweep", file_name.c_str(), "-q", "--out",
              file("cut").c_str(), nullptr);
      ::_exit(127);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
    std::size_t kept = 0;
    if (fs::exists(file("cut/points")))
      for (const auto& entry : fs::directory_iterator{file("cut/points")})
        kept += entry.path().extension() == ".json";
    EXPECT_GE(kept, kept_before);
    kept_before = kept;
  }
  const auto ran = run(file_name, "cut");
  ASSERT_EQ(ran.status, 0) << ran.err;
  same("cut", "whole");
  for (const auto& entry : fs::directory_iterator{file("cut/points")})
    EXPECT_EQ(entry.path().extension(), ".json");
}

TEST_F(Sweep, KeepsFinishedPointsWhenItGrows) {
  ASSERT_EQ(run(sweep(R"("vary": {"seed": [1, 2]})"), "out").status, 0);
  std::vector<fs::file_time_type> times;
  for (const auto& entry : fs::directory_iterator{file("out/points")})
    times.push_back(fs::last_write_time(entry));
  ASSERT_EQ(run(sweep(R"("vary": {"seed": [3, 2, 1]})"), "out").status, 0);
  int same = 0;
  for (const auto& entry : fs::directory_iterator{file("out/points")})
    same += std::ranges::count(times, fs::last_write_time(entry)) > 0;
  EXPECT_EQ(same, 2);
  EXPECT_EQ(lines("out").size(), 3u);
}

TEST_F(Sweep, ChangedFilesAreOtherPoints) {
  write("star.xml", read(TROUPE_SOURCE_DIR "/platforms/star_16.xml"));
  const auto file_name = sweep(R"("vary": {"platform.file": ["star.xml"]})");
  ASSERT_EQ(run(file_name, "out").status, 0);
  auto slower = read(file("star.xml"));
  const auto at = slower.find("10Gbps");
  ASSERT_NE(at, slower.npos);
  write("star.xml", slower.replace(at, 6, "1Gbps"));
  const auto before = lines("out")[0]["rows"][0]["time_s"].get<double>();
  ASSERT_EQ(run(file_name, "out").status, 0);
  EXPECT_GT(lines("out")[0]["rows"][0]["time_s"].get<double>(), before);
}

TEST_F(Sweep, FailingPointsAreRecordedAndTheOthersRun) {
  const auto ran = run(sweep(R"("vary": {"platform.ranks": [2, 40, 3]})"), "out");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("1 of 3 points failed; point 1 (platform.ranks=40): "));
  const auto all = lines("out");
  EXPECT_EQ(all[1]["status"], 2);
  EXPECT_THAT(all[1]["error"], HasSubstr("40 ranks do not fit 16 slots"));
  EXPECT_EQ(all[2]["status"], 0);
  EXPECT_THAT(read(file("out/results.csv")),
              testing::MatchesRegex("point,[^\n]*,failure\n(.|\n)*"));
}

TEST_F(Sweep, AFieldThatDoesNotExistIsFoundBeforeAnythingRuns) {
  const auto ran = run(sweep(R"("points": [{"seed": 2}, {"collective.algoritm": "ring"}])"), "out");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("sweep.json: point 1 (collective.algoritm=\"ring\"): /collective: "
                                 "unknown key \"algoritm\", did you mean \"algorithm\"?"));
  EXPECT_FALSE(fs::exists(file("out")));
}

TEST_F(Sweep, BadInputIsOneMessageEach) {
  const auto refused = [&](const std::string& more, const std::string& expected) {
    const auto ran = run(sweep(more), "out");
    EXPECT_EQ(ran.status, 2) << more;
    EXPECT_THAT(ran.err, HasSubstr(expected));
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
    EXPECT_FALSE(fs::exists(file("out"))) << more;
  };
  refused(R"("vary": {"seed": []})",
          "/vary: \"seed\" is []; expected a list of at least one value");
  refused(R"("points": [])", "/points: expected a list of at least one point");
  refused(R"("vary": {})", "/vary: found {}; expected {FIELD: [VALUE, ...], ...}");
  refused(R"("vari": {})", "expected \"vary\", \"points\" or both");
  refused(R"("vary": {"seed": [1]}, "poins": [])",
          "unknown key \"poins\", did you mean \"points\"?");
  refused(R"("points": [7])", "/points/0: found 7; expected an object");
  refused(R"("vary": {"collective.op.name": [1]})",
          "field \"collective.op.name\" cannot be reached in the scenario");
  refused(R"("vary": {"collective.op": ["allreduc"]})", "did you mean \"allreduce\"?");
  refused(R"("vary": {"platform.file": ["star_17"]})", "did you mean \"star_16\"?");
  const auto truncated = write("cut.json", R"({"troupe_sweep": 1, "scen)");
  EXPECT_THAT(run(truncated, "out").err, HasSubstr("cut.json:1:"));
  const auto foreign = write("foreign.json", base);
  EXPECT_THAT(run(foreign, "out").err, HasSubstr("a sweep begins with \"troupe_sweep\": 1"));
  const auto newer = write("newer.json", R"({"troupe_sweep": 2})");
  EXPECT_THAT(run(newer, "out").err, HasSubstr("found 2; expected 1, the version of the format"));
  EXPECT_EQ(troupe("sweep " + newer).status, 2);
  EXPECT_THAT(run(hundred(), "out", "--part 2/2").err, HasSubstr("expected I/N with 0 <= I < N"));
  EXPECT_THAT(run(hundred(), "out", "--jobs 0").err, HasSubstr("a whole number above 0"));
}

TEST_F(Sweep, TwoIntoOneFolderRefuseEachOther) {
  const auto file_name = hundred();
  const auto script = write("two.sh", fmt::format(R"(
{0} sweep {1} -q --out {2} & first=$!
until ls {2}/points 2>/dev/null | grep -q json; do sleep 0.01; done
kill -STOP $first
{0} sweep {1} -q --out {2}
status=$?
kill -CONT $first
wait $first
echo $first
exit $status
)",
                                                  TROUPE_PROGRAM, file_name, file("out")));
  const auto ran = shell("sh " + script);
  EXPECT_EQ(ran.status, 2);
  const auto process = ran.out.substr(0, ran.out.find('\n'));
  EXPECT_THAT(ran.err,
              HasSubstr("another sweep is at work in this folder (process " + process + ")"));
  EXPECT_EQ(lines("out").size(), 100u);
}

TEST_F(Sweep, AFolderThatCannotBeWrittenIsOneMessage) {
  write("occupied", "");
  const auto ran = run(hundred(), "occupied");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("cannot make the folder"));
  EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
}

TEST_F(Sweep, AFullDiskIsOneMessageAndTheSweepGoesOnLater) {
  const auto file_name = hundred();
  // Files may not grow: what write() then says takes the same way as a disk without space.
  // Files may not grow: what write() then says takes the same way as a disk without space.
  const auto script = write(
      "full.sh", fmt::format("(trap '' XFSZ; ulimit -f 0; {} sweep {} -q --out {}) 2>&1 | cat\n",
                             TROUPE_PROGRAM, file_name, file("out")));
  const auto ran = shell("sh " + script);
  EXPECT_THAT(ran.out, HasSubstr("cannot write"));
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 1) << ran.out;
  EXPECT_TRUE(fs::is_empty(file("out/points")));
  EXPECT_EQ(run(file_name, "out").status, 0);
  EXPECT_EQ(lines("out").size(), 100u);
}

TEST_F(Sweep, PartsAndGatheringGiveTheSameBytes) {
  const auto file_name = hundred();
  ASSERT_EQ(run(file_name, "whole").status, 0);
  for (const char* part : {"0/3", "1/3", "2/3"})
    ASSERT_EQ(run(file_name, "parts", fmt::format("-q --part {}", part)).status, 0);
  EXPECT_FALSE(fs::exists(file("parts/results.jsonl")));
  ASSERT_EQ(run(file_name, "parts", "-q --gather").status, 0);
  same("parts", "whole");
}

TEST_F(Sweep, GatheringSaysWhichPointsHaveNotRun) {
  const auto file_name = sweep(R"("vary": {"seed": [1, 2, 3]})");
  ASSERT_EQ(run(file_name, "out", "-q --part 0/2").status, 0);
  const auto ran = run(file_name, "out", "-q --gather");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("1 of 3 points failed; point 1 (seed=2): has not run"));
}

/// An sbatch that runs at once what it is given, as Slurm would.
TEST_F(Sweep, SubmitsAnArrayAndAJobThatGathers) {
  write("sbatch", "#!/bin/sh\necho \"$@\" >> " + file("said") + R"(
for script; do :; done
last=$(sed -n 's/^#SBATCH --array=0-//p' $script)
for SLURM_ARRAY_TASK_ID in $(seq 0 ${last:-0}); do export SLURM_ARRAY_TASK_ID; sh $script >/dev/null; done
echo "17;cluster"
)");
  fs::permissions(file("sbatch"), fs::perms::owner_all);
  const auto file_name = hundred();
  ASSERT_EQ(run(file_name, "whole").status, 0);
  const auto ran = troupe(
      fmt::format("sweep {} --out {} --slurm --tasks 3 --sbatch '-p x'", file_name, file("slurm")),
      "PATH=" + file("") + ":$PATH");
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("100 points are submitted as jobs 17 and 17"));
  EXPECT_THAT(read(file("said")),
              testing::MatchesRegex("--parsable -p x .*array.sh\n"
                                    "--parsable -p x --dependency=afterany:17 .*gather.sh\n"));
  same("slurm", "whole");
  const auto missing =
      troupe(fmt::format("sweep {} --out {} --slurm", file_name, file("x")), "PATH=/nowhere");
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.err, HasSubstr("there is no sbatch here"));
}

TEST_F(Sweep, ThroughARealSlurmGivesTheSameBytes) {
  for (const char* program : {"sbatch", "slurmctld", "slurmd", "munged"})
    if (shell(fmt::format("PATH=$PATH:/usr/sbin command -v {}", program)).status != 0)
      GTEST_SKIP() << program << " is not installed (Debian's slurm-wlm and munge)";
  if (::geteuid() != 0) GTEST_SKIP() << "only root may start the daemons of Slurm";
  const auto file_name = sweep(R"("vary": {"seed": [1, 2, 3, 4, 5, 6], "platform.ranks": [2, 3]})");
  ASSERT_EQ(run(file_name, "whole").status, 0);
  const auto ran = shell(
      fmt::format("sh {}/tests/cli/with_slurm.sh {} {} sweep {} --out {} --slurm --tasks 3",
                  TROUPE_SOURCE_DIR, file("cluster"), TROUPE_PROGRAM, file_name, file("slurm")));
  if (ran.status == 77) GTEST_SKIP() << "Slurm does not start here: " << ran.err;
  ASSERT_EQ(ran.status, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("12 points are submitted as jobs"));
  same("slurm", "whole");
}
#endif

}  // namespace
}  // namespace troupe::cli_test
