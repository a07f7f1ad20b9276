// Bad input: one clear line on stderr, nothing on stdout, exit status 2, no file left behind.

#include <fmt/format.h>

#include <bit>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using testing::HasSubstr;

class Refused : public CliTest {
 protected:
  /// `arguments` are refused with a line that holds `words`.
  static void refused(const std::string& arguments, const std::string& words) {
    SCOPED_TRACE("troupe " + arguments);
    const auto ran = troupe(arguments);
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, testing::StartsWith("troupe: "));
    EXPECT_THAT(ran.err, HasSubstr(words));
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
  static void refused_collective(const std::string& arguments, const std::string& words) {
    refused("collective --backend loopback " + arguments, words);
  }
};

TEST_F(Refused, UnknownCommandsAndOptions) {
  refused("colective", "unknown command \"colective\", did you mean \"collective\"?");
  refused("collective --sizs 1K", "unknown option --sizs, did you mean \"--sizes\"?");
  refused("collective 1K", "too many arguments");
  refused("collective --sizes", "required argument");
  refused("collective --sizes 1K --sizes 2K", "--sizes");
  refused("run", "usage: troupe run SCENARIO.json");
  refused("platform lst", "did you mean \"list\"?");
}

TEST_F(Refused, WrongSizes) {
  refused_collective("--sizes 1X", "--sizes: the size \"1X\" has the unknown unit");
  refused_collective("--sizes -5", "--sizes: the size \"-5\" is negative");
  refused_collective("--sizes 99999999999999999999", "--sizes: the size");
  refused_collective("--sizes 1K:1", "end before they begin");
  refused_collective("-b 8 -e 4", "end before they begin");
  refused_collective("-b 8 --sizes 4", "give one of them");
  refused_collective("-b 8 -e 64 -f 2 -i 8", "give one of them");
  refused_collective("-f 2", "-b and -e");
}

TEST_F(Refused, WrongNamesAndNumbers) {
  refused_collective("--op alreduce", "--op: no collective is called \"alreduce\", did you mean");
  refused_collective("--algorithm rin", "did you mean \"ring\"?");
  refused_collective("--dtype flot", "--dtype: unknown dtype \"flot\", did you mean \"float\"?");
  refused_collective("--redop sm", "--redop: unknown reduction \"sm\", did you mean \"sum\"?");
  refused_collective("--dtype half", "only travels");
  refused_collective("-n 0", "--iterations: found 0; expected a whole number from 1");
  refused_collective("-n x", "--iterations: found \"x\"");
  refused_collective("-n -3", "--iterations: found -3");
  refused_collective("-c 7", "--check \"7\": expected 0 or 1");
  refused_collective("--timing back", "did you mean \"back-to-back\"?");
  refused_collective("--format matrx", "did you mean \"matrix\"?");
  refused_collective("--min-busbw no", "expected a number above 0");
  refused_collective("--payload reel", "--payload: found \"reel\"; expected one of real, phantom");
  refused_collective("--seed -1", "--seed: found -1");
  refused_collective("--op broadcast --root 9", "root 9 is no rank");
  refused_collective("--ranks 0", "--ranks: found 0");
  refused_collective("--ranks 99999", "too many for threads");
  refused_collective("--algorithm auto", "give --platform");
  refused_collective("--payload phantom -c 1", "no values to check");
}

TEST_F(Refused, ALibrarysOwnCollectivesWhereTheLibraryIsNot) {
  const std::string words =
      "algorithm \"mpi\" is a library's own allreduce: only with --backend mpi";
  refused_collective("--algorithm ring,mpi", words);
  refused_collective("--algorithm all,mpi", words);
#ifdef TROUPE_HAS_SIMGRID
  for (const char* network : {"simgrid", "loggp"})
    refused(fmt::format("collective --platform star_16 --network {} -a mpi", network), words);
#endif
}

