// troupe calibrate, and simulations of what it measured.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Calibrate : public CliTest {
 protected:
  /// Least squares of 20 features in batches of 20, for so many steps, on one rank.
  std::string scenario(int steps) const {
    return write("s.json", fmt::format(R"({{"troupe": 1, "training": {{
        "strategy": "data_parallel", "model": {{"kind": "least_squares", "features": 20}},
        "batch": 20, "data": {{"kind": "sinc", "samples": 100}}, "optimiser": {{"rate": 1}},
        "evaluate_every": 0, "stop": {{"steps": {}}}}}}})",
                                       steps));
  }
  /// The report of a simulated run of it.
  json simulated(const std::string& scenario, const std::string& options) const {
    const auto ran =
        troupe(fmt::format("run {} --platform dgx_h100_2 --ranks 1 --network loggp {} --json {}",
                           scenario, options, file("report.json")));
    EXPECT_EQ(ran.status, 0) << ran.err;
    return json::parse(read(file("report.json")));
  }
};

TEST_F(Calibrate, ARunChargedWithWhatWasMeasuredOfASimulatedDeviceTakesAsLongAsOnThatDevice) {
  const auto s = scenario(50);
  const auto ran =
      troupe(fmt::format("calibrate --device --backend sim --platform dgx_h100_2 --quick --dtype "
                         "float64 --for {} -o {}",
                         s, file("d.json")));
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("launch overhead 3.00 us"));
  const auto on_the_device = simulated(s, ""), charged = simulated(s, "--device " + file("d.json"));
  EXPECT_EQ(charged["environment"]["compute_device"], "dgx_h100_2");
  EXPECT_EQ(charged["environment"]["compute_device_digest"].get<std::string>().size(), 16u);
  const double expected = on_the_device["totals"]["time_s"];
  EXPECT_GT(expected, 50 * 7 * 3e-6);
  EXPECT_NEAR(charged["totals"]["time_s"].get<double>(), expected, 1e-9 * expected);
}

/// The best rate of products of a file, without their launches of 3 us.
double best_product(const json& device, const std::string& dtype) {
  double best = 0;
  for (const auto& entry : device["kernels"])
    if (entry["kernel"] == "Gemm" && entry["dtype"] == dtype)
      for (const auto& point : entry["points"])
        best =
            std::max(best, point["flops"].get<double>() / (point["time_s"].get<double>() - 3e-6));
  return best;
}

TEST_F(Calibrate, FindsTheRateOfMatrixUnitsWhereADeviceMultipliesBfloat16) {
  const auto measured = [&](const std::string& dtypes) {
    const auto ran = troupe("calibrate --device --backend sim --platform dgx_h100_2 --quick -q " +
                            dtypes + " -o " + file("d.json"));
    EXPECT_EQ(ran.status, 0) << ran.err;
    return json::parse(read(file("d.json")));
  };
  const auto all = measured("");
  EXPECT_NEAR(best_product(all, "bfloat16"), 989e12, 1e9);  // the H100's datasheet
  EXPECT_NEAR(best_product(all, "float32"), 67e12, 1e9);
  EXPECT_EQ(best_product(measured("--dtype float32,float64"), "bfloat16"), 0);
  const auto narrow = measured("--dtype bfloat16");
  EXPECT_NEAR(best_product(narrow, "bfloat16"), 989e12, 1e9);
  EXPECT_EQ(narrow["kernels"].size(), 3u);  // nn, nt, tn
}

/// Each step gathers inputs and targets, copies the targets, multiplies twice, adds the ridge's
/// gradient, and updates; before the first, parameters are set to 0.
TEST_F(Calibrate, ASimulatedRunTakesTheTimesOfTheFileAddedUp) {
  const auto entry = [](const char* kernel, const char* form, const char* sizes, double seconds) {
    return fmt::format(R"({{"kernel": "{}", {}"dtype": "float64", "points": [
        {{"sizes": {}, "flops": 1, "bytes": 1, "time_s": {}}}]}})",
                       kernel, form, sizes, seconds);
  };
  const auto device = write(
      "d.json",
      fmt::format(R"({{"troupe_device": 1, "name": "by hand", "kernels": [{}, {}, {}, {}, {}, {}],
                       "exact": [{}]}})",
                  entry("Gather", "", R"({"width": 20, "columns": 20, "from": 100})", 1e-3),
                  entry("Copy", "", R"({"count": 20})", 2e-3),
                  entry("Gemm", R"("form": "tn", )", R"({"m": 20, "n": 1, "k": 20})", 4e-3),
                  entry("Gemm", R"("form": "nn", )", R"({"m": 20, "n": 1, "k": 20})", 8e-3),
                  entry("Axpy", "", R"({"count": 20})", 16e-3),
                  entry("Fill", "", R"({"count": 20})", 32e-3),
                  entry("Gather", "", R"({"width": 1, "columns": 20, "from": 100})", 64e-3)));
  const auto report = simulated(scenario(10), "--device " + device);
  const double step = (1 + 64 + 2 + 4 + 8 + 16 + 16) * 1e-3;
  EXPECT_NEAR(report["totals"]["time_s"].get<double>(), 32e-3 + 10 * step, 1e-9);
}

