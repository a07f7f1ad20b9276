// Every shipped scenario in both simulated worlds: what is sent and computed is the same, and so
// is, bit for bit, what a synchronous strategy has learnt. Asynchronous ones learn from whoever
// comes first, which is a matter of time. Both times are printed. Fair sharing lets messages that
// meet end together, ports end them one after another: a round of a server takes between one and
// two times as long with sharing, and where a rank waits for all of its neighbours the last may be
// a little later with ports.

#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using nlohmann::json;

std::vector<std::string> scenario_files() {
  std::vector<std::string> files;
  const std::filesystem::path root{TROUPE_SOURCE_DIR "/scenarios"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root})
    if (entry.path().extension() == ".json" && entry.path().parent_path() != root &&
        entry.path().parent_path().filename() != "sweeps" &&
        entry.path().string().find("/scale/") == std::string::npos)
      files.push_back(std::filesystem::relative(entry.path(), root).replace_extension().string());
  std::ranges::sort(files);
  return files;
}

/// Whoever comes first is heard first: what is learnt depends on times.
bool learns_in_order_of_arrival(const json& report) {
  const json training = report["scenario"].value("training", json::object());
  const std::string strategy = training.value("strategy", "");
  static const std::set<std::string> always{"downpour", "ad_psgd", "asynchronous_mixing",
                                            "horovod"};
  return always.contains(strategy) ||
         (strategy == "work_stealing" && training.value("stealing", true)) ||
         (strategy == "parameter_server" && training.value("mode", "") != "bsp");
}

json counters(const json& report) {
  json all;
  for (const auto& rank : report["ranks"])
    for (const char* key : {"messages", "bytes", "kernels"}) all.push_back(rank[key]);
  return all;
}
json learnt(const json& report) {
  json all;
  for (const auto& point : report["training"])
    all.push_back({point.value("step", json{}), point.value("loss", json{})});
  return all;
}

class Worlds : public testing::TestWithParam<std::string> {};

TEST_P(Worlds, AgreeOnAScenario) {
  const std::string what =
      "run " TROUPE_SOURCE_DIR "/scenarios/" + GetParam() + ".json -q --json - --network ";
  const auto flows = troupe(what + "simgrid"), ports = troupe(what + "loggp");
  ASSERT_EQ(flows.status, 0) << flows.err;
  ASSERT_EQ(ports.status, 0) << ports.err;
  const json a = json::parse(flows.out), b = json::parse(ports.out);
  const auto time = [](const json& report) {
    return report["totals"].contains("time_s") ? report["totals"]["time_s"].get<double>()
                                               : report["results"][0]["time_s"].get<double>();
  };
  const bool unseen = b["environment"].contains("note");
  std::printf("%s: %.6g s by flows, %.6g s by ports%s\n", GetParam().c_str(), time(a), time(b),
              unseen ? " (which do not see all links it could have overloaded)" : "");
  EXPECT_EQ(learnt(a).size(), learnt(b).size());
  if (!learns_in_order_of_arrival(a)) {
    EXPECT_EQ(learnt(a), learnt(b));
    EXPECT_EQ(counters(a), counters(b));
  }
  if (!unseen) {
    EXPECT_LE(time(a), 2 * time(b));
    EXPECT_GE(time(a), 0.9 * time(b));
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Worlds, testing::ValuesIn(scenario_files()),
                         [](const auto& file) {
                           std::string name = file.param;
                           for (char& c : name)
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           return name;
                         });

}  // namespace
}  // namespace troupe::cli_test
