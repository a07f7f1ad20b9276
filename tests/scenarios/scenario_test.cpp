#include "scenarios/scenario.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "said.hpp"
#include "scenarios/training_schema.hpp"

namespace troupe::scenarios {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

Scenario read(const std::string& text) {
  return read_scenario(Json::parse(text), Origin{"a.json"}, "/folder");
}
std::string error(const std::string& text) {
  return said([&] { read(text); });
}

TEST(Scenario, HasADefaultForEverything) {
  const auto scenario = read(R"({"troupe": 1, "collective": {}})");
  ASSERT_TRUE(scenario.collective);
  EXPECT_EQ(scenario.collective->op, algorithms::Collective::allreduce);
  EXPECT_EQ(scenario.collective->sizes.size(), 15u);
  EXPECT_EQ(scenario.collective->algorithms, (std::vector<std::string>{"all"}));
  EXPECT_EQ(scenario.seed, 1u);
}

TEST(Scenario, UnderstandsTheNamesOfNcclTests) {
  const auto scenario =
      read(R"({"troupe": 1, "collective": {"dtype": "double", "redop": "avg", "op": "bcast"}})");
  EXPECT_EQ(scenario.collective->dtype, Dtype::float64);
  EXPECT_TRUE(scenario.collective->average);
  EXPECT_EQ(scenario.collective->op, algorithms::Collective::broadcast);
}

TEST(Scenario, WrittenAndReadAgainIsTheSame) {
  for (const char* text :
       {R"({"troupe": 1, "seed": 7, "ranks": 4, "payload": "real", "eager_limit": "64KiB",
            "collective": {"op": "reduce", "algorithm": ["binomial"], "sizes": "1K:4K", "root": 2,
                           "iterations": 3, "timing": "back-to-back", "check": true}})",
        R"({"troupe": 1, "platform": {"file": "/p/star.xml", "ranks": 8, "cfg": {"a/b": "c"}},
            "compute": {"model": "flops", "speed": [1, 0.5],
                        "jitter": {"kind": "lognormal", "sigma": 0.3}},
            "training": {"strategy": "zero_gradient_sum", "stop": {"steps": 5, "gap": 0.1},
                         "graph": {"kind": "edges", "edges": [[0, 1]]}, "dtype": "float32"}})"}) {
    const auto written = to_json(read(text)).dump();
    EXPECT_EQ(to_json(read(written)).dump(), written);
  }
}

TEST(Scenario, IsRefusedWithPlaceAndReason) {
  EXPECT_THAT(error("{}"), HasSubstr("a scenario begins with \"troupe\": 1"));
  EXPECT_THAT(error(R"({"troupe": 2})"), HasSubstr("a.json: /troupe: found 2"));
  EXPECT_THAT(error(R"({"troupe": 1})"), HasSubstr("neither \"collective\" nor \"training\""));
  EXPECT_THAT(error(R"({"troupe": 1, "collective": {}, "training": {}})"), HasSubstr("both"));
  EXPECT_THAT(error(R"({"troupe": 1, "collective": {}, "faults": []})"), HasSubstr("reserved"));
  EXPECT_THAT(error(R"({"troupe": 1, "colective": {}})"), HasSubstr("neither"));
  EXPECT_THAT(
      error(R"({"troupe": 1, "collective": {"algoritm": "ring"}})"),
      HasSubstr("a.json: /collective: unknown key \"algoritm\", did you mean \"algorithm\"?"));
  EXPECT_THAT(
      error(R"({"troupe": 1, "collective": {"algorithm": "rin"}})"),
      HasSubstr("a.json: /collective/algorithm: unknown allreduce algorithm \"rin\", did you "
                "mean \"ring\"?"));
  EXPECT_THAT(error(R"({"troupe": 1, "collective": {"algorithm": ["all", "ring"]}})"),
              HasSubstr("\"all\" stands alone"));
  for (const char* list : {"mpi,all", "all,mpi,ring", "auto,mpi"})
    EXPECT_THAT(
        error(R"({"troupe": 1, "collective": {"algorithm": ")" + std::string{list} + "\"}}"),
        HasSubstr("stands alone"));
  EXPECT_THAT(error(R"({"troupe": 1, "collective": {"dtype": "half"}})"),
              HasSubstr("only travels"));
  EXPECT_THAT(error(R"({"troupe": 1, "collective": {"algorithm": "tuned"}})"),
              HasSubstr("--tuning FILE"));
  EXPECT_THAT(error(R"({"troupe": 1, "collective": {"op": "gather", "in_place": true}})"),
              HasSubstr("no in-place form"));
  EXPECT_THAT(error(R"({"troupe": 1, "training": {"strategy": "downpur"}})"),
              HasSubstr("/training/strategy"));
  EXPECT_THAT(
      error(R"({"troupe": 1, "training": {"strategy": "d_psgd", "graph": {"kind": "edges"}}})"),
      HasSubstr("/training/graph/edges"));
  EXPECT_THAT(error(R"({"troupe": 1, "training": {"stop": {"steps": 1.5}}})"),
              HasSubstr("/training/stop/steps: found 1.5"));
  EXPECT_THAT(error(R"({"troupe": 1, "platform": {"fle": "x"}, "training": {}})"),
              HasSubstr("a.json"));
  EXPECT_THAT(error(R"({"troupe": 1, "ranks": 2, "platform": {"file": "x", "ranks": 3},
                        "training": {}})"),
              HasSubstr("/ranks: 2 here and 3"));
}