TEST_F(Refused, WhatNcclCannotCarry) {
  refused_collective("--transport nccl", "--transport nccl: it says what carries messages between");
  refused("collective --backend cuda --transport ncll",
          "--transport \"ncll\": expected mpi or nccl, did you mean \"nccl\"?");
  const std::filesystem::path program{TROUPE_PROGRAM};
  if (!std::filesystem::exists(program.parent_path() / "troupe-cuda")) return;
  refused("collective --backend cuda --ranks 1 --transport nccl -a ring,kylix --sizes 1K",
          "--transport nccl: kylix allreduce has no schedule that is known beforehand; use");
}

TEST_F(Refused, WhatOnlyGpusHave) {
  for (const char* flag : {"--tf32", "--bf16", "--device-times"})
    refused_collective(flag, fmt::format("{}: it is about the GPUs of --backend cuda, and this is "
                                         "--backend loopback",
                                         flag));
  for (const char* flag : {"--tf32", "--bf16"}) {
    refused(fmt::format("calibrate --device {}", flag), "and this is --backend loopback");
    refused(fmt::format("calibrate {}", flag), "is about a device: give --device too");
  }
}

TEST_F(Refused, ASimulatedNetworkWhereNothingIsSimulated) {
  const std::string words = "it is about the network of a simulation, and this is --backend ";
  for (const std::string network : {"simgrid", "loggp"})
    refused_collective("--network " + network, "--network " + network + ": " + words + "loopback");
  refused_collective("--platform star_16 --network loggp", words + "loopback");
  const auto scenario = write("s.json", R"({"troupe": 1, "collective": {"sizes": 8}})");
  refused("run " + scenario + " --backend loopback --set /network=loggp",
          "--set /network=loggp: " + words + "loopback");
}

TEST_F(Refused, WhatASimulationChargesOrLogsWhereThereIsNone) {
  const std::string charges = ": it is about what a simulation charges for kernels, and this is ";
  refused_collective("--compute flops", "--compute" + charges + "--backend loopback");
  const auto scenario = write("s.json", R"({"troupe": 1, "collective": {"sizes": 8}})");
  refused("run " + scenario + " --backend loopback --set /compute/model=flops",
          "--set /compute/model=flops" + charges + "--backend loopback");
  refused_collective("--log troupe.thres:debug", "--log: it is about what a simulation logs, and");
}

TEST_F(CliTest, AFileThatNamesANetworkRunsOnThreads) {
  const auto scenario =
      write("s.json", R"({"troupe": 1, "network": "loggp", "collective": {"sizes": 8}})");
  const auto ran = troupe("run " + scenario + " --backend loopback -q");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.err, "");
}

TEST_F(Refused, FilesInThePlaceOfOthers) {
  const auto star = R"({"kind": "star", "hosts": 2, "bandwidth": 1e9, "latency": 0})";
  const auto scenario = write(
      "s.json", R"({"troupe": 1, "platform": {"file": "p.json"}, "collective": {"sizes": 8}})");
  const auto in_short = write("short.json", R"({"troupe": 1, "platform": "p.json"})");
  const auto generated =
      write("g.json", fmt::format(R"({{"troupe": 1, "platform": {{"generator": {}}}}})", star));
  const auto bare = write("bare.json", R"({"troupe": 1})");
  const auto platform = write("p.json", R"({"troupe_gpu_cluster": 1, "nodes": 1})");
  const auto device = write("d.json", R"({"troupe_device": 1, "name": "mine"})");
  const auto report = write("r.json", R"({"troupe_report": 1, "scenario": {}})");
  const auto sweep = write("w.json", R"({"troupe_sweep": 1})");
  const auto xml = write("p.xml", "<?xml version='1.0'?>\n<platform version=\"4.1\"/>\n");

  const auto is_scenario = [](const std::string& file) {
    return fmt::format("{0}: this is a scenario (troupe run {0} runs it), not a ", file);
  };
#ifdef TROUPE_HAS_SIMGRID
  refused("platform show " + scenario,
          is_scenario(scenario) + "platform; its platform: troupe platform show " + platform);
  refused("platform check " + in_short, "its platform: troupe platform show " + platform);
  refused("platform show " + generated, "platform; its platform is generated and has no file");
  refused("platform show " + bare, "platform; it names no platform");
  refused("platform show " + device, "this is a measured device (--device " + device);
  refused("platform show " + report, "this is a report (troupe report " + report);
#endif
  refused("collective --network loggp --platform " + scenario, is_scenario(scenario) + "platform");
  refused("run " + platform, "this is a platform (troupe platform show " + platform +
                                 " shows it), and a scenario begins with \"troupe\": 1");
  refused("run " + xml, xml + ": this is XML, not a scenario; a platform (troupe platform show ");
  refused("run " + device, "this is a measured device (--device ");
  refused("run " + report, "this is a report (troupe report ");
  refused("run " + sweep, "this is a sweep (troupe sweep ");
  refused("sweep --out " + file("out") + " " + scenario, "this is a scenario (troupe run ");
  refused("report -o " + file("o.html") + " " + scenario, is_scenario(scenario) + "report");
  refused("collective --backend loopback --device " + report,
          "no measured device (\"troupe_device\": 1) but a report (troupe report ");
}

