#include "analysis/validation.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "analysis/nonnegative.hpp"
#include "core/errors.hpp"
#include "samples.hpp"

namespace troupe::analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Report with_clock(Report report, const char* clock) {
  std::erase_if(report.environment, [](const auto& entry) { return entry.first == "clock"; });
  report.environment.emplace_back("clock", clock);
  return report;
}
Report real() {
  auto report = with_clock(samples::report(), "wall");
  for (auto& result : report.results) {
    result.p10 = result.time * 0.9;
    result.p90 = result.time * 1.1;
  }
  return report;
}
Report simulated(double factor) {
  auto report = with_clock(samples::report(), "simulated");
  for (auto& result : report.results) result.time *= factor;
  return report;
}
Validation validated(const Report& a, const Report& b) {
  return validate("real.json", a, "sim.json", b);
}
template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const BadInput& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Validation, TakesTheErrorOfALogarithm) {
  const auto twice = validated(real(), simulated(2)), half = validated(real(), simulated(0.5));
  ASSERT_THAT(twice.points, SizeIs(4));
  EXPECT_NEAR(geometric_mean_error(twice.points), 1, 1e-12);
  EXPECT_NEAR(geometric_mean_error(half.points), 1, 1e-12);
  EXPECT_NEAR(half.points[0].error(), 1, 1e-12);
}

TEST(Validation, CountsPointsOutsideTheSpreadOfRealRuns) {
  const auto inside = validated(real(), simulated(1.05));
  EXPECT_EQ(geometric_mean_error(inside.points), 0);
  EXPECT_NEAR(geometric_mean_error(inside.points, true), 0.05, 1e-12);
  EXPECT_EQ(worst(inside.points), nullptr);
  auto one_off = simulated(1.05);
  one_off.results[2].time *= 4 / 1.05;
  const auto found = validated(real(), one_off);
  EXPECT_NEAR(geometric_mean_error(found.points), 3, 1e-12);
  EXPECT_EQ(worst(found.points)->name(), "allreduce ring, 4 ranks, 1 MiB");
}

TEST(Validation, SaysWhatOnlyOneReportHas) {
  auto measured = real(), predicted = simulated(1);
  measured.results[0].bytes = 2048;
  EXPECT_THAT(validated(measured, predicted).notes,
              ElementsAre("1 of 4 points of real.json have no prediction",
                          "1 of 4 predictions of sim.json were not measured"));
  predicted.results.clear();
  EXPECT_THAT(message_of([&] { validated(measured, predicted); }),
              HasSubstr("real.json and sim.json have nothing in common"));
}

TEST(Validation, RefusesWhatCannotBeCompared) {
  EXPECT_THAT(message_of([] { validated(simulated(1), real()); }),
              HasSubstr("real.json: its clock is \"simulated\", expected \"wall\""));
  auto other = simulated(1);
  other.timing = Timing::back_to_back;
  EXPECT_THAT(message_of([&] { validated(real(), other); }),
              HasSubstr("real.json was timed isolated, sim.json back-to-back"));
  other = simulated(1);
  other.environment[2].second = "8";
  EXPECT_THAT(message_of([&] { validated(real(), other); }),
              HasSubstr("real.json has 4 ranks, sim.json 8"));
  other = simulated(1);
  other.results[1].time = Seconds{NAN};
  EXPECT_THAT(message_of([&] { validated(real(), other); }),
              HasSubstr("sim.json: allreduce tree, 4 ranks, 1 KiB took nan s; expected a time"));
  other = with_clock(samples::training({1, 2}), "simulated");
  other.environment.emplace_back("ranks", "4");
  EXPECT_THAT(message_of([&] { validated(real(), other); }),
              HasSubstr("sim.json is a training, real.json is not"));
}

TEST(Validation, OfSeveralRunsTakesTheMedianAndTheWholeSpread) {
  const auto slower = [](double factor) {
    auto report = real();
    for (auto& result : report.results)
      for (Seconds* time : {&result.time, &result.p10, &result.p90}) *time *= factor;
    return report;
  };
  std::vector<Validation> runs;
  for (const double factor : {1.0, 3.0, 1.2})
    runs.push_back(
        validate(std::to_string(factor).substr(0, 3), slower(factor), "sim.json", simulated(2.9)));
  const auto all = together(runs);
  EXPECT_EQ(all.real, "1.0, 3.0, 1.2");
  ASSERT_THAT(all.points, SizeIs(4));
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_DOUBLE_EQ(all.points[i].real / runs[0].points[i].real, 1.2);
    EXPECT_EQ(all.points[i].p10, runs[0].points[i].p10);
    EXPECT_EQ(all.points[i].p90, runs[1].points[i].p90);
    EXPECT_FALSE(all.points[i].counts());  // one of the runs took as long
  }
  EXPECT_EQ(to_json(together({runs[1]})), to_json(runs[1]));
}

TEST(Validation, OfSeveralRunsKeepsWhatOnlySomeHave) {
  auto fewer = real();
  fewer.results.erase(fewer.results.begin());
  const auto all = together({validated(fewer, simulated(1)), validated(real(), simulated(1))});
  EXPECT_THAT(all.points, SizeIs(4));
  EXPECT_EQ(all.points[3].real, validated(real(), simulated(1)).points[0].real);
  EXPECT_THAT(all.notes, ElementsAre("1 of 4 predictions of sim.json were not measured"));
}

