#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Collective : public CliTest {};

TEST_F(Collective, OnThreadsChecksAndMarksTheBest) {
  const auto ran = troupe(
      "collective --backend loopback --ranks 3 --algorithm ring,central -b 64 -e 4K -f 8 -n 2 -w "
      "1");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(ran.out, HasSubstr("ring"));
  EXPECT_THAT(ran.out, HasSubstr("*"));
  EXPECT_THAT(ran.out, testing::Not(HasSubstr("wrong values")));
}

TEST_F(Collective, WritesTheReportAndTheTableAtOnce) {
  const auto ran =
      troupe("collective --backend loopback --ranks 2 --algorithm ring --sizes 1K --json " +
             file("out/report.json") + " --csv " + file("out/report.csv"));
  EXPECT_EQ(ran.status, 0) << ran.err;
  const auto report = json::parse(read(file("out/report.json")));
  EXPECT_EQ(report["troupe_report"], 1);
  EXPECT_EQ(report["results"][0]["algorithm"], "ring");
  EXPECT_EQ(report["results"][0]["wrong"], 0);
  EXPECT_EQ(report["environment"]["backend"], "loopback");
  EXPECT_THAT(read(file("out/report.csv")), testing::StartsWith("op,algorithm,"));
}

TEST_F(Collective, GivesNothingButTheReportOnStandardOutput) {
  const auto ran =
      troupe("collective --backend loopback --ranks 2 --algorithm ring --sizes 1K --json -");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(json::parse(ran.out)["results"].size(), 1u);
}

TEST_F(Collective, IsSilentWhenQuiet) {
  const auto ran = troupe("collective --backend loopback --ranks 2 --algorithm ring --sizes 1K -q");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out + ran.err, "");
}

TEST_F(Collective, TakesTheShortOptionsOfNcclTests) {
  const auto ran = troupe(
      "collective --backend loopback --ranks 2 -a ring -b 8 -e 24 -i 8 -n 3 -w 0 -c 1 -d double -o "
      "max "
      "--json -");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto results = json::parse(ran.out)["results"];
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[1]["bytes"], 16);
  EXPECT_EQ(results[0]["dtype"], "float64");
  EXPECT_EQ(results[0]["redop"], "max");
  EXPECT_EQ(results[0]["iterations"], 3);
}

TEST_F(Collective, PrintsTheTableOfNcclTests) {
  const auto ran =
      troupe("collective --backend loopback --ranks 2 -a ring --sizes 1K --format nccl");
  EXPECT_THAT(ran.out, HasSubstr("#       size         count      type   redop    root     time"));
  EXPECT_THAT(ran.out, HasSubstr("# Out of bounds values : 0 OK"));
}

TEST_F(Collective, RunsEveryCollective) {
  for (const char* op : {"allreduce", "reduce_scatter", "allgather", "broadcast", "reduce",
                         "scatter", "gather", "all_to_all", "all_to_all_v", "barrier"}) {
    const auto ran = troupe(
        std::string{"collective --backend loopback --ranks 4 --sizes 1K -n 1 -w 0 --json - --op "} +
        op);
    ASSERT_EQ(ran.status, 0) << op << ": " << ran.err;
    for (const auto& result : json::parse(ran.out)["results"])
      EXPECT_EQ(result["wrong"], 0) << result;
  }
}

TEST_F(Collective, FailsBelowTheBandwidthAskedFor) {
  const auto ran =
      troupe("collective --backend loopback --ranks 2 -a ring --sizes 8 -q --min-busbw 1000000");
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.err, HasSubstr("below --min-busbw"));
}

