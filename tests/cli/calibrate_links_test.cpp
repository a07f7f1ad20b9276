// troupe calibrate of networks: a simulated platform is measured, and what is written simulates it.

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* head = R"(<?xml version="1.0"?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <config>
    <prop id="network/model" value="{}"/>
    <prop id="network/crosstraffic" value="0"/>
    <prop id="network/TCP-gamma" value="0"/>
    {}
  </config>
)";

class CalibrateLinks : public CliTest {
 protected:
  std::string platform(const std::string& name, const std::string& zone, const char* model = "CM02",
                       const char* settings = "") const {
    return write(name + ".xml", fmt::format(head, model, settings) + zone + "</platform>\n");
  }
  std::string star(const char* model = "CM02", const char* settings = "") const {
    return platform("star", R"(<cluster id="star" prefix="h" suffix="" radical="0-3" speed="10Gf"
        bw="100Mbps" lat="1ms" sharing_policy="SPLITDUPLEX"/>)",
                    model, settings);
  }
  /// Two racks of four whose hosts could send four times what the cable between them carries.
  std::string racks() const {
    std::string zone = "<zone id=\"racks\" routing=\"Full\">\n";
    for (const char* rack : {"a", "b"})
      zone += fmt::format(R"(<cluster id="{0}" prefix="{0}" suffix="" radical="0-3" speed="10Gf"
          bw="50Mbps" lat="0.5ms" sharing_policy="SPLITDUPLEX" router_id="r{0}"/>
          <link id="up_{0}" bandwidth="50Mbps" latency="0.25ms" sharing_policy="SPLITDUPLEX"/>)",
                          rack);
    return platform("racks", zone + R"(<zoneRoute src="a" dst="b" gw_src="ra" gw_dst="rb">
        <link_ctn id="up_a" direction="UP"/><link_ctn id="up_b" direction="DOWN"/></zoneRoute>
        </zone>)");
  }
  /// Four hosts of which every one differs.
  std::string uneven() const {
    std::string zone = "<zone id=\"uneven\" routing=\"Full\">\n";
    const struct {
      const char *name, *bandwidth, *latency, *speed;
    } hosts[]{{"p", "100Mbps", "0.3ms", "10Gf"},
              {"q", "100Mbps", "0.6ms", "10Gf"},
              {"r", "50Mbps", "1ms", "5Gf"},
              {"s", "20Mbps", "2ms", "1Gf"}};
    for (const auto& host : hosts)
      zone += fmt::format(R"(<host id="{0}" speed="{3}"/>
          <link id="l{0}" bandwidth="{1}" latency="{2}" sharing_policy="SPLITDUPLEX"/>)",
                          host.name, host.bandwidth, host.latency, host.speed);
    for (const auto& from : hosts)
      for (const auto& to : hosts)
        if (std::string{from.name} < to.name)
          zone += fmt::format(R"(<route src="{0}" dst="{1}"><link_ctn id="l{0}" direction="UP"/>
              <link_ctn id="l{1}" direction="DOWN"/></route>)",
                              from.name, to.name);
    return platform("uneven", zone + "</zone>");
  }

  /// Times of collectives, in one order.
  std::vector<double> times_on(const std::string& platform, const std::string& network,
                               const std::string& eager_limit = "0") const {
    std::vector<double> times;
    for (const char* what : {"--op allreduce -a ring,recursive_doubling,halving_doubling,central",
                             "--op broadcast -a binomial"}) {
      const auto ran =
          troupe(fmt::format("collective --platform {} --network {} {} --sizes "
                             "4K,64K,1M --eager-limit {} -q --json {}",
                             platform, network, what, eager_limit, file("r.json")));
      EXPECT_EQ(ran.status, 0) << ran.err;
      const auto report = json::parse(read(file("r.json")));
      for (const auto& result : report["results"]) times.push_back(result["time_s"]);
    }
    return times;
  }

  /// What is written simulates collectives as the platform that was measured does.
  void expect_the_same_again(const std::string& platform, const std::string& network,
                             const std::string& sizes = "",
                             const std::string& eager_limit = "0") const {
    const auto ran = troupe(fmt::format("calibrate --platform {} --network {} {} -q -o {}",
                                        platform, network, sizes, file("mine.xml")));
    ASSERT_EQ(ran.status, 0) << ran.err;
    const auto before = times_on(platform, network, eager_limit),
               after = times_on(file("mine.xml"), network, eager_limit);
    ASSERT_EQ(before.size(), after.size());
    for (std::size_t i = 0; i < before.size(); ++i)
      EXPECT_NEAR(after[i] / before[i], 1, 0.01) << platform << " " << network << " " << i;
  }
};

