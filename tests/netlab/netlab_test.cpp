// The lab itself, and what predictions are worth on it: a platform is calibrated with messages
// between pairs, alone and together, and then simulates algorithms that run for real.

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/shell.hpp"

namespace troupe::netlab_test {
namespace {

using cli_test::shell;
using cli_test::troupe;
using nlohmann::json;
using testing::HasSubstr;

constexpr int not_here = 77;

class Netlab : public cli_test::CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    const auto asked = lab("--check");
    if (asked.status == not_here) GTEST_SKIP() << asked.err;
    ASSERT_EQ(asked.status, 0) << asked.err;
  }
  static cli_test::Ran lab(const std::string& arguments) {
    return shell(fmt::format("{} {}", NETLAB_PROGRAM, arguments));
  }

  std::string platform(const std::string& body) const {
    return write("p.xml", R"(<?xml version="1.0"?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <config>
    <prop id="network/model" value="CM02"/>
    <prop id="network/crosstraffic" value="0"/>
    <prop id="network/TCP-gamma" value="0"/>
  </config>
)" + body + "</platform>\n");
  }
  std::string star() const {
    return platform(R"(<cluster id="star" prefix="h" suffix="" radical="0-3" speed="10Gf"
        bw="100Mbps" lat="1ms" sharing_policy="SPLITDUPLEX"/>)");
  }
  /// Two racks of four whose hosts could send four times what the cable between them carries. Slow
  /// enough for eight computers on two processors: at 50 Mbit/s these were late, not the network.
  std::string racks() const {
    std::string zone = "<zone id=\"racks\" routing=\"Full\">\n";
    for (const char* rack : {"a", "b"})
      zone += fmt::format(R"(<cluster id="{0}" prefix="{0}" suffix="" radical="0-3" speed="10Gf"
          bw="20Mbps" lat="0.5ms" sharing_policy="SPLITDUPLEX" router_id="r{0}"/>
          <link id="up_{0}" bandwidth="20Mbps" latency="0.5ms" sharing_policy="SPLITDUPLEX"/>)",
                          rack);
    return platform(zone + R"(<zoneRoute src="a" dst="b" gw_src="ra" gw_dst="rb">
        <link_ctn id="up_a" direction="UP"/><link_ctn id="up_b" direction="DOWN"/></zoneRoute>
        </zone>)");
  }

  /// Four hosts of which every one differs.
  std::string uneven() const {
    std::string zone = "<zone id=\"uneven\" routing=\"Full\">\n";
    const struct {
      const char *name, *bandwidth, *latency;
    } hosts[]{{"p", "100Mbps", "0.3ms"},
              {"q", "100Mbps", "0.6ms"},
              {"r", "50Mbps", "1ms"},
              {"s", "20Mbps", "2ms"}};
    for (const auto& host : hosts)
      zone += fmt::format(R"(<host id="{0}" speed="10Gf"/>
          <link id="l{0}" bandwidth="{1}" latency="{2}" sharing_policy="SPLITDUPLEX"/>)",
                          host.name, host.bandwidth, host.latency);
    for (const auto& from : hosts)
      for (const auto& to : hosts)
        if (std::string{from.name} < to.name)
          zone += fmt::format(R"(<route src="{0}" dst="{1}"><link_ctn id="l{0}" direction="UP"/>
              <link_ctn id="l{1}" direction="DOWN"/></route>)",
                              from.name, to.name);
    return platform(zone + "</zone>");
  }

  struct Errors {
    double mean = 0, worst = 0;  // exp(mean |ln(simulated/real)|) − 1
    std::string text;
  };
  /// A platform made of what messages take on the lab.
  std::string calibrated(const std::string& twin, const std::string& sizes) const {
    const auto mine = file("mine.xml");
    const auto ran =
        lab(fmt::format("{} -- {} calibrate --backend mpi -q --eager-limit 64M --quick --sizes {} "
                        "-o {}",
                        twin, TROUPE_PROGRAM, sizes, mine));
    EXPECT_EQ(ran.status, 0) << ran.err;
    return mine;
  }

  /// Calibrates on the lab, and predicts algorithms that run there. A point counts only beyond the
  /// real runs' own tenth and ninetieth percentile.
  Errors errors_on(const std::string& twin, const std::string& calibrated_sizes,
                   const std::string& sizes,
                   const std::vector<std::pair<std::string, std::string>>& algorithms) const {
    const auto mine = calibrated(twin, calibrated_sizes);
    Errors errors;
    double sum = 0;
    int count = 0;
    for (const auto& [op, names] : algorithms) {
      const auto what =
          fmt::format("collective --op {} -a {} --sizes {} --eager-limit 64M -q", op, names, sizes);
      const auto real = lab(fmt::format("{} -- {} {} --backend mpi -c 0 -n 7 -w 2 --json {}", twin,
                                        TROUPE_PROGRAM, what, file("real.json")));
      EXPECT_EQ(real.status, 0) << real.err;
      const auto simulated =
          troupe(fmt::format("{} --platform {} --json {}", what, mine, file("simulated.json")));
      EXPECT_EQ(simulated.status, 0) << simulated.err;
      const auto expected = json::parse(read(file("simulated.json")))["results"];
      const auto seen = json::parse(read(file("real.json")))["results"];
      EXPECT_EQ(expected.size(), seen.size());
      errors.text += real.err;  // what the network carried, and how late
      for (std::size_t i = 0; i < std::min(seen.size(), expected.size()); ++i) {
        const double time = expected[i]["time_s"], median = seen[i]["time_s"];
        const bool within =
            seen[i]["p10_s"].get<double>() <= time && time <= seen[i]["p90_s"].get<double>();
        const double off = within ? 0 : std::abs(std::log(time / median));
        errors.text += fmt::format("{} {} B: real {:.2f} ms, simulated {:.2f} ms, {:+.1f} %\n",
                                   seen[i]["algorithm"].get<std::string>(),
                                   seen[i]["bytes"].get<std::int64_t>(), median * 1e3, time * 1e3,
                                   100 * (time / median - 1));
        sum += off;
        ++count;
        errors.worst = std::max(errors.worst, std::exp(off) - 1);
      }
    }
    errors.mean = count > 0 ? std::exp(sum / count) - 1 : 1;
    std::cout << errors.text
              << fmt::format("error {:.2f} %, at worst {:.1f} %\n", 100 * errors.mean,
                             100 * errors.worst);
    return errors;
  }
};