TEST_F(Refused, ProductsOfFloat32ThatContradictEachOther) {
  const std::string contradiction = "--tf32 and --bf16 contradict each other";
  refused_collective("--tf32 --bf16", contradiction);
  refused("calibrate --device --backend cuda --bf16 --tf32", contradiction);
}

TEST_F(Refused, UnknownBackends) {
  refused("collective --backend foo", "--backend \"foo\": unknown backend");
  const std::filesystem::path program{TROUPE_PROGRAM};
  if (!std::filesystem::exists(program.parent_path() / "troupe-cuda"))
    refused("collective --backend cuda", "troupe-cuda is not beside this program");
  refused("doctor --backend lopback", "did you mean \"loopback\"?");
}

TEST_F(Refused, OutputsThatCannotBeWritten) {
  refused_collective("--json /proc/none/x.json", "cannot write /proc/none/x.json");
  refused_collective("--csv " + file("."), "it is a folder");
  refused_collective("--json - --csv -", "cannot share standard output");
  refused_collective("--json " + file("a") + " --csv " + file("./a"), "are one file");
}
TEST_F(Refused, OutputsThatWouldReplaceWhatIsRead) {
  const std::string content = R"({"troupe": 1, "platform": {"generator": {"kind": "star",
      "hosts": 2, "bandwidth": "1GBps", "latency": 0}}, "collective": {"sizes": 8}})";
  const auto scenario = write("s.json", content);
  refused("run " + scenario + " --json " + file("./s.json"), "it is the scenario, which would be");
  refused("collective --sizes 8 --platform " + scenario + " --csv " + scenario,
          "it is the platform, which would be lost");
  EXPECT_EQ(read(scenario), content);
}

TEST_F(Refused, WrongPlugins) {
  refused_collective("--plugin nosuch.so", "no such file");
  refused_collective("--plugin " + write("text.so", "not a library"), "text.so");
}

TEST_F(Refused, MalformedScenarios) {
  refused("run nosuch.json", "cannot read nosuch.json");
  refused("run " + file("."), "it is a folder");
  refused("run " + write("a.json", "{\n \"troupe\": }"), "a.json:2:12: not valid JSON");
  refused("run " + write("b.json", R"({"troupe": 1, "training": {"batch": -1}})"),
          "b.json: /training/batch: found -1; expected a whole number of at least 0");
  refused("run " + write("c.json", R"({"troupe": 1, "training": {"bach": 1}})"),
          "c.json: /training: unknown key \"bach\", did you mean \"batch\"?");
  const auto good = write("d.json", R"({"troupe": 1, "ranks": 2, "training": {}})");
  refused("run " + good + " --set seed=1", "expected /json/pointer=value");
  refused("run " + good + " --backend loopback --set /seed=x", "--set /seed=x: found \"x\"");
}