TEST_F(CalibrateLinks, AStarIsRecovered) {
  for (const char* network : {"simgrid", "loggp"}) expect_the_same_again(star(), network);
}

TEST_F(CalibrateLinks, TwoRacksThatShareACableAreRecovered) {
  for (const char* network : {"simgrid", "loggp"})
    expect_the_same_again(racks(), network, "--quick");
}

TEST_F(CalibrateLinks, HostsThatAllDifferAreRecovered) {
  for (const char* network : {"simgrid", "loggp"})
    expect_the_same_again(uneven(), network, "--quick");
}

TEST_F(CalibrateLinks, HostsWhosePairsHaveOneConnectionAreRecovered) {
  const auto plain = uneven();
  auto xml = read(plain);
  xml.insert(xml.find("<host "), "<prop id=\"connections\" value=\"one_per_pair\"/>\n");
  const auto before = write("connections.xml", xml);
  // Eager messages run ahead of each other on the way round a ring (of 1 MiB).
  constexpr std::size_t ring = 8;
  EXPECT_LT(times_on(before, "simgrid", "1M")[ring], 0.9 * times_on(plain, "simgrid", "1M")[ring]);
  expect_the_same_again(before, "simgrid", "--quick --eager-limit 4M", "1M");
  EXPECT_THAT(read(file("mine.xml")), HasSubstr("one_per_pair"));
  expect_the_same_again(plain, "simgrid", "--quick");
  EXPECT_EQ(read(file("mine.xml")).find("one_per_pair"), std::string::npos);
  const auto refused = troupe("platform show --cfg network/TCP-gamma:1000000 " + before);
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("set network/TCP-gamma to 0"));
}

TEST_F(CalibrateLinks, FactorsBySizeAreRecoveredAndCharged) {
  const auto before = star("SMPI", R"(<prop id="network/weight-S" value="0"/>
      <prop id="smpi/lat-factor" value="0:1;65536:3"/>
      <prop id="smpi/bw-factor" value="0:0.5;65536:1"/>)");
  for (const char* network : {"simgrid", "loggp"}) {
    expect_the_same_again(before, network);
    const auto written = read(file("mine.xml"));
    EXPECT_THAT(written, HasSubstr(R"(<prop id="smpi/lat-factor" value="0:1;65536:3"/>)"));
    EXPECT_THAT(written, HasSubstr(R"(<prop id="smpi/bw-factor" value="0:0.5;65536:1"/>)"));
  }
}

TEST_F(CalibrateLinks, DataFitAndResidualsAreWritten) {
  const auto ran = troupe(fmt::format("calibrate --platform {} --quick -o {} --json {}", racks(),
                                      file("mine.xml"), file("mine.json")));
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("# 8 ranks on sim, eager limit 0"));
  EXPECT_THAT(ran.out, HasSubstr("doubt: latencies between groups are seen in sums only"));
  const auto written = json::parse(read(file("mine.json")));
  EXPECT_EQ(written["troupe_links"], 1);
  EXPECT_EQ(written["hosts"].size(), 8u);
  EXPECT_EQ(written["data"]["pairs"].size(), 28u);
  EXPECT_EQ(written["fit"]["groups"].size(), 2u);
  EXPECT_NEAR(written["fit"]["groups"][0]["bandwidth_Bps"].get<double>(), 6.25e6, 1);
  EXPECT_NEAR(written["fit"]["groups"][0]["latency_s"].get<double>(), 2.5e-4, 1e-9);
  EXPECT_LT(written["residuals"]["rms_relative_error"].get<double>(), 1e-6);
}