/// Processes of this machine whose command line has that word.
std::size_t processes_with(const std::string& word) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    std::ifstream file{entry.path() / "cmdline", std::ios::binary};
    std::string line;
    std::getline(file,
                 line);  // words end with zeros; nothing is read of a process that ends meanwhile
    count += line.find(word) != std::string::npos;
  }
  return count;
}

template <class Condition>
bool within_ten_seconds(Condition condition) {
  for (int i = 0; i < 200; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return false;
}

TEST_F(Netlab, RunsRanksOnComputersWithTheNamesOfHosts) {
  const auto ran = lab(fmt::format("{} -- hostname", star()));
  ASSERT_EQ(ran.status, 0) << ran.err;
  for (const char* host : {"h0\n", "h1\n", "h2\n", "h3\n"}) EXPECT_THAT(ran.out, HasSubstr(host));
  EXPECT_THAT(ran.err, HasSubstr("mean_lateness_s"));
}

TEST_F(Netlab, PassesOnTheExitStatusOfTheJob) {
  EXPECT_EQ(lab(fmt::format("--ranks 2 {} -- sh -c 'exit 3'", star())).status, 3);
}

TEST_F(Netlab, LeavesNothingBehindHoweverItEnds) {
  const auto twin = star();
  int seconds = 86000 + ::getpid() % 1000;
  for (const int signal : {SIGTERM, SIGINT, SIGKILL}) {
    const auto word = fmt::format("{}.25", ++seconds);
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl(NETLAB_PROGRAM, "netlab", "--ranks", "2", twin.c_str(), "--", "sleep", word.c_str(),
              nullptr);
      ::_exit(127);
    }
    // The lab and its inner processes, mpirun, and two ranks.
    EXPECT_TRUE(within_ten_seconds([&] { return processes_with(word) >= 5; }));
    ::kill(child, signal);
    int raw = 0;
    ::waitpid(child, &raw, 0);
    EXPECT_TRUE(within_ten_seconds([&] { return processes_with(word) == 0; }));
    EXPECT_TRUE(within_ten_seconds([&] { return processes_with(twin) == 0; }));
  }
  EXPECT_EQ(shell("ip netns list").out.find("h0"), std::string::npos);
}