TEST_F(Refused, WrongReports) {
  refused("compare", "usage: troupe compare");
  refused("compare a.json b.json", "cannot read a.json");
  const auto text = write("x.json", "{}");
  refused("compare " + text + " " + text, "not a report of Troupe");
}

TEST_F(Refused, LeavesNoFileBehind) {
  troupe("collective --backend loopback --op alreduce --json " + file("report.json"));
  EXPECT_THAT(files(), testing::IsEmpty());
}

TEST_F(Refused, MpiOutsideALauncher) {
#ifdef TROUPE_MPI_PROGRAM
  refused("collective --backend mpi", "--backend mpi runs under a launcher: mpirun -n 4 troupe");
  refused("collective --backend mpi -np 8", "under a launcher: mpirun -n 8 troupe");
#else
  refused("collective --backend mpi", "troupe-mpi is not beside this program");
#endif
  refused("collective --backend mpi -np 8 -H a:4,b:4",
          "the launcher chooses the hosts: mpirun -n 8 -H a:4,b:4 troupe ... --backend mpi");
}

TEST_F(Refused, LauncherOptionsThatContradict) {
  refused_collective("-np 4 --ranks 4", "--ranks and --np both say how many ranks");
  refused_collective("-np", "--np");
  refused_collective("-np x", "--np: found \"x\"");
  refused_collective("-np 4 -H a:4", "give --platform");
  refused("collective --platform star_16 -H h0 --hostfile x", "both say which hosts");
}

#ifdef TROUPE_HAS_SIMGRID
TEST_F(Refused, WrongPlatforms) {
  refused("collective", "a simulation needs a platform");
  refused("collective --platform fat_tre_64", "did you mean \"fat_tree_64\"?");
  refused("collective --platform " + write("p.xml", "<platform version='4.1'><zone"), "p.xml");
  refused("collective --platform " + write("q.xml", "text"), "q.xml:1");
  refused("collective --platform star_16 --ranks 99", "99 ranks do not fit 16 slots");
  refused("collective --platform star_16 --placement lexicl",
          "--placement: placement \"lexicl\": expected declared, lexical or random:SEED, did you");
  refused("collective --platform star_16 --hostfile " + write("hosts", "nosuch\n"), "nosuch");
  refused("collective --platform star_16 -H h0:4,h99:4", "no host \"h99\", did you mean \"h9\"?");
  refused("collective --platform star_16 -H h0:0", "expected NAME or NAME:SLOTS");
  refused("collective --platform star_16 -np 9 -H h0:4,h1:4", "9 ranks do not fit 8 slots");
  refused("collective --platform star_16 --cfg network/modle:CM02", "did you mean");
  refused("collective --platform star_16 --cfg nonsense", "expected NAME:VALUE");
  refused("collective --platform star_16 --payload real --sizes 4T", "--payload phantom");
}

TEST_F(Refused, WhatTheLogGPWorldCannotSimulate) {
  const auto with_profile = write("profile.xml", R"(<?xml version="1.0"?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1"><zone id="z" routing="Full">
  <host id="a" speed="1Gf"/><host id="b" speed="1Gf"/>
  <link id="l" bandwidth="1GBps" latency="1us" bandwidth_file="l.bw"/>
  <route src="a" dst="b"><link_ctn id="l"/></route>
</zone></platform>)");
  refused("collective --network loggp --platform " + with_profile,
          "profile.xml:5: bandwidth_file: the LogGP world knows no availability");
  refused("collective --network loggp --platform " + write("profile.platform", read(with_profile)),
          "profile.platform:5: bandwidth_file: the LogGP world knows no availability");
  refused("collective --network loggp --platform dgx_h100_2 --cfg network/model:LV08",
          "network/model:LV08: the LogGP world takes latencies and bandwidths as they stand");
  refused("collective --network loggp --platform star_16 --ranks 100000000", "100000000 ranks");
  refused("collective --network loggpp --platform star_16", "did you mean \"loggp\"?");
}