TEST_F(Calibrate, RefusesWhatItCannotMeasureWithOneMessage) {
  const auto said = [](const std::string& arguments) {
    const auto ran = troupe("calibrate " + arguments);
    EXPECT_EQ(ran.status, 2) << arguments;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    return ran.err;
  };
  EXPECT_THAT(said("--device --dtype float23"),
              HasSubstr("expected some of float32,float64,bfloat16, did you mean \"float32\""));
  EXPECT_THAT(said("--device --backend sim"), HasSubstr("--platform says which"));
  EXPECT_THAT(said("--device --platform star_16"), HasSubstr("--platform is of --backend sim"));
  EXPECT_THAT(said("--device --backend loopbac"), HasSubstr("did you mean \"loopback\""));
  EXPECT_THAT(said("--device --for /no/such.json"), HasSubstr("/no/such.json"));
  const auto collective = write("c.json", R"({"troupe": 1, "collective": {}})");
  EXPECT_THAT(said("--device --for " + collective), HasSubstr("no training"));
}

TEST_F(Calibrate, AScenarioWithAWrongDeviceSaysWhere) {
  const auto s = scenario(1);
  const auto said = [&](const std::string& options) {
    const auto ran = troupe(
        fmt::format("run {} --platform dgx_h100_2 --ranks 1 --network loggp {}", s, options));
    EXPECT_EQ(ran.status, 2);
    return ran.err;
  };
  EXPECT_THAT(said("--device /no/such.json"),
              HasSubstr("--device: /no/such.json: cannot read this file"));
  EXPECT_THAT(said("--set /compute/device=" + s),
              HasSubstr("s.json: no measured device (\"troupe_device\": 1)"));
  const auto device = write("d.json", R"({"troupe_device": 1, "name": "d", "kernels": []})");
  EXPECT_THAT(said("--compute flops --device " + device),
              HasSubstr("measured times are charged in model \"roofline\""));
}

TEST_F(Calibrate, ARealRunComputesAndDoesNotAskTheFile) {
  const auto device = write("d.json", R"({"troupe_device": 1, "name": "d", "kernels": []})");
  auto named = json::parse(read(scenario(3)));
  named["compute"]["device"] = "d.json";
  const auto ran = troupe(fmt::format("run {} --ranks 1 --backend loopback --json {}",
                                      write("named.json", named.dump()), file("r.json")));
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto report = json::parse(read(file("r.json")));
  EXPECT_FALSE(report["environment"].contains("compute_device"));
  EXPECT_FALSE(report["scenario"]["compute"].contains("device"));
  const auto asked =
      troupe(fmt::format("run {} --ranks 1 --backend loopback --device {}", scenario(3), device));
  EXPECT_EQ(asked.status, 2) << "who asks for it wants a simulation";
}

#ifdef TROUPE_MPI_PROGRAM
TEST_F(Calibrate, UnderMpirunMeasuresOneRankAndRefusesMore) {
  const auto one =
      troupe("calibrate --device --quick --dtype float32 --backend mpi -o " + file("d.json"),
             fmt::format("{} -n 1 ", MPIEXEC));
  ASSERT_EQ(one.status, 0) << one.err;
  const auto device = json::parse(read(file("d.json")));
  EXPECT_EQ(device["backend"], "mpi");
  EXPECT_GT(device["launch_overhead_s"].get<double>(), 0);
  const auto two = troupe("calibrate --device --backend mpi", fmt::format("{} -n 2 ", MPIEXEC));
  EXPECT_EQ(two.status, 2);
  EXPECT_THAT(two.err, HasSubstr("measures one rank, the launcher started 2"));
  EXPECT_THAT(troupe("calibrate --device --backend mpi").err, HasSubstr("mpirun -n 1 troupe"));
}
#endif

}  // namespace
}  // namespace troupe::cli_test
