#include "platforms/message_costs.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::platforms {
namespace {

constexpr std::array<std::pair<std::string_view, Seconds MessageCosts::*>, 3> costs{
    {{"overhead", &MessageCosts::overhead},
     {"overhead_per_byte", &MessageCosts::overhead_per_byte},
     {"gap", &MessageCosts::gap}}};

constexpr std::string_view prefix = "loggp_";

std::string property(std::size_t of, std::string_view cost) {
  return fmt::format("{}{}_{}", prefix, pair_classes[of], cost);
}

}  // namespace

CostsByClass read_message_costs(const JsonReader& value) {
  value.expect_keys({pair_classes[0], pair_classes[1], pair_classes[2]});
  CostsByClass all{};
  for (std::size_t of = 0; of < all.size(); ++of) {
    if (!value.has(pair_classes[of])) continue;
    const JsonReader said = value[pair_classes[of]];
    said.expect_keys({costs[0].first, costs[1].first, costs[2].first});
    for (const auto& [name, member] : costs)
      if (said.has(name)) all[of].*member = said[name].time();
  }
  return all;
}

CostsByClass read_message_costs(const std::vector<XmlTag>& tags) {
  CostsByClass all{};
  std::array<std::array<int, costs.size()>, pair_classes.size()> lines{};  // where it was said
  std::vector<std::string> known;
  for (std::size_t of = 0; of < all.size(); ++of)
    for (const auto& [name, member] : costs) known.push_back(property(of, name));
  for (const XmlTag& tag : tags) {
    if (tag.name != "prop" || !tag["id"].starts_with(prefix)) continue;
    const std::string id{tag["id"]}, text{tag["value"]};
    bool is_known = false;
    for (std::size_t of = 0; of < all.size(); ++of)
      for (std::size_t i = 0; i < costs.size(); ++i) {
        if (id != property(of, costs[i].first)) continue;
        is_known = true;
        if (int& line = lines[of][i]; std::exchange(line, tag.line) != 0)
          throw BadPlatform{fmt::format("line {}: {} is said twice: give it once", tag.line, id)};
        try {
          all[of].*costs[i].second = parse_seconds(text);
        } catch (const BadInput& error) {
          throw BadPlatform{fmt::format("line {}: {}: {}", tag.line, id, error.what())};
        }
      }
    if (!is_known)
      throw BadPlatform{fmt::format("line {}: property \"{}\": expected loggp_CLASS_COST{}",
                                    tag.line, id, did_you_mean(id, known))};
  }
  return all;
}

}  // namespace troupe::platforms