/// Three algorithms on a machine of which the model has a third of the latency.
TEST(Validation, NamesTheLatencyWhereItIsTheLatency) {
  std::vector<ValidationPoint> points;
  for (const double messages : {2.0, 6.0, 20.0})
    for (const double kilobytes : {1.0, 1000.0}) {
      ValidationPoint point;
      point.op = "allreduce";
      point.parts = {{"latency", Seconds{messages * 1e-6}},
                     {"bandwidth", Seconds{kilobytes * (messages + 10) * 1e-7}},
                     {"reduction", Seconds{kilobytes * 3e-8}}};
      Seconds others = point.parts[1].time + point.parts[2].time;
      point.simulated = point.parts[0].time + others;
      point.real = point.p10 = point.p90 = 3 * point.parts[0].time + others;
      points.push_back(point);
    }
  const auto found = causes(*worst(points), points);
  ASSERT_THAT(found, SizeIs(4));
  EXPECT_EQ(found[0].name, "latency");
  EXPECT_NEAR(found[0].time / worst(points)->parts[0].time, 2, 1e-9);
  for (const std::size_t other : {1u, 2u, 3u}) EXPECT_NEAR(found[other].time.count(), 0, 1e-14);
  EXPECT_THAT(causes(points[0], {points[0]}), IsEmpty());  // one time tells nothing apart
}

Report training(const char* clock, double step_s) {
  auto report = with_clock(samples::training({1, 0.5, 0.3, 0.2}), clock);
  report.environment.emplace_back("ranks", "1");
  report.scenario = R"({"training": {"batch": 32}})";
  for (std::size_t i = 0; i < report.training.size(); ++i) {
    report.training[i].step = static_cast<std::int64_t>(i);
    report.training[i].time = Seconds{1 + step_s * static_cast<double>(i)};
  }
  report.targets = {{.target = {"loss", 0.3}, .reached = {}}};
  report.totals = {{"time_s", 3 * step_s}};
  report.ranks = {{.rank = 0, .compute = Seconds{3.0}, .communication = Seconds{3 * step_s - 3}}};
  return report;
}

TEST(Validation, ComparesStepsAndTimesToTargets) {
  const auto found = validated(training("wall", 2), training("simulated", 1));
  ASSERT_THAT(found.points, SizeIs(2));
  EXPECT_EQ(found.points[0].name(), "training step");
  EXPECT_NEAR(found.points[0].error(), 1, 1e-12);
  EXPECT_EQ(found.points[1].name(), "loss 0.3 reached");
  EXPECT_NEAR(found.points[1].real.count(), 5, 1e-12);
  EXPECT_NEAR(found.points[1].simulated.count(), 3, 1e-12);
  ASSERT_THAT(found.step_causes, SizeIs(4));
  EXPECT_EQ(found.step_causes[1].name, "communication");
  EXPECT_NEAR(found.step_causes[1].time.count(), 1, 1e-12);
  EXPECT_NEAR(found.step_causes[0].time.count(), 0, 1e-12);
}

TEST(Validation, OfATrainingLeavesOutWhatEvaluatingTook) {
  Report real = training("wall", 2);
  for (std::size_t i = 1; i < real.training.size(); ++i) real.training[i].evaluating = Seconds{0.5};
  EXPECT_EQ(validated(real, training("simulated", 1)).points[0].real.count(), 1.5);
}

TEST(Validation, RefusesTrainingsOfDifferentScenarios) {
  auto other = training("simulated", 1);
  other.scenario = R"({"training": {"batch": 64}})";
  EXPECT_THAT(message_of([&] { validated(training("wall", 1), other); }),
              HasSubstr("real.json and sim.json are runs of different scenarios: /training/batch "
                        "is 32 and 64"));
}

TEST(NonnegativeFit, FindsWhatMadeTheNumbers) {
  const auto fit = fit_nonnegative({{1, 0, 2}, {0, 1, 1}, {1, 1, 1}, {3, 1, 0}}, {1, 2, 3, 5});
  EXPECT_NEAR(fit.values[0], 1, 1e-12);
  EXPECT_NEAR(fit.values[1], 2, 1e-12);
  EXPECT_NEAR(fit.values[2], 0, 1e-12);
}

TEST(NonnegativeFit, GivesZeroWhereTheBestWouldBeNegative) {
  const auto fit = fit_nonnegative({{1, 1}, {1, 2}, {1, 3}}, {3, 2, 1});
  EXPECT_NEAR(fit.values[0], 2, 1e-12);
  EXPECT_EQ(fit.values[1], 0);
}

TEST(NonnegativeFit, SaysWhatTheRowsDoNotTellApart) {
  const auto fit = fit_nonnegative({{1, 2, 0}, {2, 4, 0}, {3, 6, 0}}, {1, 2, 3});
  EXPECT_THAT(fit.told, ElementsAre(true, false, false));
  EXPECT_NEAR(fit.values[0], 1, 1e-12);
  EXPECT_EQ(fit.values[1], 0);
}

}  // namespace
}  // namespace troupe::analysis
