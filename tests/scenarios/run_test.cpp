// Whole runs on threads.

#include "scenarios/run.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "analysis/report_json.hpp"
#include "analysis/targets.hpp"
#include "core/forwarding.hpp"
#include "scenarios/backend_loopback.hpp"

namespace troupe::scenarios {
namespace {

analysis::Report run_on_threads(const std::string& text) {
  auto scenario = read_scenario(nlohmann::json::parse(text), Origin{}, "/");
  const auto backend = make_loopback(scenario, {});
  return run(resolve(std::move(scenario), backend->machine(), false), *backend);
}

/// A rank that sleeps longer than it was told to, as one of a busy node may.
class Oversleeping final : public ForwardingCommunicator {
 public:
  explicit Oversleeping(Communicator& inner) : ForwardingCommunicator{inner} {}
  Request spawn(Task task) override { return inner().spawn(std::move(task)); }
  std::optional<Completion> wait_any(WaitSet& set, Seconds until) override {
    return inner().wait_any(set, until < forever ? until + Seconds{0.002 * rank()} : until);
  }
};

/// Threads that oversleep, and communicate from begin to end.
class OversleepingThreads final : public Backend {
 public:
  explicit OversleepingThreads(Backend& threads) : threads_{threads} {}
  std::string_view name() const override { return threads_.name(); }
  bool simulated() const override { return false; }
  bool one_process() const override { return true; }
  bool common_clock() const override { return true; }
  const Machine& machine() const override { return threads_.machine(); }
  std::optional<BusyTimes> busy_times(Rank, Seconds now) const override {
    return BusyTimes{.computing = {}, .communicating = now};
  }
  RunOutcome run(const Program& program) override {
    return threads_.run([&](Communicator& comm) {
      Oversleeping late{comm};
      return program(late);
    });
  }

 private:
  Backend& threads_;
};

TEST(Run, OfACollectiveMeasuresAndChecksEveryAlgorithm) {
  const auto report = run_on_threads(
      R"({"troupe": 1, "ranks": 4, "collective": {"sizes": "64,4K", "iterations": 2, "warmup": 1}})");
  EXPECT_GT(report.results.size(), 10u);
  for (const auto& result : report.results) {
    EXPECT_EQ(result.wrong, 0u) << result.algorithm;
    EXPECT_GT(result.time.count(), 0);
    EXPECT_LE(result.min, result.time);
    EXPECT_GT(result.messages, 0u);
  }
}

TEST(Run, CountsWhatOneIterationSends) {
  const auto report = run_on_threads(
      R"({"troupe": 1, "ranks": 4, "collective": {"sizes": 4096, "algorithm": "ring",
          "iterations": 5}})");
  ASSERT_EQ(report.results.size(), 1u);
  EXPECT_EQ(report.results[0].messages_per_rank, 6u);           // 2 (n - 1)
  EXPECT_EQ(report.results[0].sent_bytes_per_rank, 6u * 1024);  // of M / n each
  EXPECT_EQ(report.results[0].messages, 24u);
}

TEST(Run, SharesTimeFromTheFirstBeginWhereRanksBeginAtDifferentMoments) {
  auto scenario = read_scenario(
      nlohmann::json::parse(
          R"({"troupe": 1, "ranks": 4, "collective": {"sizes": 64, "algorithm": "ring"}})"),
      Origin{}, "/");
  const auto threads = make_loopback(scenario, {});
  OversleepingThreads late{*threads};
  const auto report = run(resolve(std::move(scenario), late.machine(), false), late);
  ASSERT_EQ(report.results.size(), 1u);
  ASSERT_TRUE(report.results[0].shares);
  const auto& shares = *report.results[0].shares;
  EXPECT_GT(shares.communication, 0.1);
  EXPECT_GT(shares.waiting, 0.1);  // a rank that begins late has not communicated before
  EXPECT_NEAR(shares.compute + shares.communication + shares.waiting, 1, 1e-9);
}

