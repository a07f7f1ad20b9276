// troupe validate.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class Validate : public CliTest {
 protected:
  /// A real run on threads, its times replaced by what the simulation says, times a factor.
  void make_reports(double factor) {
    const std::string what = "-a ring,recursive_doubling --sizes 1K,64K,1M -q --json ";
    ASSERT_EQ(troupe("collective --platform star_16 --ranks 4 " + what + file("sim.json")).status,
              0);
    auto report = json::parse(read(file("sim.json")));
    report["environment"]["clock"] = "wall";
    for (auto& result : report["results"])
      for (const char* time : {"time_s", "p10_s", "p90_s"})
        result[time] = result[time].get<double>() * factor;
    write("real.json", report.dump());
  }
  Ran validate(const std::string& options = "") const {
    return troupe("validate " + file("real.json") + " " + file("sim.json") + " " + options);
  }
};

#ifdef TROUPE_HAS_SIMGRID
TEST_F(Validate, ShowsErrorsAndWhatExplainsTheWorst) {
  make_reports(1.25);
  const auto ran = validate("--json " + file("v.json"));
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("geometric mean error 25.0 % over the 6 of 6 points"),
                             HasSubstr("worst 25.0 %: allreduce"), HasSubstr("simulated: latency"),
                             HasSubstr("real - simulated: latency +")));
  const auto written = json::parse(read(file("v.json")));
  EXPECT_NEAR(written["geometric_mean_error"].get<double>(), 0.25, 1e-9);
  EXPECT_EQ(written["points"].size(), 6u);
  const auto& worst = written["worst"];
  double explained = 0;
  for (const auto& cause : worst["causes"]) explained += cause.get<double>();
  EXPECT_NEAR(explained, worst["real_s"].get<double>() - worst["simulated_s"].get<double>(), 1e-12);
}

TEST_F(Validate, ExitsWith3PastTheErrorAllowed) {
  make_reports(1.25);
  EXPECT_EQ(validate("--max-error 26%").status, 0);
  const auto ran = validate("-q --max-error 0.24");
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "troupe: geometric mean error 25.0 %, more than --max-error 24 %\n");
}

TEST_F(Validate, TellsOneMistakeAtATime) {
  make_reports(1);
  const auto expect = [&](const std::string& arguments, const std::string& message) {
    const auto ran = troupe("validate " + arguments);
    EXPECT_EQ(ran.status, 2) << arguments;
    EXPECT_THAT(ran.err, AllOf(StartsWith("troupe: "), HasSubstr(message))) << arguments;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  };
  const auto real = file("real.json"), sim = file("sim.json");
  expect(sim + " " + real, "sim.json: its clock is \"simulated\", expected \"wall\"");
  expect(real, "expected reports, of a real run or several and SIMULATED.json last, or --scenario");
  expect(real + " " + sim + " " + real, "real.json: its clock is \"wall\", expected \"simulated\"");
  expect(real + " " + file("none.json"), "No such file");
  expect(real + " " + sim + " --max-error no", "--max-error \"no\": expected a number above 0");
  auto text = read(sim);
  expect(real + " " + write("cut.json", text.substr(0, text.size() / 2)), "no valid JSON at byte");
  expect(real + " " + write("foreign.json", "{\"a\": 1}"), "not a report of Troupe");
  auto report = json::parse(text);
  report["troupe_report"] = 2;
  expect(real + " " + write("later.json", report.dump()),
         "/troupe_report is 2, this program reads version 1: make it again with this program");
  report["troupe_report"] = 1;
  report["results"][0]["time_s"] = nullptr;  // what NaN is written as
  expect(real + " " + write("nan.json", report.dump()),
         "nan.json: /results/0/time_s has an unexpected value null");
  report["results"] = json::array();
  expect(real + " " + write("empty.json", report.dump()), "have nothing in common");
}
#endif

/// A table of a machine whose messages take 2 us and 1 ns a byte, on 4 and on `ranks` ranks.
std::string table(int ranks, double factor) {
  std::string text = "algorithm,ranks,bytes,time_us\n";
  for (const int n : {4, ranks})
    for (const double bytes : {1024.0, 65536.0, 1048576.0})
      text += fmt::format("ring,{},{},{}\n", n, bytes,
                          2 * (n - 1) * (2 + bytes / n / 1000) * (n == 4 ? 1 : factor));
  return text;
}

TEST_F(Validate, PredictsMeasuredTablesOfOthers) {
  const auto good = write("good.csv", table(16, 1)), off = write("off.csv", table(16, 1.3));
  const auto ran = troupe("validate --max-error 5% --measured " + good);
  ASSERT_EQ(ran.status, 0) << ran.err << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("calibrated on 4 nodes: 3 rows"),
                             HasSubstr("from 64 KiB: geometric mean error")));
  const auto bad = troupe("validate --max-error 5% --json - --measured " + off);
  EXPECT_EQ(bad.status, 3);
  EXPECT_NEAR(json::parse(bad.out)["machines"][0]["from_64KiB"]["geometric_mean_error_of_all"]
                  .get<double>(),
              0.3, 0.05);
  const auto wrong = troupe("validate --measured " + write("w.csv", "ranks,bytes,time\n2,8,1\n"));
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("w.csv:1: column time has no unit"));
}

TEST_F(Validate, RunsBothHalvesOfAScenario) {
#if !defined(TROUPE_MPI_PROGRAM) || !defined(TROUPE_HAS_SIMGRID)
  GTEST_SKIP() << "built without MPI or without SimGrid";
#endif
  const auto scenario = write("s.json", R"({"troupe": 1, "collective":
      {"algorithm": "ring,recursive_doubling", "sizes": "1K,64K"}})");
  const auto ran = troupe("validate --scenario " + scenario +
                          " --platform star_16 --ranks 3 --set /collective/op=allreduce --json -");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto written = json::parse(ran.out);
  ASSERT_EQ(written["points"].size(), 4u);
  for (const auto& point : written["points"]) {
    EXPECT_EQ(point["ranks"], 3);
    EXPECT_GT(point["real_s"].get<double>(), 0);
  }
}

TEST_F(Validate, SaysThatItFindsNoLauncher) {
#if !defined(TROUPE_MPI_PROGRAM) || !defined(TROUPE_HAS_SIMGRID)
  GTEST_SKIP() << "built without MPI or without SimGrid";
#endif
  const auto scenario = write("s.json", R"({"troupe": 1, "collective": {"sizes": "1K"}})");
  const auto ran = troupe("validate --scenario " + scenario +
                          " -q --platform star_16 --ranks 3 --launcher \"no_such_launcher -n 3\"");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("cannot start no_such_launcher: No such file"));
}

}  // namespace
}  // namespace troupe::cli_test