TEST(Scenario, TakesSettingsOverTheFile) {
  const std::string file = testing::TempDir() + "troupe_settings.json";
  std::ofstream{file} << R"({"troupe": 1, "collective": {"sizes": "1K"}})";
  Origin origin;
  const auto json = load_scenario(file, {"/seed=9", "/collective/op=broadcast"}, origin);
  EXPECT_EQ(json["seed"], 9);
  EXPECT_EQ(json["collective"]["op"], "broadcast");
  EXPECT_EQ(origin.place("/seed"), "--set /seed=9");
  EXPECT_THAT(said([&] { load_scenario(file, {"seed=9"}, origin); }),
              HasSubstr("--set \"seed=9\": expected /json/pointer=value"));
  EXPECT_THAT(said([&] { load_scenario(file, {R"(/loggp={"gap": 1, "gap": 2})"}, origin); }),
              HasSubstr("key \"gap\" stands twice in one object"));
  EXPECT_THAT(said([&] { load_scenario(file, {"/troupe/x=9"}, origin); }),
              HasSubstr("cannot be reached"));
}

TEST(Scenario, WritesNumbersWithoutBoundAsNull) {
  const auto written = to_json(read(R"({"troupe": 1, "ranks": 4,
                       "training": {"strategy": "dynamic_sharing", "divergence": null}})"));
  EXPECT_TRUE(Json::parse(written.dump())["training"]["divergence"].is_null());
  EXPECT_EQ(to_json(read(written.dump())).dump(), written.dump());
  EXPECT_THAT(error(R"({"troupe": 1, "ranks": 4,
                        "training": {"strategy": "dynamic_sharing", "sharpness": null}})"),
              HasSubstr("/training/sharpness: found null; expected a number of at least 0"));
  EXPECT_THAT(error(R"({"troupe": 1, "ranks": 4,
                        "training": {"strategy": "dynamic_sharing", "divergence": -1}})"),
              HasSubstr("expected a number of at least 0, or null, which is infinite"));
}

TEST(Scenario, LeavesOutWhatHasNoMeaningWhereItFillsInDefaults) {
  const auto written = [](const std::string& training) {
    const auto json = to_json(read(R"({"troupe": 1, "ranks": 4, "training": )" + training + "}"));
    EXPECT_EQ(to_json(read(json.dump())).dump(), json.dump());
    return Json::parse(json.dump())["training"];
  };
  const auto bsp = written(R"({"strategy": "parameter_server", "mode": "bsp"})");
  for (const char* other : {"staleness", "lambda", "order", "graph", "collective"})
    EXPECT_FALSE(bsp.contains(other)) << other;
  const auto ssp = written(R"({"strategy": "parameter_server", "mode": "ssp", "batch": 8})");
  EXPECT_EQ(ssp["staleness"], 3);
  EXPECT_EQ(ssp["order"], "arrival");
  EXPECT_EQ(ssp["data"]["sampling"], "with_replacement");
  EXPECT_FALSE(ssp["data"].contains("drop_last"));
  EXPECT_FALSE(bsp["data"].contains("sampling"));
  EXPECT_FALSE(written(R"({"strategy": "map_reduce"})").contains("optimiser"));
  EXPECT_TRUE(written(R"({"strategy": "sgp", "peers": "graph"})").contains("graph"));
}