#ifdef TROUPE_HAS_SIMGRID
/// A sender of eager messages is done long before its peer is, and waits where the next size
/// begins.
TEST_F(Collective, BeginsASizeTogetherThoughARankWasDoneEarlyWithTheOneBefore) {
  for (const char* network : {"simgrid", "loggp"}) {
    const auto time_of_last = [&](const std::string& sizes) {
      const auto ran = troupe(
          "collective --platform dgx_h100_2 --ranks 2 --op broadcast -a binomial "
          "--eager-limit 1M -q --network " +
          std::string{network} + " --json " + file("r.json") + " --sizes " + sizes);
      EXPECT_EQ(ran.status, 0) << ran.err;
      const auto report = json::parse(read(file("r.json")));
      return report["results"].back()["time_s"].get<double>();
    };
    EXPECT_NEAR(time_of_last("64K,1M") / time_of_last("1M"), 1, 1e-6) << network;
  }
}

/// Links that change while messages are still in their latency: SimGrid 3.32 alone forgets those.
TEST_F(Collective, GoesOnWhereLinksChangeWithTime) {
  write("bandwidth", "0 1e9\n0.0005 1e8\n");
  write("latency", "0 0.001\n0.0005 0.002\n");
  const auto time = [&](const std::string& profiles, const std::string& network_model) {
    const auto platform = write(
        "p.xml",
        "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
        "<platform version='4.1'><zone id='z' routing='Full'><host id='a' speed='1Gf'/>"
        "<host id='b' speed='1Gf'/><link id='l' bandwidth='1GBps' latency='1ms' " +
            profiles +
            "/>"
            "<route src='a' dst='b'><link_ctn id='l'/></route></zone></platform>\n");
    const auto ran = troupe("collective -a ring --sizes 400K -q --platform " + platform +
                            " --cfg=network/model:" + network_model + " --json " + file("r.json"));
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("links change with time"));
    const auto result = json::parse(read(file("r.json")))["results"][0];
    EXPECT_TRUE(result["bound_s"].is_null()) << "nobody knows how wide they will be";
    return result["time_s"].get<double>();
  };
  // Two messages of half of it each way, and a sum of 51,200 values. The cable carries both ways,
  // and 5 % of each way's rate on the other (cross-traffic, SimGrid's default).
  const double half = 200 * 1024.0, sum = 51200e-9;
  const auto expected = [&](double latency, double bandwidth) {
    return 2 * (latency + 2 * 1.05 * half / bandwidth) + sum;
  };
  EXPECT_NEAR(time("bandwidth_file='bandwidth'", "CM02"), expected(1e-3, 1e8), 1e-8);
  EXPECT_NEAR(time("latency_file='latency'", "CM02"), expected(2e-3, 1e9), 1e-8);
  EXPECT_NEAR(time("bandwidth_file='bandwidth'", "LV08"), expected(13.01e-3, 0.97e8), 1e-8);
}

/// What profiles say of hosts: their speed, and whether they are there.
TEST_F(Collective, ComputesAtTheSpeedOfTheMoment) {
  write("half", "0 0.5\nLOOPAFTER 1\n");
  write("off", "0 0\n");
  const auto run = [&](const std::string& profile) {
    const auto platform = write(
        "p.xml",
        "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
        "<platform version='4.1'><config><prop id='network/model' value='CM02'/></config>"
        "<zone id='z' routing='Full'><host id='a' speed='1Gf' " +
            profile +
            "/>"
            "<host id='b' speed='1Gf'/><link id='l' bandwidth='1GBps' latency='1ms'/>"
            "<route src='a' dst='b'><link_ctn id='l'/></route></zone></platform>\n");
    return troupe("collective -a ring --sizes 400K -q --platform " + platform + " --json " +
                  file("r.json"));
  };
  const auto time = [&](const std::string& profile) {
    const auto ran = run(profile);
    EXPECT_EQ(ran.status, 0) << ran.err;
    return json::parse(read(file("r.json")))["results"][0]["time_s"].get<double>();
  };
  // Each rank sums 51,200 values once.
  EXPECT_NEAR(time("speed_file='half'") - time(""), 51200e-9, 1e-9);
  const auto ran = run("state_file='off'");
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err, "troupe: rank 0 is gone: its host failed\n");
}

