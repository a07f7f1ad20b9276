#include "analysis/condition.hpp"

#include <gmock/gmock.h>

#include "core/errors.hpp"

namespace troupe::analysis {
namespace {

/// time 6, baseline.time 5, everything else 0.
bool holds(const std::string& text) {
  return Condition{text}.holds([](const Condition::Name& name) {
    if (name.figure != "time") return 0.0;
    return name.of_baseline ? 5.0 : 6.0;
  });
}

TEST(Condition, ComparesFiguresWithNumbersAndTheBaseline) {
  EXPECT_TRUE(holds("time > 1.05*baseline"));
  EXPECT_FALSE(holds("time > 1.25 * baseline"));
  EXPECT_TRUE(holds("1.2*baseline.time == time"));
  EXPECT_TRUE(holds("baseline < time"));
  EXPECT_TRUE(holds("time >= 6 && time <= 6 && time != 5"));
  EXPECT_TRUE(holds("time<5e-1 or time>.5e1"));
}

TEST(Condition, BindsAsEverywhere) {
  EXPECT_TRUE(holds("2 + 3 * 4 == 14"));
  EXPECT_TRUE(holds("(2 + 3) * 4 == 20"));
  EXPECT_TRUE(holds("10 - 4 - 3 == 3"));
  EXPECT_TRUE(holds("-2 * -3 == 6"));
  EXPECT_TRUE(holds("16 / 4 / 2 == 2"));
  EXPECT_TRUE(holds("1 > 0 || 1 > 2 && 1 > 2"));
  EXPECT_FALSE(holds("(1 > 0 || 1 > 2) && 1 > 2"));
}

TEST(Condition, NamesWhatItNeeds) {
  const Condition condition{"busbw < baseline && order == 1"};
  ASSERT_EQ(condition.names().size(), 3u);
  EXPECT_EQ(condition.names()[1].figure, "busbw");
  EXPECT_TRUE(condition.names()[1].of_baseline);
  EXPECT_EQ(condition.names()[2].figure, "order");  // not the operator "or"
  EXPECT_EQ(condition.names()[2].position, 21u);
}

TEST(Condition, SaysWhereItCannotBeRead) {
  const auto refused = [](const std::string& text) -> std::string {
    try {
      Condition{text};
    } catch (const BadInput& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(refused("time > "),
            "condition \"time > \": position 8: the end is here; expected a number, a figure, "
            "\"baseline\" or \"(\"");
  EXPECT_THAT(refused("time >> 3"), testing::HasSubstr("position 7: found \"> 3\""));
  EXPECT_THAT(refused("time"),
              testing::HasSubstr("position 5: the end is here; expected a comparison"));
  EXPECT_THAT(refused("time > 3 4"),
              testing::HasSubstr("position 10: found \"4\"; expected an operator"));
  EXPECT_THAT(refused("(time > 3"),
              testing::HasSubstr("position 10: the end is here; expected \")\""));
  EXPECT_THAT(refused("1 < 2 < 3"), testing::HasSubstr("position 7"));
  EXPECT_THAT(refused("(1 < 2) + 3 > 1"), testing::HasSubstr("expected no second comparison"));
  EXPECT_THAT(refused("time && 1 < 2"), testing::HasSubstr("expected a comparison"));
  EXPECT_THAT(refused("baseline > 3"),
              testing::HasSubstr("position 1: found \"baseline > 3\"; expected a figure beside"));
  EXPECT_THAT(refused(""), testing::HasSubstr("position 1: the end is here"));
  EXPECT_THAT(refused("time > ."), testing::HasSubstr("expected a number"));
  EXPECT_THAT(refused(std::string(100'000, '(')), testing::HasSubstr("at most 100 brackets"));
}

}  // namespace
}  // namespace troupe::analysis