TEST_F(Netlab, RefusesWhatItCannotBuildWithOneMessage) {
  EXPECT_EQ(lab("").status, 2);
  EXPECT_THAT(lab("no_such_platform -- true").err, HasSubstr("no_such_platform"));
  const auto twin = platform(R"(<zone id="z" routing="Full"><host id="a_b" speed="1Gf"/>
      <host id="c" speed="1Gf"/><link id="l" bandwidth="1MBps" latency="1ms"/>
      <route src="a_b" dst="c"><link_ctn id="l"/></route></zone>)");
  const auto ran = lab(twin + " -- true");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("host \"a_b\""));
}

TEST_F(Netlab, SaysWhereItCannotBeBuilt) {
  if (shell(fmt::format("setpriv --reuid=65534 --clear-groups test -x {}", NETLAB_PROGRAM)).status)
    GTEST_SKIP() << "nobody may run programs of this folder";
  const auto ran =
      shell(fmt::format("setpriv --reuid=65534 --clear-groups {} --check", NETLAB_PROGRAM));
  EXPECT_EQ(ran.status, not_here);
  EXPECT_THAT(ran.err, HasSubstr("no lab here: namespaces need root"));
}

class Prediction : public Netlab {
 protected:
  void SetUp() override {
    Netlab::SetUp();
    if (!IsSkipped() && shell("chrt -r 1 true").status != 0)
      GTEST_SKIP() << "no real-time priority here: ranks would wait for other programs";
  }
};

const std::vector<std::pair<std::string, std::string>> all_algorithms{
    {"allreduce", "ring,recursive_doubling,halving_doubling,butterfly"},
    {"broadcast", "binomial"},
    {"all_to_all", "pairwise"}};

/// Whatever else runs on the machine disturbs its lab, so the best of three counts: a prediction
/// that is wrong is wrong each time.
TEST_F(Prediction, OfAStarIsWithinFivePerCent) {
  const auto is_close = [](const Errors& e) { return e.mean <= 0.05 && e.worst <= 0.10; };
  Errors errors;
  for (int attempt = 0; attempt < 3; ++attempt) {
    errors =
        errors_on(star(), "1,4K,64K,256K", "64K,256K", {{"allreduce", "ring,recursive_doubling"}});
    if (is_close(errors)) break;
  }
  EXPECT_TRUE(is_close(errors)) << errors.text;
}

/// Minutes each. They want a machine of their own.
class AtFullExtent : public Prediction {};

TEST_F(AtFullExtent, OfAStar) {
  const auto errors = errors_on(star(), "1:1M:x4", "64K,1M,8M", all_algorithms);
  EXPECT_LE(errors.mean, 0.03);
  EXPECT_LE(errors.worst, 0.10);
}
TEST_F(AtFullExtent, OfTwoRacks) {
  const auto errors = errors_on(racks(), "1:1M:x4", "64K,1M,8M", all_algorithms);
  EXPECT_LE(errors.mean, 0.03);
  EXPECT_LE(errors.worst, 0.10);
}

TEST_F(AtFullExtent, OfUnevenHosts) {
  const auto errors = errors_on(uneven(), "1:1M:x4", "64K,1M,8M", all_algorithms);
  EXPECT_LE(errors.mean, 0.03);
  EXPECT_LE(errors.worst, 0.10);
}