TEST(Jitter, IsReadFromATraceBesideTheScenarioAndKeptWithIt) {
  const std::string folder = testing::TempDir();
  std::ofstream{folder + "/factors.txt"} << "0.5\n\n1.25 \n3e-1\n";
  const auto scenario = read_scenario(Json::parse(R"({"troupe": 1, "collective": {},
                      "compute": {"jitter": {"kind": "trace", "file": "factors.txt"}}})"),
                                      Origin{"a.json"}, folder);
  EXPECT_EQ(scenario.compute.jitter.factors, (std::vector<double>{0.5, 1.25, 0.3}));
  const auto written = to_json(scenario);
  EXPECT_EQ(written["compute"]["jitter"].dump(), R"({"kind":"trace","factors":[0.5,1.25,0.3]})");
  EXPECT_EQ(to_json(read(written.dump())).dump(), written.dump());
}

TEST(Jitter, IsRefusedWithPlaceAndReason) {
  const auto complaint = [](const std::string& jitter) {
    return error(R"({"troupe": 1, "collective": {}, "compute": {"jitter": )" + jitter + "}}");
  };
  EXPECT_THAT(complaint(R"({"kind": "exponental"})"), HasSubstr("exponential"));
  EXPECT_THAT(complaint(R"({"kind": "lognormal"})"),
              HasSubstr("/compute/jitter: lognormal jitter needs \"sigma\""));
  EXPECT_THAT(complaint(R"({"kind": "lognormal", "sigma": 0})"),
              HasSubstr("/compute/jitter/sigma"));
  EXPECT_THAT(complaint(R"({"kind": "exponential", "sigma": 1})"), HasSubstr("sigma"));
  EXPECT_THAT(complaint(R"({"kind": "trace"})"), HasSubstr("either \"file\" or \"factors\""));
  EXPECT_THAT(complaint(R"({"kind": "trace", "factors": [1, 0]})"), HasSubstr("numbers above 0"));
  EXPECT_THAT(complaint(R"({"kind": "trace", "file": "nowhere.txt"})"),
              HasSubstr("/folder/nowhere.txt"));
  const std::string file = testing::TempDir() + "/bad_factors.txt";
  std::ofstream{file} << "1\ntwo\n";
  EXPECT_THAT(complaint(R"({"kind": "trace", "file": ")" + file + "\"}"),
              HasSubstr("bad_factors.txt:2: found \"two\"; expected a number above 0"));
  EXPECT_THAT(error(R"({"troupe": 1, "collective": {},
                        "compute": {"model": "none", "jitter": {"kind": "exponential"}}})"),
              HasSubstr("there is nothing to vary"));
}

// ---- the published schema and the parser know the same keys

std::set<std::string> keys_of(const Json& schema) {
  std::set<std::string> keys;
  for (const auto& [key, value] : schema["properties"].items()) keys.insert(key);
  return keys;
}

/// The keys the parser lists when it meets an unknown one.
std::set<std::string> keys_known(const std::string& text) {
  const auto message = error(text);
  const auto begin = message.find("(known here: ");
  if (begin == std::string::npos) return {message};
  std::set<std::string> keys;
  std::istringstream list{message.substr(begin + 13, message.size() - begin - 14)};
  for (std::string key; std::getline(list, key, ',');)
    keys.insert(key.substr(key.front() == ' ' ? 1 : 0));
  return keys;
}

TEST(Schema, KnowsTheKeysOfTheParser) {
  std::ifstream file{TROUPE_SOURCE_DIR "/scenarios/scenario.schema.json"};
  const auto schema = Json::parse(file);
  auto top = keys_known(R"({"troupe": 1, "collective": {}, "?": 0})");
  top.erase("jobs");
  top.erase("faults");
  EXPECT_EQ(keys_of(schema), top);
  const auto& definitions = schema["definitions"];
  EXPECT_EQ(keys_of(definitions["compute"]),
            keys_known(R"({"troupe": 1, "collective": {}, "compute": {"?": 0}})"));
  std::set<std::string> jitter;
  for (const char* kind : {R"("none")", R"("lognormal", "sigma": 1)", R"("trace", "factors": [1])"})
    jitter.merge(
        keys_known(R"({"troupe": 1, "collective": {}, "compute": {"jitter": {"?": 0, "kind": )" +
                   std::string{kind} + "}}}"));
  EXPECT_EQ(keys_of(definitions["compute"]["properties"]["jitter"]), jitter);
  EXPECT_EQ(keys_of(definitions["collective"]),
            keys_known(R"({"troupe": 1, "collective": {"?": 0}})"));
  EXPECT_EQ(
      keys_of(definitions["loggp"]),
      keys_known(R"({"troupe": 1, "network": "loggp", "collective": {}, "loggp": {"?": 0}})"));
  for (const std::string of : {"same_host", "same_node", "across"})
    EXPECT_EQ(keys_of(definitions["loggp"]["properties"][of]),
              keys_known(R"({"troupe": 1, "network": "loggp", "collective": {}, "loggp": {")" + of +
                         R"(": {"?": 0}}})"));
}