/// A library whose allreduce is a sum over the port, with one value more or less where it is wrong.
class SomeLibrary final : public Baseline {
 public:
  explicit SomeLibrary(unsigned wrong_values) : wrong_values_{wrong_values} {}
  std::function<void(Communicator&)> prepare(algorithms::Collective collective,
                                             const algorithms::Problem& problem,
                                             algorithms::Buffers buffers) override {
    return [=, this](Communicator& comm) {
      algorithms::find_entry(collective, "ring").run(comm, problem, buffers);
      for (unsigned i = 0; i < wrong_values_; ++i) ++buffers.output.host<float>()[0];
    };
  }

 private:
  unsigned wrong_values_;
};
class ThreadsWithALibrary final : public Backend {
 public:
  ThreadsWithALibrary(Backend& threads, unsigned wrong_values)
      : threads_{threads}, machine_{threads.machine()}, library_{wrong_values} {
    machine_.baselines = {"mpi"};
  }
  std::string_view name() const override { return threads_.name(); }
  bool simulated() const override { return false; }
  bool one_process() const override { return true; }
  bool common_clock() const override { return true; }
  const Machine& machine() const override { return machine_; }
  Baseline* baseline(std::string_view library) override {
    return library == "mpi" ? &library_ : nullptr;
  }
  std::optional<BusyTimes> busy_times(Rank, Seconds now) const override {
    return BusyTimes{.computing = {}, .communicating = now};
  }
  RunOutcome run(const Program& program) override { return threads_.run(program); }

 private:
  Backend& threads_;
  Machine machine_;
  SomeLibrary library_;
};

TEST(Run, MeasuresAndChecksALibrarysOwnBesideAlgorithmsAndCountsNothingOfIt) {
  for (const unsigned wrong : {0u, 1u})
    for (const char* timing : {"isolated", "back-to-back"}) {
      auto scenario = read_scenario(
          nlohmann::json::parse(
              R"({"troupe": 1, "ranks": 3, "collective": {"sizes": 64, "iterations": 2,
                  "algorithm": "ring,mpi", "timing": ")" +
              std::string{timing} + "\"}}"),
          Origin{}, "/");
      const auto threads = make_loopback(scenario, {});
      ThreadsWithALibrary backend{*threads, wrong};
      const auto report = run(resolve(std::move(scenario), backend.machine(), false), backend);
      ASSERT_EQ(report.results.size(), 2u);
      EXPECT_EQ(report.results[0].wrong, 0u);
      EXPECT_EQ(report.results[0].messages_per_rank, 4u);
      EXPECT_TRUE(report.results[0].shares);
      const auto& own = report.results[1];
      EXPECT_EQ(own.algorithm, "mpi");
      EXPECT_EQ(own.wrong, wrong * 3u) << timing;  // on every rank
      EXPECT_GT(own.time.count(), 0);
      EXPECT_FALSE(own.messages || own.sent_bytes || own.messages_per_rank ||
                   own.sent_bytes_per_rank || own.shares || own.model);
    }
}

TEST(Run, BackToBackCountsAndChecksAsIsolated) {
  for (const char* in_place : {"true", "false"}) {
    const auto report = run_on_threads(
        R"({"troupe": 1, "ranks": 3, "collective": {"sizes": 4096, "algorithm": "ring",
            "iterations": 4, "timing": "back-to-back", "in_place": )" +
        std::string{in_place} + "}}");
    EXPECT_EQ(report.timing, analysis::Timing::back_to_back);
    EXPECT_EQ(report.results[0].wrong, 0u);
    EXPECT_EQ(report.results[0].messages_per_rank, 4u);
  }
}

TEST(Run, OfTrainingHasACurveAndTotals) {
  const auto report = run_on_threads(
      R"({"troupe": 1, "ranks": 2, "training": {"strategy": "data_parallel", "stop": {"steps": 20},
          "data": {"samples": 200}, "optimiser": {"rate": 1}}})");
  ASSERT_GE(report.training.size(), 2u);
  EXPECT_EQ(report.training.front().values.front().first, "loss");
  EXPECT_LT(report.training.back().values.front().second,
            report.training.front().values.front().second);
  EXPECT_FALSE(report.totals.empty());
}