/// Eight bytes take a thousand times as long as none here, so ranks must not agree on a moment by
/// what an empty message takes. Once, messages were there before the measurement began.
TEST_F(Collective, BeginsTogetherOnASlowNetworkWhereMessagesLeaveAtOnce) {
  const auto scenario = write("slow.json", R"({"troupe": 1, "eager_limit": "1MiB",
      "platform": {"generator": {"kind": "star", "hosts": 8, "bandwidth": 1e3, "latency": 1e-6}},
      "collective": {"op": "broadcast", "algorithm": "binomial", "sizes": [0, 4], "iterations": 3}})");
  // Of four bytes a rank's messages share its cable with each other in SimGrid: three leave the
  // root at once, then two, then one; at ports they follow each other.
  for (const auto& [network, longer] : {std::pair{"simgrid", 24e-3}, {"loggp", 12e-3}}) {
    const auto ran =
        troupe(fmt::format("run {} --network {} -q --json {}", scenario, network, file("r.json")));
    ASSERT_EQ(ran.status, 0) << ran.err;
    const auto results = nlohmann::json::parse(read(file("r.json")))["results"];
    EXPECT_NEAR(results[0]["time_s"].get<double>(), 3e-6, 3e-12) << network;
    EXPECT_NEAR(results[1]["time_s"].get<double>(), longer + 3e-6, 1e-6 * longer) << network;
  }
}

TEST_F(Collective, SimulatedTwiceGivesTheSameBytes) {
  const std::string command =
      "collective --platform fat_tree_64 --ranks 16 --sizes 1K:64K --reproducible -q --json ";
  EXPECT_EQ(troupe(command + file("a.json")).status, 0);
  EXPECT_EQ(troupe(command + file("b.json")).status, 0);
  EXPECT_EQ(read(file("a.json")), read(file("b.json")));
  EXPECT_THAT(read(file("a.json")), testing::Not(testing::IsEmpty()));
}

TEST_F(Collective, SimulatedKeepsItsBoundsOnEveryShippedPlatform) {
  const auto list = troupe("platform list");
  ASSERT_EQ(list.status, 0);
  std::istringstream lines{list.out};
  for (std::string line; std::getline(lines, line);) {
    const auto name = line.substr(0, line.find(' '));
    const bool large =
        name.find("pod") != std::string::npos || name.find("_32") != std::string::npos;
    const auto ran = troupe("collective --platform " + name + " --sizes 8,64K,4M -q" +
                            (large ? " --ranks 32" : ""));
    EXPECT_EQ(ran.status, 0) << name << ": " << ran.err;
  }
}

/// Messages that leave at once reach a rank side by side, iterations overlap, flows compute beside
/// each other: none of it may look like a mistake of ours.
TEST_F(Collective, KeepsItsBoundsWhereMuchHappensAtOnce) {
  const auto hosts = write(
      "memory.json", R"({"troupe_gpu_cluster": 1, "nodes": 1, "node": {"gpus": 8, "speed": 1e9,
          "memory_bandwidth": 4e9, "interconnect": {"kind": "nvswitch", "bandwidth": 12.5e9, "latency": 1e-6}}})");
  for (const std::string op : {"allreduce", "reduce", "gather", "scatter", "broadcast", "barrier"})
    for (const char* network : {"simgrid", "loggp"}) {
      const auto ran = troupe(fmt::format(
          "collective --op {} --platform star_16 --sizes 0,64,4K --eager-limit 1M -q --network {}",
          op, network));
      EXPECT_EQ(ran.status, 0) << ran.err;
      const auto overlapped =
          troupe(fmt::format("collective --op {} --platform {} --sizes 64,1M --eager-limit 1K "
                             "--channels 4 --timing back-to-back "
                             "-q --network {}",
                             op, hosts, network));
      EXPECT_EQ(overlapped.status, 0) << overlapped.err;
    }
}

