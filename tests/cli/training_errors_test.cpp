// A training that cannot be, or that goes wrong, is told in one clear line: exit 2 for what was
// asked, 1 for a run that failed.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using testing::HasSubstr;

class BadTraining : public CliTest {
 protected:
  /// troupe run of a scenario with this training section on so many threads.
  Ran run(const std::string& training, int ranks = 4, const std::string& more = "") const {
    const auto scenario = write(
        "a.json", fmt::format(R"({{"troupe": 1, "ranks": {}, "training": {}}})", ranks, training));
    return troupe("run " + scenario + " --backend loopback " + more);
  }
  static void expect_refusal(const Ran& ran, int status, const std::string& words) {
    EXPECT_EQ(ran.status, status);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, testing::StartsWith("troupe: "));
    EXPECT_THAT(ran.err, HasSubstr(words));
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
};

/// A rate at which least squares goes to infinity.
const char* const diverging = R"({"optimiser": {"rate": 1000}, "data": {"samples": 100},
                                  "stop": {"steps": 500})";

TEST_F(BadTraining, ThatDivergesEndsWithStepAndRank) {
  const auto ran = run(std::string{diverging} + "}");
  expect_refusal(ran, 1, "training diverged: the loss of rank ");
  EXPECT_THAT(ran.err, testing::ContainsRegex("of rank [0-3] is (nan|-?inf) after step [0-9]+0\n"));
}

TEST_F(BadTraining, MayDivergeWhereTheScenarioExpectsIt) {
  const auto ran = run(
      R"({"optimiser": {"rate": 1000}, "data": {"samples": 100},
          "stop": {"steps": 500, "may_diverge": true}})");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("500"));
}

TEST_F(BadTraining, OfADamagedFileNamesTheFileAndThePlace) {
  const auto data = write("d.csv", "1,2\n3,x\n");
  expect_refusal(run(R"({"data": {"kind": "csv", "file": "d.csv"}})"), 2,
                 data + ": line 2, column 2: found \"x\", expected a finite number as target");
  write("m.gz", "\x1f\x8b\x08 damaged");
  expect_refusal(run(R"({"data": {"kind": "idx", "file": "m.gz", "labels": "m.gz"}})"), 2,
                 "m.gz: byte ");
  expect_refusal(run(R"({"data": {"kind": "csv", "file": "none.csv"}})"), 2,
                 "none.csv: cannot be read: No such file");
}

TEST_F(BadTraining, ByAdamThatForgetsNothingIsRefused) {
  expect_refusal(run(R"({"optimiser": {"kind": "adam", "beta2": 1}, "data": {"samples": 40}})"), 2,
                 "/training/optimiser/beta2: found 1; expected a number from 0 to below 1");
}

TEST_F(BadTraining, OfSamplesThatDetermineNothingSaysWhose) {
  const auto of_a_rank =
      run(R"({"strategy": "zero_gradient_sum", "model": {"ridge": 0}, "data": {"samples": 40}})");
  expect_refusal(of_a_rank, 2, "the samples of rank 0 alone do not determine 20 parameters");
  EXPECT_THAT(of_a_rank.err, HasSubstr("a \"ridge\" (least_squares)"));
  expect_refusal(
      run(R"({"strategy": "map_reduce", "model": {"ridge": 0}, "data": {"samples": 10}})"), 2,
      "troupe: the samples do not determine 20 parameters");
}

/// What has no single optimum can be trained; how far it is from one is not known.
TEST_F(BadTraining, IsNoTrainingWithoutASingleOptimum) {
  const auto report = [&](const std::string& model, const std::string& data) {
    const auto ran = run(fmt::format(R"({{"model": {}, "data": {}, "optimiser": {{"rate": 0.02}},
                                         "stop": {{"steps": 200}}}})",
                                     model, data),
                         2, "--json " + file("r.json"));
    EXPECT_EQ(ran.status, 0) << ran.err;
    return nlohmann::json::parse(read(file("r.json")))["training"];
  };
  const auto few = report(R"({"kind": "least_squares", "ridge": 0})", R"({"samples": 7})");
  EXPECT_FALSE(few.back().contains("error"));
  EXPECT_NEAR(few.front()["loss"].get<double>() - few.front()["gap"].get<double>(), 0, 1e-9)
      << "twenty weights fit seven samples";
  EXPECT_LT(few.back()["gap"].get<double>(), few.front()["gap"].get<double>());
  EXPECT_GT(few.back()["gap"].get<double>(), 0);
  const auto flat = report(R"({"kind": "logistic_regression", "decay": 0})",
                           R"({"kind": "blobs", "samples": 40})");
  EXPECT_FALSE(flat.back().contains("gap"));
  EXPECT_LT(flat.back()["loss"].get<double>(), flat.front()["loss"].get<double>());
}