std::optional<double> at(const analysis::TrainingPoint& point, const char* figure) {
  return analysis::value_of(point, figure);
}

TEST(Run, OfTrainingCountsWhatAllRanksHaveSentAtEachPoint) {
  // A ring of two over 20 parameters of 8 bytes: rank 0 sends all of them at the start, and each
  // rank half of them twice a step.
  const auto report = run_on_threads(
      R"({"troupe": 1, "ranks": 2, "training": {"strategy": "data_parallel", "stop": {"steps": 20},
          "data": {"samples": 200}}})");
  ASSERT_EQ(report.training.size(), 3u);
  for (const auto& point : report.training) {
    EXPECT_EQ(at(point, "messages"), 1 + 4.0 * static_cast<double>(point.step));
    EXPECT_EQ(at(point, "sent_bytes"), 160 + 320.0 * static_cast<double>(point.step));
  }
}

TEST(Run, OfTrainingCountsWorkersThatReportNothing) {
  const auto report = run_on_threads(
      R"({"troupe": 1, "ranks": 3, "training": {"strategy": "parameter_server", "mode": "bsp",
          "stop": {"steps": 20}, "data": {"samples": 200}}})");
  const auto& last = report.training.back();
  // 2 gradients and 2 answers a step, and at the end an empty answer to each worker.
  EXPECT_GE(*at(last, "messages"), 80);
  EXPECT_LE(*at(last, "messages"), 82);
  EXPECT_EQ(*at(last, "sent_bytes"), 80 * 160);
}

TEST(Run, OfTrainingSaysWhenItsTargetsWereReached) {
  const auto report = run_on_threads(
      R"({"troupe": 1, "ranks": 2, "training": {"strategy": "data_parallel",
          "stop": {"steps": 200, "gap": 0.01, "error": 1e-9}, "evaluate_every": 1,
          "data": {"samples": 200}, "optimiser": {"rate": 1}}})");
  ASSERT_EQ(report.targets.size(), 2u);
  const auto& gap = report.targets[0];
  EXPECT_EQ(gap.target, (analysis::Target{"gap", 0.01}));
  ASSERT_TRUE(gap.reached);
  const auto& points = report.training;
  const auto point = static_cast<std::size_t>(gap.reached->step);
  EXPECT_LE(*at(points[point], "gap"), 0.01);
  EXPECT_GT(*at(points[point - 1], "gap"), 0.01);
  EXPECT_EQ(gap.reached->sent_bytes, at(points[point], "sent_bytes"));
  EXPECT_FALSE(report.targets[1].reached);
}

TEST(Run, OfTrainingNamesTheParametersItEndsWith) {
  const auto digest_of = [](const std::string& more) {
    return run_on_threads(R"({"troupe": 1, "ranks": 2, "training": {"strategy": "data_parallel",
                              "stop": {"steps": 20}, "data": {"samples": 200}}, )" +
                          more + "}")
        .parameters_digest;
  };
  const auto digest = digest_of("\"seed\": 1");
  EXPECT_EQ(digest.size(), 16u);
  EXPECT_EQ(digest, digest_of("\"seed\": 1"));
  EXPECT_NE(digest, digest_of("\"seed\": 2"));
  EXPECT_EQ(digest_of("\"payload\": \"phantom\""), "");
}

TEST(Run, IsReadBackFromItsReport) {
  const auto report = run_on_threads(
      R"({"troupe": 1, "ranks": 2, "collective": {"sizes": 64, "algorithm": "ring"}})");
  const auto text = analysis::to_json(report);
  EXPECT_EQ(analysis::to_json(analysis::report_from_json(text, "x")), text);
}

}  // namespace
}  // namespace troupe::scenarios
