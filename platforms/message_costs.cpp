#include "platforms/message_costs.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::platforms {
namespace {

/// One of them, by its name in files.
struct Cost {
  std::string_view name;
  void (*read)(MessageCosts& into, const JsonReader& value);
  void (*parse)(MessageCosts& into, std::string_view text);
};
template <Seconds MessageCosts::*cost>
constexpr Cost time_called(std::string_view name) {
  return {name, [](MessageCosts& into, const JsonReader& value) { into.*cost = value.time(); },
          [](MessageCosts& into, std::string_view text) { into.*cost = parse_seconds(text); }};
}
constexpr std::array costs{
    time_called<&MessageCosts::overhead>("overhead"),
    time_called<&MessageCosts::overhead_per_byte>("overhead_per_byte"),
    time_called<&MessageCosts::gap>("gap"),
    Cost{"eager_limit",
         [](MessageCosts& into, const JsonReader& value) { into.eager_limit = value.bytes(); },
         [](MessageCosts& into, std::string_view text) { into.eager_limit = parse_bytes(text); }}};

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
    said.expect_keys({costs[0].name, costs[1].name, costs[2].name, costs[3].name});
    for (const Cost& cost : costs)
      if (said.has(cost.name)) cost.read(all[of], said[cost.name]);
  }
  return all;
}

CostsByClass read_message_costs(const std::vector<XmlTag>& tags) {
  CostsByClass all{};
  std::array<std::array<int, costs.size()>, pair_classes.size()> lines{};  // where it was said
  std::vector<std::string> known;
  for (std::size_t of = 0; of < all.size(); ++of)
    for (const Cost& cost : costs) known.push_back(property(of, cost.name));
  for (const XmlTag& tag : tags) {
    if (tag.name != "prop" || !tag["id"].starts_with(prefix)) continue;
    const std::string id{tag["id"]}, text{tag["value"]};
    bool is_known = false;
    for (std::size_t of = 0; of < all.size(); ++of)
      for (std::size_t i = 0; i < costs.size(); ++i) {
        if (id != property(of, costs[i].name)) continue;
        is_known = true;
        if (int& line = lines[of][i]; std::exchange(line, tag.line) != 0)
          throw BadPlatform{fmt::format("line {}: {} is said twice: give it once", tag.line, id)};
        try {
          costs[i].parse(all[of], text);
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