/// Hosts of which i has ways to those 1, 2, 4, … further on, and back: all that is looked at of
/// many.
std::string hosts_with_some_ways(int hosts) {
  std::string xml = R"(<?xml version="1.0"?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1"><config><prop id="network/model" value="CM02"/>
  <prop id="network/crosstraffic" value="0"/></config><zone id="z" routing="Full">
  <link id="l" bandwidth="1GBps" latency="1us"/>)";
  for (int host = 0; host < hosts; ++host)
    xml += fmt::format("<host id=\"h{}\" speed=\"1Gf\"/>", host);
  for (int distance = 1; distance < hosts; distance *= 2)
    for (int from = 0; from < hosts; ++from) {
      const int to = (from + distance) % hosts;
      if (std::has_single_bit(static_cast<unsigned>(hosts - distance)) && to < from) continue;
      xml += fmt::format("<route src=\"h{}\" dst=\"h{}\"><link_ctn id=\"l\"/></route>", from, to);
    }
  return xml + "</zone></platform>";
}
TEST_F(Refused, RanksWithoutAWayToEachOtherWhenTheyMeet) {
  const auto xml = write("some_ways.xml", hosts_with_some_ways(150));
  for (const std::string network : {"simgrid", "loggp"})
    refused("collective --sizes 1K --algorithm direct --network " + network + " --platform " + xml,
            "some_ways.xml: no route from host \"h");
}

TEST_F(Refused, SettingsOnWhichSimGridWouldEndTheProcess) {
  for (const std::string network : {" --network simgrid", " --network loggp"}) {
    const std::string star = "collective --sizes 1K -a ring --platform star_16" + network;
    refused(star + " --cfg network/bandwidth-factor:0",
            "star_16.xml: network/bandwidth-factor: a factor of 0; expected more than 0");
    refused(star + " --cfg network/latency-factor:-3",
            "network/latency-factor: a factor of -3; expected 0 or more");
    // SimGrid 3.32 refuses it itself, 4.0 takes any text.
    refused(star + " --cfg network/latency-factor:x", "network/latency-factor:");
    refused(star + " --log nonsense", "--log nonsense: SimGrid: Invalid control string");
  }
}

TEST_F(CliTest, WhatAPluginThrowsNamesItsRank) {
  const auto words = [](const std::string& algorithm, const std::string& backend) {
    const auto ran =
        troupe("collective --sizes 1K -q --plugin " TROUPE_PROBE_PLUGIN " --algorithm " +
               algorithm + " " + backend);
    EXPECT_EQ(ran.status, 1) << ran.err;
    return ran.err;
  };
  for (const std::string backend :
       {"--backend loopback", "--platform star_16", "--platform star_16 --network loggp"}) {
    EXPECT_EQ(words("throws_on_rank_2", backend),
              "troupe: plugin's algorithm \"throws_on_rank_2\" on rank 2: what rank 2 has to "
              "say\n");
    // All ranks throw: in a simulation whoever does first ends it.
    const auto from_a_rank = [&](const std::string& algorithm, const std::string& what) {
      EXPECT_THAT(words(algorithm, backend),
                  testing::MatchesRegex("troupe: internal error: plugin's algorithm \"" +
                                        algorithm + "\" on rank [0-9]+: " + what + "\n"));
    };
    from_a_rank("throws_a_number", "what was thrown is no std::exception");
    from_a_rank("throws_a_standard_one", "too far");
    from_a_rank("breaks_a_promise", ".*a subslice must lie inside its slice.*");
  }
}

TEST_F(Refused, AlgorithmsThatCannotServeTheRanks) {
  refused("collective --platform star_16 --ranks 6 --op all_to_all_v --algorithm nosuch",
          "unknown");
}
#endif

}  // namespace
}  // namespace troupe::cli_test