TEST_F(CalibrateLinks, APlatformSaysWhichMessagesLeaveAtOnce) {
  const auto calibrated = troupe(fmt::format(
      "calibrate --platform {} --quick --eager-limit 64K -q -o {}", star(), file("mine.xml")));
  ASSERT_EQ(calibrated.status, 0) << calibrated.err;
  const auto limit_of_run = [&](const std::string& options) {
    const auto ran =
        troupe(fmt::format("collective --platform {} -a ring --sizes 4K -q {} --json {}",
                           file("mine.xml"), options, file("r.json")));
    EXPECT_EQ(ran.status, 0) << ran.err;
    return json::parse(read(file("r.json")))["scenario"]["eager_limit"];
  };
  EXPECT_EQ(limit_of_run(""), 65536);
  EXPECT_EQ(limit_of_run("--eager-limit 0"), 0);
  auto text = read(file("mine.xml"));
  text.replace(text.find("65536"), 5, "a lot");
  const auto wrong = write("wrong.xml", text);
  const auto ran = troupe("collective -a ring --sizes 4K --platform " + wrong);
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("eager_limit \"a lot\": expected a size in bytes"));
}

TEST_F(CalibrateLinks, RefusesWhatItCannotMeasureWithOneMessage) {
  const auto said = [](const std::string& arguments) {
    const auto ran = troupe("calibrate " + arguments);
    EXPECT_EQ(ran.status, 2) << arguments;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    return ran.err;
  };
  EXPECT_THAT(said("--backend loopback --ranks 1"), HasSubstr("there is 1, give --ranks"));
  EXPECT_THAT(said("--platform star_16 --sizes 4K"), HasSubstr("one size alone does not tell"));
  EXPECT_THAT(said("--platform star_16 --sizes 0,4K"), HasSubstr("begin with 1"));
  EXPECT_THAT(said("--platform star_16 --sizes ''"), HasSubstr("the size \"\" is empty"));
  EXPECT_THAT(said("--platform star_16 --ranks none"), HasSubstr("--ranks \"none\""));
  EXPECT_THAT(said("--platform star_16 --network logp"), HasSubstr("expected simgrid or loggp"));
  EXPECT_THAT(said("--platform star_61"), HasSubstr("star_16"));
  EXPECT_THAT(said("--platform star_16 --points"), HasSubstr("give --device too"));
  EXPECT_THAT(said("--device --sizes 1:4K"), HasSubstr("--device measures none"));
  EXPECT_THAT(said("--backend loopback --platform star_16"), HasSubstr("is of --backend sim"));
}

#ifdef TROUPE_MPI_PROGRAM
TEST_F(CalibrateLinks, UnderMpirunMeasuresWhatIsThereAndSimulationsReadIt) {
  // Up to messages of a millisecond: those of a few microseconds are lost in what else runs here.
  // Where all are, the command says so; this tries again.
  Ran ran;
  for (int attempt = 0; attempt < 3; ++attempt) {
    ran = troupe(fmt::format("calibrate --quick --sizes 1:4M:x8 -o {} --json {}", file("mine.xml"),
                             file("mine.json")),
                 fmt::format("{} -n 2 ", MPIEXEC));
    if (ran.err.find("longer messages take no longer") == std::string::npos) break;
  }
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("# 2 ranks on mpi"));
  const auto written = json::parse(read(file("mine.json")));
  EXPECT_EQ(written["backend"], "mpi");
  for (const auto& rank : written["fit"]["ranks"]) {
    EXPECT_GT(rank["bandwidth_Bps"].get<double>(), 1e6);
    EXPECT_GE(rank["latency_s"].get<double>(), 0);
    EXPECT_GT(rank["flops_per_s"].get<double>(), 1e8);
  }
  const auto simulated = troupe("collective -a ring --sizes 64K -q --platform " + file("mine.xml"));
  EXPECT_EQ(simulated.status, 0) << simulated.err;
  const auto alone = troupe("calibrate", fmt::format("{} -n 1 ", MPIEXEC));
  EXPECT_EQ(alone.status, 2);
  EXPECT_THAT(alone.err, HasSubstr("there is 1, as the launcher started them"));
}
#endif

}  // namespace
}  // namespace troupe::cli_test