TEST(LogGP, IsReadAndWrittenWithItsParameters) {
  const auto text = R"({"troupe": 1, "network": "loggp", "collective": {},
      "loggp": {"overhead": "1us", "gap": 2e-7,
                "across": {"bandwidth": "10Gbps", "overhead": "2us", "eager_limit": "64KiB"}}})";
  const auto scenario = read_scenario(Json::parse(text), Origin{"s.json"}, ".");
  EXPECT_EQ(scenario.network, "loggp");
  EXPECT_DOUBLE_EQ(scenario.loggp.overhead.value().count(), 1e-6);
  EXPECT_FALSE(scenario.loggp.overhead_per_byte);
  ASSERT_EQ(scenario.loggp.classes.size(), 1u);
  EXPECT_DOUBLE_EQ(scenario.loggp.classes[0].bandwidth->value, 1.25e9);
  EXPECT_DOUBLE_EQ(scenario.loggp.classes[0].overhead->count(), 2e-6);
  EXPECT_EQ(scenario.loggp.classes[0].eager_limit, Bytes{65536});
  const auto again =
      read_scenario(Json::parse(to_json(scenario).dump()), Origin{"again.json"}, ".");
  EXPECT_EQ(to_json(again).dump(), to_json(scenario).dump());
}

TEST(LogGP, RefusesParametersThatContradict) {
  const auto with = [](const std::string& loggp, const std::string& more = "") {
    return error(R"({"troupe": 1, "network": "loggp", "collective": {}, "loggp": )" + loggp + more +
                 "}");
  };
  EXPECT_THAT(error(R"({"troupe": 1, "collective": {}, "loggp": {"overhead": 0}})"),
              HasSubstr("the network is \"simgrid\""));
  EXPECT_THAT(with(R"({"gap": 1, "ports": false})"), HasSubstr("\"ports\" is false"));
  EXPECT_THAT(with(R"({"across": {"gap": 1}, "ports": false})"),
              HasSubstr("/loggp/across/gap: a gap is the rest of a port"));
  EXPECT_THAT(with(R"({"across": {}})"), HasSubstr("expected \"latency\""));
  EXPECT_THAT(with(R"({"acros": {}})"), HasSubstr("did you mean \"across\""));
  EXPECT_THAT(with(R"({"across": {"eager_limit": "64KB"}})"),
              HasSubstr("/loggp/across/eager_limit"));
  EXPECT_THAT(with(R"({"across": {"eager_limit": -1}})"), HasSubstr("expected a number of bytes"));
  EXPECT_THAT(with(R"({"across": {"latency": 1}})",
                   R"(, "platform": {"file": "x.xml", "latency_factor": 2})"),
              HasSubstr("/platform/latency_factor says it too"));
}

/// The part of training follows from what strategies and models declare. With
/// TROUPE_UPDATE_SCHEMA=1 in the environment the test writes the file anew.
TEST(Schema, KnowsWhatStrategiesAndModelsDeclare) {
  const std::string path = TROUPE_SOURCE_DIR "/scenarios/scenario.schema.json";
  std::ifstream file{path};
  auto schema = nlohmann::ordered_json::parse(file);
  if (std::getenv("TROUPE_UPDATE_SCHEMA")) {
    schema["definitions"]["training"] = training_schema();
    std::ofstream{path} << schema.dump(1) << "\n";
  }
  EXPECT_EQ(schema["definitions"]["training"], training_schema())
      << "TROUPE_UPDATE_SCHEMA=1 scenarios_tests --gtest_filter=Schema.* writes the file anew";
}

TEST(Schema, KnowsTheOtherKeysOfATraining) {
  const auto training = Json::parse(training_schema().dump());
  for (const char* part : {"graph", "stop"})
    EXPECT_EQ(keys_of(training["properties"][part]),
              keys_known(R"({"troupe": 1, "training": {"strategy": "d_psgd", ")" +
                         std::string{part} + R"(": {"?": 0}}})"));
  for (const auto& key : keys_known(R"({"troupe": 1, "training": {"?": 0}})"))
    EXPECT_TRUE(training["properties"].contains(key)) << key;
}

}  // namespace
}  // namespace troupe::scenarios
