// Who decides on the network model: --cfg, then the scenario, then the file, then SimGrid.

#include <gmock/gmock.h>

#include "loaded.hpp"
#include "messages.hpp"
#include "temporary_file.hpp"

namespace troupe::platforms {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string star_xml(const std::string& config) {
  return "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
         "<platform version=\"4.1\">\n" +
         config +
         "<cluster id='c' prefix='h' suffix='' radical='0-3' speed='1Gf' bw='1GBps' lat='1us'/>\n"
         "</platform>\n";
}
const std::string smpi = "<config><prop id='network/model' value='SMPI'/></config>\n";

TEST(NetworkModel, FileWithoutOneRunsUnderLV08AndSaysSoInOneLine) {
  const TemporaryFile file{"plain.xml", star_xml("")};
  const Loaded loaded{platform_file(file.path())};
  const NetworkModel& network = loaded.platform.network();
  EXPECT_EQ(network.name, "LV08");
  EXPECT_EQ(network.chosen_by, "SimGrid's default");
  EXPECT_DOUBLE_EQ(network.latency_factor, 13.01);
  EXPECT_DOUBLE_EQ(network.bandwidth_factor, 0.97);
  EXPECT_TRUE(network.cross_traffic);
  EXPECT_THAT(loaded.platform.notices(),
              ElementsAre(AllOf(HasSubstr("plain.xml"), HasSubstr("LV08"),
                                HasSubstr("--cfg=network/model:CM02"), IsOneLine())));
  const RouteFacts route = loaded.platform.route(0, 3);
  EXPECT_DOUBLE_EQ(route.latency.count(), 2e-6);
  EXPECT_DOUBLE_EQ(route.effective_latency.count(), 2e-6 * 13.01);
  EXPECT_DOUBLE_EQ(route.bandwidth.value, 1e9);
  EXPECT_DOUBLE_EQ(route.effective_bandwidth.value, 0.97e9);
}

TEST(NetworkModel, FileDecidesWhereNobodyElseDoes) {
  const TemporaryFile file{"smpi.xml", star_xml(smpi)};
  const Loaded loaded{platform_file(file.path())};
  EXPECT_EQ(loaded.platform.network().name, "SMPI");
  EXPECT_EQ(loaded.platform.network().chosen_by, "platform");
  EXPECT_THAT(loaded.platform.notices(), IsEmpty());
}

TEST(NetworkModel, ScenarioBeatsTheFile) {
  const TemporaryFile file{"smpi.xml", star_xml(smpi)};
  PlatformSpec spec = platform_file(file.path());
  spec.cfg["network/model"] = "LV08";
  const Loaded loaded{spec};
  EXPECT_EQ(loaded.platform.network().name, "LV08");
  EXPECT_EQ(loaded.platform.network().chosen_by, "scenario cfg");
  EXPECT_THAT(loaded.platform.notices(), IsEmpty()) << "it was chosen, not fallen into";
}

TEST(NetworkModel, CommandLineBeatsTheScenario) {
  const TemporaryFile file{"smpi.xml", star_xml(smpi)};
  PlatformSpec spec = platform_file(file.path());
  spec.cfg["network/model"] = "LV08";
  const Loaded loaded{spec, {"network/model:CM02"}};
  EXPECT_EQ(loaded.platform.network().name, "CM02");
  EXPECT_EQ(loaded.platform.network().chosen_by, "--cfg");
}

TEST(NetworkModel, EnginesOwnCommandLineBeatsTheScenarioToo) {
  std::vector<std::string> words{"test", "--cfg=network/model:CM02", "--log=xbt_cfg.thres:warning"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  int argc = static_cast<int>(argv.size());
  simgrid::s4u::Engine engine{&argc, argv.data()};
  const TemporaryFile file{"smpi.xml", star_xml(smpi)};
  PlatformSpec spec = platform_file(file.path());
  spec.cfg["network/model"] = "LV08";
  const SimGridPlatform platform{engine, spec};
  EXPECT_EQ(platform.network().name, "CM02");
  EXPECT_EQ(platform.network().chosen_by, "--cfg");
}

TEST(NetworkModel, CommandLineBeatsTheFactorsOfTheScenario) {
  PlatformSpec spec = shipped("star_16.xml");
  spec.latency_factor = 2;
  const Loaded loaded{spec, {"network/latency-factor:3"}};
  EXPECT_DOUBLE_EQ(loaded.platform.network().latency_factor, 3);
}

TEST(NetworkModel, FactorsOfTheScenarioReplaceThoseOfTheModel) {
  const TemporaryFile file{"plain.xml", star_xml("")};
  PlatformSpec spec = platform_file(file.path());
  spec.latency_factor = 1;
  spec.bandwidth_factor = 0.9564;
  const Loaded loaded{spec};
  EXPECT_EQ(loaded.platform.network().name, "LV08");
  EXPECT_DOUBLE_EQ(loaded.platform.network().latency_factor, 1);
  EXPECT_DOUBLE_EQ(loaded.platform.network().bandwidth_factor, 0.9564);
}

TEST(NetworkModel, GeneratedPlatformsRunUnderTheTextbookModel) {
  const Loaded loaded{
      generated(R"({"kind": "star", "hosts": 2, "bandwidth": 1e9, "latency": "1us"})")};
  EXPECT_THAT(
      loaded.platform.network().text(),
      AllOf(HasSubstr("CM02"), HasSubstr("latency ×1, bandwidth ×1, no cross-traffic, no TCP")));
  EXPECT_THAT(loaded.platform.notices(), IsEmpty());
}

TEST(NetworkModel, AnyoneMayChooseAnotherForAGeneratedPlatform) {
  const Loaded loaded{
      generated(R"({"kind": "star", "hosts": 2, "bandwidth": 1e9, "latency": "1us"})"),
      {"network/model:LV08"}};
  EXPECT_EQ(loaded.platform.network().name, "LV08");
  EXPECT_DOUBLE_EQ(loaded.platform.network().latency_factor, 13.01);
}

constexpr const char* pair = R"({"kind": "star", "hosts": 2, "bandwidth": 1e9, "latency": "1us"})";
constexpr const char* digest_of_pair = "3841329f259e3dc8";

TEST(NetworkModel, DigestIsTheSameOnEveryMachine) {
  EXPECT_EQ(Loaded{generated(pair)}.platform.digest(), digest_of_pair);
}
TEST(NetworkModel, DigestDependsOnTheModelInForce) {
  EXPECT_NE((Loaded{generated(pair), {"network/model:LV08"}}).platform.digest(), digest_of_pair);
}
TEST(NetworkModel, DigestDoesNotDependOnWhoSitsWhere) {
  PlatformSpec spec = generated(pair);
  spec.placement.ranks_per_host = 2;
  EXPECT_EQ(Loaded{spec}.platform.digest(), digest_of_pair);
}

TEST(NetworkModel, UnknownSettingIsAnErrorWithTheNearestName) {
  EXPECT_THAT(
      complaint_of([] {
        Loaded{shipped("star_16.xml"), {"network/modl:CM02"}};
      }),
      AllOf(HasSubstr("--cfg network/modl:CM02"), HasSubstr("\"network/model\""), IsOneLine()));
}
TEST(NetworkModel, UnknownModelIsAnErrorAlthoughSimGridAbortsOnIt) {
  EXPECT_THAT(complaint_of([] {
                Loaded{shipped("star_16.xml"), {"network/model:CM03"}};
              }),
              AllOf(HasSubstr("star_16.xml"), HasSubstr("CM03"), HasSubstr("CM02"), IsOneLine()));
}
TEST(NetworkModel, SettingWithoutAValueIsAnError) {
  EXPECT_THAT(complaint_of([] {
                Loaded{shipped("star_16.xml"), {"network/model"}};
              }),
              AllOf(HasSubstr("expected NAME:VALUE"), IsOneLine()));
}
TEST(NetworkModel, SettingOfTheWrongTypeIsAnError) {
  EXPECT_THAT(complaint_of([] {
                Loaded{shipped("star_16.xml"), {"network/TCP-gamma:wide"}};
              }),
              AllOf(HasSubstr("network/TCP-gamma:wide"), IsOneLine()));
}

}  // namespace
}  // namespace troupe::platforms