TEST_F(Collective, TakesTheOptionsOfLaunchersBesideThoseOfNcclTests) {
  // -np is the ranks and -n the iterations, in any order and in all spellings.
  const std::vector<std::string> hosts{"h3", "h3", "h3", "h3", "h0", "h0"};
  const auto list = write("hosts", "h3 slots=4\nh0 slots=4\n");
  for (const auto& arguments :
       {std::string{"-np 6 -n 3 -H h3:4,h0:4"}, std::string{"-n3 --np 6 --hosts h3:4,h0:4"},
        "--np=6 --iterations 3 --hostfile " + list}) {
    const auto ran = troupe("collective --platform star_16 -a ring --sizes 1K --json " +
                            file("r.json") + " " + arguments);
    ASSERT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("median of 3 iterations"));
    const auto report = json::parse(read(file("r.json")));
    std::vector<std::string> found;
    for (const auto& rank : report["ranks"]) found.push_back(rank["host"]);
    EXPECT_EQ(found, hosts) << arguments;
  }
}

TEST_F(Collective, RealPayloadsTakeTheTimeOfPhantomOnes) {
  const std::string command =
      "collective --platform star_16 --ranks 5 --sizes 1K,100K --json - --payload ";
  const auto real = json::parse(troupe(command + "real").out)["results"];
  const auto phantom = json::parse(troupe(command + "phantom").out)["results"];
  ASSERT_EQ(real.size(), phantom.size());
  for (std::size_t i = 0; i < real.size(); ++i) {
    EXPECT_EQ(real[i]["wrong"], 0) << real[i];
    EXPECT_EQ(real[i]["time_s"], phantom[i]["time_s"]) << real[i]["algorithm"];
    EXPECT_EQ(real[i]["sent_bytes"], phantom[i]["sent_bytes"]);
  }
}

TEST_F(Collective, EachMeasurementIsIndependentOfTheOthers) {
  const std::string command = "collective --platform torus_8x8 --json - --sizes ";
  const auto alone = json::parse(troupe(command + "64K -a ring").out)["results"][0];
  for (const auto& result : json::parse(troupe(command + "8,1M,64K").out)["results"]) {
    if (result["algorithm"] != "ring" || result["bytes"] != 65536) continue;
    EXPECT_NEAR(result["time_s"].get<double>() / alone["time_s"].get<double>(), 1, 1e-6);
  }
}

TEST_F(Collective, UsesATableOfTune) {
  const auto tuned = troupe("tune --platform star_16 --sizes 8,1M -q --out " + file("t.json"));
  ASSERT_EQ(tuned.status, 0) << tuned.err;
  const auto table = json::parse(read(file("t.json")));
  const auto ran = troupe("collective --platform star_16 --sizes 8,1M --algorithm tuned --tuning " +
                          file("t.json") + " --json -");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const auto results = json::parse(ran.out)["results"];
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0]["algorithm"], table["sizes"][0]["algorithm"]);
  EXPECT_EQ(results[1]["algorithm"], table["sizes"][1]["algorithm"]);
  const auto other = troupe(
      "collective --platform torus_8x8 --sizes 8 --algorithm tuned --tuning " + file("t.json"));
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, HasSubstr("tune again"));
}

TEST_F(Collective, InTheLogGPWorldTakesTheTimeOfTheFlowsWhereTheyDoNotMeet) {
  const std::string what =
      "collective --platform fat_tree_64 --algorithm ring,hierarchical --sizes 64K,1M --json - ";
  const auto flows = json::parse(troupe(what).out);
  const auto ports = troupe(what + "--network loggp");
  ASSERT_EQ(ports.status, 0) << ports.err;
  EXPECT_EQ(json::parse(ports.out)["environment"]["network"], "loggp");
  const auto a = flows["results"][0], b = json::parse(ports.out)["results"][0];
  EXPECT_EQ(a["algorithm"], "ring");
  EXPECT_NEAR(b["time_s"].get<double>(), a["time_s"].get<double>(),
              1e-9 * a["time_s"].get<double>());
  EXPECT_EQ(a["messages"], b["messages"]);
}