TEST_F(BadTraining, LeavesNoShardEmpty) {
  expect_refusal(run(R"({"data": {"samples": 3}})"), 2, "3 samples cannot be cut into 4 shards");
  expect_refusal(run(R"({"model": {"kind": "mlp", "layers": [2, 3]},
              "data": {"kind": "blobs", "samples": 12, "partition": "dirichlet:0.001"}})"),
                 2, "leaves rank 0 of 4 without any of the 12 samples");
}

TEST_F(BadTraining, OverAGraphThatIsNotConnectedSaysHowFarItReaches) {
  const std::string graph = R"("graph": {"kind": "edges", "edges": [[0, 1], [2, 3]]})";
  for (const char* strategy : {"d_psgd", "ad_psgd", R"(sgp", "peers": "graph)", "zero_gradient_sum",
                               "extra", "general_zero_gradient_sum", "decentralised_admm"})
    expect_refusal(run(fmt::format(R"({{"strategy": "{}", {}}})", strategy, graph)), 2,
                   "the graph is not connected: 2 of 4 ranks can be reached from rank 0");
}

TEST_F(BadTraining, AtAStepBeyondItsRangeIsWarnedWithTheBound) {
  const auto ran = run(R"({"strategy": "zero_gradient_sum", "optimiser": {"rate": 1000},
                           "data": {"samples": 100}, "stop": {"steps": 1}})");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, testing::ContainsRegex(
                           "^troupe: the step 1000 is outside its range, 0 to [0-9.]+: the "
                           "estimates will move apart\n$"));
}

TEST_F(BadTraining, IsWarnedOfInAQuietRunToo) {
  for (const char* strategy :
       {"zero_gradient_sum", "general_zero_gradient_sum", "continuous_zero_gradient_sum",
        "column_zero_gradient_sum", "delayed_zero_gradient_sum"}) {
    const auto ran = run(fmt::format(R"({{"strategy": "{}", "optimiser": {{"rate": 1000}},
                           "data": {{"samples": 100}}, "stop": {{"steps": 1, "may_diverge": true}}}})",
                                     strategy),
                         4, "-q");
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("troupe: the step 1000 is "));
  }
}

TEST_F(BadTraining, WithASettingOfAnotherModeSaysWhereItBelongs) {
  const auto expect = [&](const std::string& training, const std::string& words) {
    expect_refusal(run(training), 2, "a.json: /training/" + words);
  };
  expect(R"({"strategy": "parameter_server", "mode": "bsp", "staleness": 3})",
         "staleness: given only where mode is ssp; mode is bsp here");
  expect(R"({"strategy": "parameter_server", "mode": "dist_async", "staleness": 3})",
         "staleness: given only where mode is ssp; mode is asp here");
  expect(R"({"strategy": "parameter_server", "mode": "bsp", "compensation": "constant"})",
         "compensation: given only where mode is not bsp; mode is bsp here");
  expect(R"({"strategy": "downpour", "compensation": "adaptive", "lambda": 1})",
         "lambda: given only where compensation is constant; compensation is adaptive here");
  expect(R"({"strategy": "dynamic_sharing", "digits": [4]})",
         "digits: given only where scope is partners; scope is all here");
  expect(R"({"strategy": "hybrid_propagation", "over": "graph", "rounds": 2, "tolerance": 0.1})",
         "tolerance: given only where over is graph and rounds is 0; over is graph and rounds is 2 "
         "here");
  expect(R"({"strategy": "zero_gradient_sum", "displacement": 2})",
         "displacement: given only where start is on_manifold or start is off_manifold or "
         "disturbance is not none; start is local_optima");
  expect(R"({"model": {"basis": "inputs", "width": 1}})",
         "model/width: given only where basis is gaussian; basis is inputs here");
  expect(R"({"data": {"kind": "csv", "file": "d.csv", "first_label": 1}})",
         "data/first_label: given only where classes is not 0; classes is 0 here");
}

