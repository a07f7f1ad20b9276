#include "analysis/table.hpp"

#include <gmock/gmock.h>

#include "analysis/targets.hpp"
#include "core/errors.hpp"
#include "samples.hpp"

namespace troupe::analysis {
namespace {

using testing::HasSubstr;

TEST(Table, ShowsSeveralAlgorithmsAsAMatrixWithTheBestMarked) {
  EXPECT_EQ(table(samples::report()),
            R"(# sample · backend sim · 4 ranks
# allreduce of float32, sum, out of place, isolated timing, median of 1 iteration
# time in us by algorithm, * = fastest of its size
#
#                                  busbw   bound
#   size    ring     tree   best  (GB/s)    (us)
   1 KiB   60.00    40.00*  tree    0.04   20.00
   1 MiB  1000.0*  2000.0   ring    1.57  500.00
# torus left out: needs a grid
)");
}

TEST(Table, ShowsOneAlgorithmInRows) {
  auto report = samples::report();
  report.results = {samples::result("ring", 1024, 60e-6)};
  const auto text = table(report);
  EXPECT_THAT(text, HasSubstr("algbw"));
  EXPECT_THAT(text, testing::Not(HasSubstr("ring *")));
}

TEST(Table, SaysHowManyValuesAreWrong) {
  auto report = samples::report();
  report.results.front().wrong = 7;
  EXPECT_THAT(table(report), HasSubstr("# wrong values: 7\n"));
}

TEST(Table, IsThatOfNcclTestsCharacterForCharacter) {
  auto report = samples::report();
  report.results = {samples::result("ring", 1048576, 123.45e-6)};
  EXPECT_EQ(
      table(report, Layout::nccl),
      "# ring\n#\n"
      "#                                                              out-of-place             "
      "          in-place          \n"
      "#       size         count      type   redop    root     time   algbw   busbw  #wrong  "
      "   time   algbw   busbw  #wrong \n"
      "#        (B)    (elements)                               (us)  (GB/s)  (GB/s)          "
      "   (us)  (GB/s)  (GB/s)         \n"
      "     1048576        262144     float     sum      -1   123.45    8.49   12.74       0  "
      " 123.45    8.49   12.74       0\n"
      "# Out of bounds values : 0 OK\n"
      "# Avg bus bandwidth    : 12.7409 \n#\n");
}

TEST(Table, SaysOfValuesThatWereNotCheckedWhatNcclTestsSays) {
  auto report = samples::report();
  report.results = {samples::result("ring", 1048576, 123.45e-6)};
  report.results[0].wrong.reset();
  EXPECT_THAT(table(report, Layout::nccl),
              HasSubstr("   123.45    8.49   12.74    N/A   123.45    8.49   12.74    N/A\n"));
}

TEST(Table, NamesTheRootAsNcclTestsDoes) {
  auto report = samples::report();
  report.results = {samples::result("chain", 1024, 1e-3)};
  report.results[0].op = "broadcast";
  EXPECT_THAT(table(report, Layout::nccl), HasSubstr("   float     sum       0  "));
  report.scenario = R"({"collective": {"root": 3}})";
  EXPECT_THAT(table(report, Layout::nccl), HasSubstr("   float     sum       3  "));
}

TEST(Table, IsThatOfTheOsuBenchmarksCharacterForCharacter) {
  auto report = samples::report();
  report.results = {samples::result("ring", 4, 136.08e-6),
                    samples::result("ring", 1048576, 104.3e-6)};
  EXPECT_EQ(table(report, Layout::osu),
            "# algorithm: ring\n"
            "\n"
            "# OSU MPI Allreduce Latency Test v7.0\n"
            "# Size       Avg Latency(us)\n"
            "4                     136.08\n"
            "1048576               104.30\n");
  report.results = {samples::result("bruck", 4096, 10e-6), samples::result("ring", 4096, 20e-6)};
  for (auto& result : report.results) result.op = "allgather";
  EXPECT_THAT(table(report, Layout::osu),
              HasSubstr("\n1024                   10.00\n# algorithm: ring\n"));
  report.results.resize(1);
  report.results[0].op = "barrier";
  EXPECT_THAT(table(report, Layout::osu), testing::EndsWith("# OSU MPI Barrier Latency Test v7.0\n"
                                                            "# Avg Latency(us)\n"
                                                            "            10.00\n"));
}

TEST(Table, ShowsTrainingCurvesAndTotals) {
  const auto text = table(samples::training({3, 2, 1}));
  EXPECT_THAT(text, HasSubstr("loss"));
  EXPECT_THAT(text, HasSubstr("# 3.00 s · 10 messages\n"));
}

TEST(Table, SaysWhenATargetWasReachedAndOnWhatRanksSpentTheirTime) {
  auto report = samples::training({3, 2, 1});
  report.training[1].values = {{"loss", 2}, {"messages", 7}, {"sent_bytes", 123456789}};
  report.ranks = {{.compute = Seconds{1.5}, .communication = Seconds{1}, .waiting = Seconds{0.5}}};
  for (const auto& target : {Target{"loss", 2.5}, Target{"loss", 0.5}})
    report.targets.push_back({target, reached(report, target)});
  const auto text = table(report);
  EXPECT_THAT(text, HasSubstr("123456789"));  // in the curve: what is counted is not rounded
  EXPECT_THAT(text, testing::EndsWith(
                        "# 3.00 s · 10 messages · 50.0 % computing, 33.3 % communicating, 16.7 % "
                        "waiting\n"
                        "# loss 2.5: reached at step 1 after 1.00 s, 7 messages, 123 MB sent\n"
                        "# loss 0.5: not reached\n"));
}

TEST(Table, SaysWhatKernelsTookOnDevicesWhereThatIsKnown) {
  auto report = samples::training({3, 2, 1});
  report.totals.emplace_back("device_s", 1.5);
  EXPECT_THAT(table(report), HasSubstr("# 3.00 s · 10 messages · 1.50 s on devices\n"));
  report = samples::report();
  EXPECT_THAT(table(report), testing::Not(HasSubstr("on devices")));
  report.ranks.resize(2);
  for (auto& rank : report.ranks) rank.on_device = Seconds{0.25};
  EXPECT_THAT(table(report), HasSubstr("# 500 ms on devices, all ranks and iterations together\n"));
  EXPECT_THAT(table(report, Layout::rows), testing::Not(HasSubstr("device\n")));
  report.results[0].on_device = Seconds{0.0125};
  EXPECT_THAT(table(report, Layout::rows), HasSubstr("  device\n"));
  EXPECT_THAT(table(report, Layout::rows), HasSubstr(" 12500.0 "));
}

TEST(Table, HasWhatKernelsTookTillAPointOfACurve) {
  auto report = samples::training({3, 2, 1});
  report.training[2].values.emplace_back("device_s", 0.75);
  EXPECT_THAT(table(report), HasSubstr("  device\n"));
  EXPECT_THAT(table(report), HasSubstr("  0.75\n"));
}

TEST(Table, NamesTheLayoutMeant) {
  try {
    layout_named("matrx");
    FAIL() << "no error";
  } catch (const BadInput& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean \"matrix\"?"));
  }
}

TEST(Table, PrintsMicrosecondsWithFallingPrecision) {
  EXPECT_EQ(microseconds(Seconds{0.5e-6}), "0.50");
  EXPECT_EQ(microseconds(Seconds{1234.56e-6}), "1234.6");
  EXPECT_EQ(microseconds(Seconds{1.5}), "1500000");
}

}  // namespace
}  // namespace troupe::analysis
