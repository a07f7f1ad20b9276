#include "scenarios/section.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "said.hpp"

namespace troupe::scenarios {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

class SectionTest : public testing::Test {
 protected:
  Section read(const char* text) {
    json_ = Json::parse(text);
    return {json_, origin_, "/training"};
  }
  Json json_;
  Origin origin_{"a.json"};
};

TEST_F(SectionTest, GivesValuesAndFallbacks) {
  const auto section = read(R"({"steps": 5, "rate": 0.5, "mode": "ssp", "on": true})");
  EXPECT_EQ(section.whole("steps", 1, 1), 5);
  EXPECT_EQ(section.whole("batch", 7, 1), 7);
  EXPECT_EQ(section.number("rate", 1, 0), 0.5);
  EXPECT_EQ(section.text("mode", ""), "ssp");
  EXPECT_TRUE(section.flag("on", false));
  section.close();
}

TEST_F(SectionTest, NamesPlaceValueAndExpectation) {
  const auto section = read(R"({"steps": 0, "rate": "x", "mode": 3, "big": 18446744073709551615})");
  EXPECT_EQ(said([&] { section.whole("steps", 1, 1); }),
            "a.json: /training/steps: found 0; expected a whole number of at least 1");
  EXPECT_EQ(said([&] { section.number("rate", 1, 0); }),
            "a.json: /training/rate: found \"x\"; expected a number of at least 0");
  EXPECT_EQ(said([&] { section.text("mode", ""); }),
            "a.json: /training/mode: found 3; expected text");
  EXPECT_THAT(said([&] { section.whole("big", 1, 1); }), HasSubstr("found 18446744073709551615"));
}

TEST_F(SectionTest, NamesTheOptionThatGaveTheValue) {
  origin_.given_by("/training/steps", "--steps");
  const auto section = read(R"({"steps": -2})");
  EXPECT_EQ(said([&] { section.whole("steps", 1, 1); }),
            "--steps: found -2; expected a whole number of at least 1");
}

TEST_F(SectionTest, NamesTheOptionThatGaveWhatIsAroundTheValue) {
  origin_.given_by("/training", "--set /training={…}");
  const auto section = read(R"({"steps": -2})");
  EXPECT_EQ(
      said([&] { section.whole("steps", 1, 1); }),
      "--set /training={…}: /training/steps: found -2; expected a whole number of at least 1");
  EXPECT_EQ(origin_.place("/trainings"), "a.json: /trainings");
}

TEST_F(SectionTest, ComplainsOfUnknownKeysWithTheNearest) {
  const auto section = read(R"({"stps": 5})");
  section.whole("steps", 1, 1);
  section.number("rate", 1, 0);
  EXPECT_EQ(said([&] { section.close(); }),
            "a.json: /training: unknown key \"stps\", did you mean \"steps\"? (known here: rate, "
            "steps)");
}

TEST_F(SectionTest, ReadsSizesInEveryForm) {
  const auto values = [&](const char* text) {
    std::vector<std::uint64_t> bytes;
    for (const auto size : read(text).sizes("sizes", "1K")) bytes.push_back(size.value);
    return bytes;
  };
  using Bytes64 = std::vector<std::uint64_t>;
  EXPECT_EQ(values("{}"), (Bytes64{1024}));
  EXPECT_EQ(values(R"({"sizes": "1K:4K"})"), (Bytes64{1024, 2048, 4096}));
  EXPECT_EQ(values(R"({"sizes": 100})"), (Bytes64{100}));
  EXPECT_EQ(values(R"({"sizes": [8, "1K,1MB"]})"), (Bytes64{8, 1024, 1000000}));
  EXPECT_THAT(said([&] { values(R"({"sizes": "1Q"})"); }), HasSubstr("a.json: /training/sizes: "));
  EXPECT_THAT(said([&] { values(R"({"sizes": -1})"); }), HasSubstr("found -1; expected sizes"));
  EXPECT_THAT(said([&] { values(R"({"sizes": []})"); }), HasSubstr("at least one size"));
}

TEST_F(SectionTest, ReadsNamesAsTextOrList) {
  EXPECT_EQ(read(R"({"a": "x,y"})").names("a", {}), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(read(R"({"a": ["x"]})").names("a", {}), (std::vector<std::string>{"x"}));
  EXPECT_THAT(said([&] { read(R"({"a": [1]})").names("a", {}); }), HasSubstr("a list of names"));
}

TEST(ParseJson, SaysWhereJsonIsBroken) {
  EXPECT_THAT(said([] { parse_json("{\"a\": 1,\n \"b\": }", "s.json"); }),
              HasSubstr("s.json:2:7: not valid JSON: "));
  EXPECT_THAT(said([] { parse_json("", "s.json"); }), HasSubstr("s.json:1:1: not valid JSON"));
}

TEST(ParseJson, RefusesAKeyThatStandsTwice) {
  EXPECT_EQ(said([] { parse_json(R"({"a": {"b": 1, "b": 2}})", "s.json"); }),
            "s.json: key \"b\" stands twice in one object");
  EXPECT_EQ(said([] { parse_json(R"([{"b": 1}, {"b": 2}])", "s.json"); }), "no error");
}

}  // namespace
}  // namespace troupe::scenarios