/// A training that runs on the lab, and simulated on what was calibrated there.
class TrainingAtFullExtent : public Prediction {
 protected:
  struct Both {
    std::string real, simulated;  // reports
  };
  Both run_both(const std::string& twin, const std::string& mine, const std::string& name,
                const std::string& training) const {
    const auto scenario = write(
        name + ".json",
        fmt::format(
            R"({{"troupe": 1, "name": "{}", "seed": 1, "platform": {{"file": "{}", "ranks": 4}},
            "training": {{"model": {{"kind": "mlp", "layers": [784, 128, 10]}},
              "data": {{"kind": "digits", "samples": 200}}, {}}}}})",
            name, mine, training));
    Both both{file(name + "_real.json"), file(name + "_simulated.json")};
    const auto real = lab(fmt::format("{} -- {} run {} --backend mpi -q --json {}", twin,
                                      TROUPE_PROGRAM, scenario, both.real));
    EXPECT_EQ(real.status, 0) << real.err;
    std::cout << real.err;  // how late the lab was
    const auto simulated = troupe(fmt::format("run {} -q --json {}", scenario, both.simulated));
    EXPECT_EQ(simulated.status, 0) << simulated.err;
    return both;
  }
  /// Times and losses of a training's curve.
  std::vector<std::pair<double, double>> curve_of(const std::string& report) const {
    std::vector<std::pair<double, double>> curve;
    const auto parsed = json::parse(read(report));
    for (const auto& point : parsed["training"]) curve.emplace_back(point["time_s"], point["loss"]);
    return curve;
  }
};

/// The loss at some time, between points along a line.
double loss_at(const std::vector<std::pair<double, double>>& curve, double time) {
  const auto after = std::ranges::find_if(curve, [&](const auto& p) { return p.first >= time; });
  if (after == curve.begin() || after == curve.end())
    return after == curve.end() ? curve.back().second : curve.front().second;
  const auto& [t0, loss0] = *std::prev(after);
  const auto& [t1, loss1] = *after;
  return loss0 + (loss1 - loss0) * (time - t0) / (t1 - t0);
}

TEST_F(TrainingAtFullExtent, StepsTakeAsLongAsPredictedWithAndWithoutOverlap) {
  const auto twin = star(), mine = calibrated(twin, "1:1M:x4");
  for (const auto& [name, how] :
       {std::pair{"one_sum", R"("overlap": false)"}, std::pair{"overlapping", R"("overlap": true,
                                    "bucket_bytes": 200000, "first_bucket_bytes": 100000)"}}) {
    const auto both = run_both(
        twin, mine, name,
        fmt::format(
            R"("strategy": "data_parallel", "collective": "ring", {}, "batch": 4, "evaluate_every": 25,
            "optimiser": {{"kind": "sgd", "rate": 0.1}}, "stop": {{"steps": 50}})",
            how));
    const auto compared =
        troupe(fmt::format("validate {} {} --max-error 5%", both.real, both.simulated));
    std::cout << compared.out;
    EXPECT_EQ(compared.status, 0) << compared.out << compared.err;
  }
}

TEST_F(TrainingAtFullExtent, AnAsynchronousServerBeatsASynchronousOneThatWaitsForASlowCable) {
  const auto twin = uneven(), mine = calibrated(twin, "1:1M:x4");
  std::map<std::string, std::vector<std::pair<double, double>>> reals, simulations;
  for (const auto& [name, how] :
       {std::pair{"asynchronous", R"("mode": "asp", "order": "arrival", "evaluate_every": 15)"},
        std::pair{"synchronous", R"("mode": "bsp", "evaluate_every": 5)"}}) {
    const auto both = run_both(twin, mine, name,
                               fmt::format(R"("strategy": "parameter_server", {}, "batch": 16,
                     "optimiser": {{"kind": "sgd", "rate": 0.05}}, "stop": {{"steps": 60}})",
                                           how));
    const auto &real = reals[name] = curve_of(both.real),
               &simulated = simulations[name] = curve_of(both.simulated);
    double sum = 0;
    for (const auto& [time, loss] : real) {
      std::cout << fmt::format("{} {:.2f} s: loss {:.3f}, predicted {:.3f}\n", name, time, loss,
                               loss_at(simulated, time));
      sum += std::abs(std::log(loss_at(simulated, time) / loss));
    }
    EXPECT_LE(std::exp(sum / static_cast<double>(real.size())) - 1, 0.10) << name;
  }
  const double when =
      std::min(reals["asynchronous"].back().first, reals["synchronous"].back().first);
  for (auto* curves : {&reals, &simulations})
    EXPECT_LT(loss_at((*curves)["asynchronous"], when), loss_at((*curves)["synchronous"], when));
}

}  // namespace
}  // namespace troupe::netlab_test
