// Where settings have a meaning: what kinds of things declare of them, and what is refused.
#include "algorithms/settings.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "algorithms/data/data_kinds.hpp"
#include "algorithms/models/model.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/optimisers/schedule.hpp"
#include "algorithms/strategies.hpp"

namespace troupe::algorithms {
namespace {

std::vector<Kind> every_kind() {
  std::vector<Kind> all;
  for (const Strategy& strategy : strategies()) all.push_back(strategy.kind);
  for (const auto kinds :
       {kinds_of_models(), kinds_of_data(), kinds_of_optimisers(), kinds_of_schedules()})
    all.insert(all.end(), kinds.begin(), kinds.end());
  return all;
}

/// Choices of a kind that differ from its defaults in one setting.
std::vector<Choice> choices_near_the_defaults(const Kind& kind) {
  std::vector<Choice> all{Choice{std::string{kind.name}}};
  for (const AnySetting& setting : kind.settings) {
    std::vector<SettingValue> values{true, std::int64_t{0}, std::int64_t{1}, std::int64_t{2}};
    for (const std::string& name : choices_of(setting)) values.emplace_back(name);
    for (const SettingValue& value : values)
      if (fits(setting, value)) {
        all.emplace_back(std::string{kind.name});
        all.back().set(name_of(setting), value);
      }
  }
  return all;
}

/// A condition with a name or a value that does not exist would hold always, or never.
TEST(Settings, HaveAMeaningBesideSomeSettingsAndNoneBesideOthers) {
  int conditions = 0;
  for (const Kind& kind : every_kind())
    for (const AnySetting& setting : kind.settings) {
      if (help_of(setting).find("; only where ") == std::string::npos) continue;
      ++conditions;
      bool somewhere = false, elsewhere = false;
      for (const Choice& choice : choices_near_the_defaults(kind))
        (refusal_of_place(setting, choice, kind.settings).empty() ? somewhere : elsewhere) = true;
      EXPECT_TRUE(somewhere) << name_of(setting) << " of " << kind.name;
      EXPECT_TRUE(elsewhere) << name_of(setting) << " of " << kind.name;
    }
  EXPECT_GE(conditions, 38);
}

TEST(Settings, AreRefusedWhereTheyMeanNothing) {
  static constexpr std::array<std::string_view, 3> modes{"slow", "fast", "none"};
  static constexpr Text mode{.name = "mode", .fallback = "slow", .choices = modes};
  static constexpr Whole depth{.name = "depth", .only = "mode is not none"};
  static constexpr Whole width{.name = "width", .only = "depth is 2 and mode is fast"};
  static constexpr Whole either{.name = "either", .only = "depth is 1 or mode is none"};
  static constexpr std::array<AnySetting, 4> settings{&mode, &depth, &width, &either};
  const auto refusal = [&](const AnySetting& setting, const Choice& choice) {
    return refusal_of_place(setting, choice, settings);
  };
  EXPECT_EQ(refusal(&mode, "x"), "");
  EXPECT_EQ(refusal(&either, Choice{"x"}.set(depth, 1)), "");
  EXPECT_EQ(refusal(&either, Choice{"x"}.set(mode, "none")), "");
  EXPECT_EQ(refusal(&width, Choice{"x"}.set(mode, "fast").set(depth, 2)), "");
  EXPECT_EQ(refusal(&depth, Choice{"x"}.set(mode, "none")),
            "given only where mode is not none; mode is none here");
  EXPECT_EQ(refusal(&width, Choice{"x"}.set(depth, 2)),
            "given only where depth is 2 and mode is fast; depth is 2 and mode is slow here");
  EXPECT_EQ(refusal(&either, "x"),
            "given only where depth is 1 or mode is none; depth is 0 and mode is slow here");
}

/// depth has no meaning, and so neither has what asks for its value.
TEST(Settings, FollowThoseTheyDependOn) {
  static constexpr std::array<std::string_view, 2> modes{"on", "off"};
  static constexpr Text mode{.name = "mode", .fallback = "off", .choices = modes};
  static constexpr Whole depth{.name = "depth", .only = "mode is on"};
  static constexpr Whole width{.name = "width", .only = "depth is 0"};
  static constexpr std::array<AnySetting, 3> settings{&mode, &depth, &width};
  EXPECT_EQ(refusal_of_place(&width, Choice{"x"}, settings),
            "given only where mode is on; mode is off here");
  EXPECT_EQ(refusal_of_place(&width, Choice{"x"}.set(mode, "on"), settings), "");
}

}  // namespace
}  // namespace troupe::algorithms
