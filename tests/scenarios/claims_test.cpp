// What scenarios are there to show, held to it. The table of docs/allreduce.md comes from here:
// with TROUPE_UPDATE_PAGES=1 in the environment it is written anew.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "analysis/report_json.hpp"
#include "tests/cli/shell.hpp"

namespace troupe::scenarios {
namespace {

analysis::Report report_of(const std::string& scenario, const std::string& options = "") {
  const auto ran =
      cli_test::troupe(fmt::format("run '{}/scenarios/{}.json' -q --json - --reproducible {}",
                                   TROUPE_SOURCE_DIR, scenario, options));
  EXPECT_EQ(ran.status, 0) << ran.err;
  return analysis::report_from_json(ran.out, scenario);
}
double total(const analysis::Report& report, std::string_view name) {
  const auto found = std::ranges::find(report.totals, name,
                                       [](const auto& one) { return std::string_view{one.first}; });
  EXPECT_NE(found, report.totals.end()) << name;
  return found->second;
}

/// One model by three strategies on five networks, from the scenarios that differ in nothing else.
TEST(Claims, TheTableOfNetworksIsWhatTheScenariosCost) {
  std::string table =
      "| network | ring allreduce | butterfly mixing | parameter server |\n|---|---|---|---|\n";
  for (const auto& [network, words] : {std::pair{"ethernet", "one Ethernet switch"},
                                       {"fat_tree", "fat tree"},
                                       {"torus", "torus"},
                                       {"hypercube", "hypercube"},
                                       {"butterfly", "butterfly network"}}) {
    table += fmt::format("| {} ", words);
    for (const auto* family : {"allreduce", "butterfly", "parameter_server"}) {
      const auto report = report_of(fmt::format("{}/resnet50_on_{}", family, network));
      table += fmt::format("| {:.3f} s, {:.1f} GB ", total(report, "time_s"),
                           total(report, "sent_bytes") / 1e9);
    }
    table += "|\n";
  }
  const std::string page = TROUPE_SOURCE_DIR "/docs/allreduce.md";
  std::stringstream text;
  text << std::ifstream{page}.rdbuf();
  std::string shown = text.str();
  const auto from = shown.find("| network |"), to = shown.find("\n\n", from) + 1;
  ASSERT_NE(from, shown.npos);
  if (std::getenv("TROUPE_UPDATE_PAGES")) {
    std::ofstream{page} << shown.replace(from, to - from, table);
  } else {
    EXPECT_EQ(shown.substr(from, to - from), table)
        << "TROUPE_UPDATE_PAGES=1 scenario_files_tests writes the table anew";
  }
}

TEST(Claims, AReportIsTheSameBytesTwice) {
  const auto once = [] {
    return cli_test::troupe("run '" TROUPE_SOURCE_DIR
                            "/scenarios/gossip/ad_psgd.json' -q --json - --reproducible")
        .out;
  };
  const std::string first = once();
  EXPECT_GT(first.size(), 1000u);
  EXPECT_EQ(first, once());
}

/// p = 4 stages, m = 8 micro-batches, 1 s forwards and 2 s back: (m + p − 1) · 3 s = 33 s; with two
/// stages a rank the bubble of 9 s is half as long.
TEST(Claims, TheBubbleIsThatOfTheFormula) {
  const auto seconds = [](const std::string& name) {
    return total(report_of("parallel/" + name), "time_s");
  };
  EXPECT_NEAR(seconds("bubble"), 33, 1e-3);
  EXPECT_NEAR(seconds("bubble_1f1b"), 33, 1e-3);
  EXPECT_NEAR(seconds("bubble_interleaved"), 28.5, 1e-3);
}

/// Eight workers, as many gradients: all wait in rounds, or nobody does.
TEST(Claims, ARoundTakesAsLongAsItsSlowestWorkerAndAsynchronousServiceAsLongAsAllTogether) {
  const auto ratio_of = [](const std::string& pair) {
    return total(report_of("parameter_server/" + pair + "_synchronous"), "time_s") /
           total(report_of("parameter_server/" + pair + "_asynchronous"), "time_s");
  };
  // One worker at a quarter of the speed: 4 against 8/7.25.
  constexpr double slow_worker = 4 * 7.25 / 8;
  EXPECT_NEAR(ratio_of("slow_worker"), slow_worker, 0.03 * slow_worker);
  // Exponential times: the mean of the longest of eight, 1 + 1/2 + … + 1/8, against 1.
  constexpr double harmonic_8 = 761.0 / 280;
  EXPECT_NEAR(ratio_of("exponential"), harmonic_8, 0.03 * harmonic_8);
}

/// In units of a fast rank's epoch: 4 with fixed shards; 8/7.25 with stealing, and a chunk, 1/64 of
/// a shard, on the slow rank.
TEST(Claims, StealingEndsAnEpochWhenAllSpeedsTogetherCan) {
  const double fixed = total(report_of("work_stealing/fixed_shards"), "time_s"),
               stealing = total(report_of("work_stealing/stealing"), "time_s");
  const double unit = fixed / 4;
  EXPECT_LE(stealing, (8 / 7.25 * 1.01 + 4.0 / 64) * unit);
  EXPECT_GE(stealing, 8 / 7.25 * 0.99 * unit);
}

/// A ring of sixteen whose rank 7 computes four times slower: who has to wait for it?
TEST(Claims, AsynchronousGossipLeavesTheSlowHostToItself) {
  const auto mean_of_the_fast = [](const std::string& strategy) {
    const auto report = report_of("gossip/ad_psgd", "--set /training/strategy=" + strategy);
    double sum = 0;
    for (const auto& rank : report.ranks)
      if (rank.rank != 7) sum += (rank.compute + rank.communication + rank.waiting).count();
    return sum / 15;
  };
  EXPECT_LT(mean_of_the_fast("ad_psgd"), 0.5 * mean_of_the_fast("d_psgd"));
}

/// Latency times messages one after another: 30 of the ring, 8 of halving-doubling, 4 of recursive
/// doubling, where nothing else counts.
TEST(Claims, OverLongLinksTheNumberOfMessagesDecides) {
  for (const auto& result : report_of("allreduce/latency_10ms").results) {
    if (result.bytes != 1024) continue;
    const double messages = result.algorithm == "ring"                 ? 30
                            : result.algorithm == "recursive_doubling" ? 4
                            : result.algorithm == "central"            ? 30
                                                                       : 8;
    EXPECT_NEAR(result.time.count(), messages * 1e-2, 1e-4) << result.algorithm;
  }
}

/// XGBoost's and LightGBM's data-parallel trees: at each level one allreduce of features · bins · 2
/// words. Ten trees of six levels, and one broadcast of what the ranks start with.
TEST(Claims, HistogramsOfTreesAreFeaturesTimesBinsTwiceALevel) {
  const auto report = report_of("allreduce/boosted_trees");
  const double level = 28 * 256 * 2 * 8, ranks = 16;
  EXPECT_EQ(total(report, "sent_bytes"),
            10 * 6 * 2 * (ranks - 1) * level + (ranks - 1) * 6 * level);
}

/// As long as a loss is the least within two epochs, of ten batches each.
TEST(Claims, PatienceEndsWhatNoLongerFalls) {
  const auto report = report_of("allreduce/patience");
  EXPECT_LT(report.training.back().step, 20000);
  const auto loss = [](const analysis::TrainingPoint& point) {
    return std::ranges::find(point.values, "loss", [](const auto& one) { return one.first; })
        ->second;
  };
  const auto least = std::ranges::min_element(report.training, {}, loss);
  EXPECT_EQ(report.training.back().step - least->step, 20);
}

/// Article 3's experiment, and others of its kind that are nowhere published: the steps until every
/// node is within 1e-6 of the optimum, by an independent program of dense matrices. All by settings
/// on one scenario.
struct Experiment {
  const char *graph, *settings;
  int ranks, steps;
  friend void PrintTo(const Experiment& one, std::ostream* out) {
    *out << one.graph << " of " << one.ranks << one.settings;
  }
};
class Experiments : public testing::TestWithParam<Experiment> {};
TEST_P(Experiments, TakeSoManySteps) {
  const auto& [graph, settings, ranks, steps] = GetParam();
  std::string options = fmt::format(
      "--set /training/graph/kind={} --set /platform/ranks={} --set "
      "/training/model/ridge={} --set /training/rate_is=share_of_largest --set "
      "/training/optimiser/rate=0.9 --set /training/stop/check_every=1 --set "
      "/training/stop/steps=6000 --set /training/evaluate_every=0",
      graph, ranks, 0.1 * ranks);
  for (std::istringstream all{settings}; all >> std::ws && !all.eof();) {
    std::string one;
    all >> one;
    options += " --set /training/" + one;
  }
  const auto report = report_of("zero_gradient_sum/ring", options);
  EXPECT_NEAR(static_cast<double>(report.training.back().step), steps, 1);
}
INSTANTIATE_TEST_SUITE_P(
    Claims, Experiments,
    testing::Values(Experiment{"ring", "", 10, 1290}, Experiment{"complete", "", 10, 156},
                    Experiment{"torus", "", 16, 558}, Experiment{"ring", "", 12, 1929},
                    Experiment{"hypercube",
                               "data/noise=0.1 model/ridge=8 model/width=0.6 data/seed=3", 16, 322},
                    Experiment{"star", "data/seed=2 optimiser/rate=0.5", 8, 2029},
                    Experiment{"directed_ring", "", 7, 616},
                    Experiment{"complete", "model/ridge=2.4 model/width=0.5 data/seed=5", 12, 33},
                    Experiment{"ring",
                               "strategy=delayed_zero_gradient_sum delay=3 optimiser/rate=0.99", 10,
                               5261}));

}  // namespace
}  // namespace troupe::scenarios