TEST_F(BadTraining, WithAPartThatItsStrategyDoesNotUseSaysSo) {
  const auto expect = [&](const std::string& training, const std::string& words) {
    expect_refusal(run(training), 2, "a.json: /training/" + words);
  };
  expect(R"({"strategy": "data_parallel", "graph": {"kind": "star"}})",
         "graph: data_parallel does not use it");
  expect(R"({"strategy": "d_psgd", "collective": "ring"})", "collective: d_psgd does not use it");
  expect(R"({"strategy": "sgp", "graph": {"kind": "star"}})",
         "graph: given only where peers is graph; peers is exponential here");
  expect(R"({"strategy": "map_reduce", "optimiser": {"rate": 1}})",
         "optimiser: map_reduce does not use it");
  expect(R"({"strategy": "zero_gradient_sum", "batch": 10})",
         "batch: zero_gradient_sum does not use it");
  expect(R"({"data": {"sampling": "epochs"}})",
         "data/sampling: given only with batches; a batch is the whole shard here");
  expect(R"({"batch": 10, "data": {"drop_last": true}})",
         "data/drop_last: given only where a sampling uses samples up; \"with_replacement\" here");
}

TEST_F(BadTraining, ByAButterflyNeedsRanksThatItCanFactor) {
  expect_refusal(run(R"({"strategy": "butterfly_mixing"})", 6), 2, "power of two");
  expect_refusal(run(R"({"strategy": "model_parallel_butterfly"})", 6), 2, "power of two");
  const auto scenario = write("c.json", R"({"troupe": 1, "ranks": 6,
      "collective": {"algorithm": "kylix", "radices": [2, 2], "sizes": 8}})");
  expect_refusal(troupe("run " + scenario + " --backend loopback"), 2,
                 "the product of the radices must be the number of ranks, 6");
}

TEST_F(BadTraining, WithFoldsThatAreNoneSaysWhichThereAre) {
  expect_refusal(run(R"({"data": {"folds": 5, "fold": 5}})"), 2,
                 "/training/data/fold: found 5; expected one of the folds 0 to 4");
  expect_refusal(run(R"({"data": {"folds": 1}})"), 2, "/training/data/folds: found 1; expected 2");
  expect_refusal(run(R"({"data": {"fold": 1}})"), 2, "given only with folds");
  expect_refusal(run(R"({"data": {"folds": 5, "held_out": 0.1}})"), 2, "given without folds");
  expect_refusal(run(R"({"data": {"samples": 4, "folds": 5}})"), 2,
                 "4 samples cannot be judged in 5 folds");
}

TEST_F(BadTraining, OfDistributedSamplesNeedsABatchAndNoPartition) {
  expect_refusal(run(R"({"data": {"sampling": "distributed"}})"), 2,
                 "/training/data/sampling: given only with batches");
  expect_refusal(run(R"({"batch": 8, "data": {"sampling": "distributed", "partition": "sorted"}})"),
                 2, "/training/data/partition: given only where samples are not \"distributed\"");
}

TEST_F(BadTraining, LeavesNoReportBehind) {
  EXPECT_EQ(run(std::string{diverging} + "}", 4, "--json " + file("r.json")).status, 1);
  EXPECT_THAT(files(), testing::ElementsAre("a.json"));
}

#ifdef TROUPE_HAS_SIMGRID
TEST_F(BadTraining, OfAModelLargerThanItsDeviceSaysBothNumbers) {
  const auto scenario = write("a.json", R"({"troupe": 1, "payload": "phantom",
      "platform": {"file": ")" TROUPE_SOURCE_DIR R"(/platforms/dgx_h100_2.json"},
      "training": {"model": {"kind": "phantom", "preset": "gpt3_175b"}, "dtype": "float32",
                   "batch": 1, "stop": {"steps": 1}}})");
  const auto ran = troupe("run " + scenario);
  expect_refusal(ran, 2, "a rank keeps 1.41 TB at least (698 GB of parameters, 698 GB of");
  EXPECT_THAT(ran.err, HasSubstr("and rank 0, on a device H100, has 80 GB of memory"));
}

TEST_F(BadTraining, ThatDivergesInASimulationEndsWithStepAndRank) {
  const auto scenario = write("a.json", R"({"troupe": 1, "platform": {"file": ")" TROUPE_SOURCE_DIR
                                        R"(/platforms/star_16.xml", "ranks": 4},
      "training": {"optimiser": {"rate": 1000}, "data": {"samples": 100}}})");
  expect_refusal(troupe("run " + scenario + " --set /training/stop/steps=500"), 1,
                 "training diverged: the loss of rank ");
}
#endif

}  // namespace
}  // namespace troupe::cli_test