TEST_F(Collective, InTheLogGPWorldTakesAScenariosZeroForTheOverheadsOfItsPlatform) {
  const auto time = [&](const std::string& loggp) {
    const auto scenario = write("s.json", R"({"troupe": 1, "network": "loggp",
        "platform": {"generator": {"kind": "star", "hosts": 4, "bandwidth": "1GBps", "latency": "1us",
          "loggp": {"across": {"overhead": "1ms", "overhead_per_byte": "1us", "gap": "1ms"}}}},
        "collective": {"algorithm": "ring", "sizes": "1K"})" +
                                              loggp + "}");
    return json::parse(troupe("run -q --json - " + scenario).out)["results"][0]["time_s"]
        .get<double>();
  };
  EXPECT_GT(time(""), 1e-2);
  EXPECT_LT(time(R"(, "loggp": {"overhead": 0, "overhead_per_byte": 0, "gap": 0})"), 1e-4);
  EXPECT_GT(time(R"(, "loggp": {"overhead": 0})"), 1e-3);  // the rest is the platform's
}
TEST_F(Collective, InTheLogGPWorldKeepsModelAndBoundWhereNothingIsSaidOfTheNetwork) {
  const auto result = [&](const std::string& loggp) {
    const auto scenario = write("s.json", R"({"troupe": 1, "network": "loggp",
        "platform": {"file": ")" TROUPE_SOURCE_DIR R"(/platforms/dgx_h100_2.json"},
        "collective": {"algorithm": "ring", "sizes": "1M"}, "loggp": )" +
                                              loggp + "}");
    return json::parse(troupe("run -q --json - " + scenario).out)["results"][0];
  };
  const auto as_it_stands = result("{}");
  const auto with_overhead = result(R"({"across": {"overhead": "1us", "eager_limit": 8}})");
  EXPECT_EQ(with_overhead["model_s"], as_it_stands["model_s"]);
  EXPECT_EQ(with_overhead["bound_s"], as_it_stands["bound_s"]);
  // 2 (n - 1) steps of L and a block of 64 KiB, which is reduced half of the times
  const auto slower = result(R"({"across": {"latency": "1ms"}})");
  EXPECT_NEAR(slower["model_s"].get<double>() - as_it_stands["model_s"].get<double>(),
              30 * (1e-3 - 2e-6), 1e-6);
  EXPECT_TRUE(slower["bound_s"].is_null());
}
TEST_F(Collective, InTheLogGPWorldSaysThatTimeCannotBeCounted) {
  for (const std::string star :
       {R"("bandwidth": "1GBps", "latency": "1e308")", R"("bandwidth": "1e-305", "latency": 0)"}) {
    const auto scenario = write("s.json", R"({"troupe": 1, "network": "loggp", "payload": "phantom",
        "platform": {"generator": {"kind": "star", "hosts": 4, )" +
                                              star + R"(}},
        "collective": {"algorithm": "ring", "sizes": "1M"}})");
    const auto ran = troupe("run " + scenario);
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("simulated time has gone beyond 1.8e308 s"));
  }
}
TEST_F(Collective, InTheLogGPWorldNamesTheLinksItDoesNotSee) {
  const std::string what =
      "collective --network loggp --platform fat_tree_64 --sizes 1M --json - --algorithm ";
  const auto ring = troupe(what + "ring"), halving = troupe(what + "halving_doubling");
  EXPECT_EQ(ring.err, "");
  EXPECT_THAT(halving.err, HasSubstr("they would have oversubscribed link_from_"));
  EXPECT_THAT(json::parse(halving.out)["environment"]["note"].get<std::string>(),
              HasSubstr("by up to 2"));
}
#endif

}  // namespace
}  // namespace troupe::cli_test
