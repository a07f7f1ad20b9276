#include "scenarios/machine_json.hpp"

#include <nlohmann/json.hpp>

namespace troupe::scenarios {
namespace {

using Ordered = nlohmann::ordered_json;
using algorithms::AlphaBetaGamma;

Ordered model_json(const AlphaBetaGamma& model) {
  return {{"alpha_s", model.alpha.count()},
          {"beta_s_per_byte", model.beta},
          {"gamma_s_per_byte", model.gamma}};
}

std::optional<AlphaBetaGamma> read_model(const Section& machine, const std::string& key) {
  if (!machine.has(key)) return {};
  const auto section = machine.section(key);
  const AlphaBetaGamma model{.alpha = Seconds{section.number("alpha_s", 0, 0)},
                             .beta = section.number("beta_s_per_byte", 0, 0),
                             .gamma = section.number("gamma_s_per_byte", 0, 0)};
  section.close();
  return model;
}

std::vector<int> ints(const Section& section, const std::string& key) {
  std::vector<int> values;
  for (const auto number : section.wholes(key, 0)) values.push_back(static_cast<int>(number));
  return values;
}

}  // namespace

std::string to_json(const Machine& machine) {
  Ordered json{{"ranks", machine.ranks}};
  if (!machine.platform.empty()) json["platform"] = machine.platform;
  if (!machine.digest.empty()) json["digest"] = machine.digest;
  if (!machine.host_of_rank.empty()) json["hosts"] = machine.host_of_rank;
  if (!machine.layout.node_of_rank.empty()) json["node_of_rank"] = machine.layout.node_of_rank;
  json["nics_per_node"] = machine.layout.nics_per_node;
  if (!machine.layout.grid.empty()) json["grid"] = machine.layout.grid;
  if (machine.typical) json["typical"] = model_json(*machine.typical);
  if (machine.best) json["best"] = model_json(*machine.best);
  return json.dump();
}

Machine machine_from_json(const std::string& text, const Origin& origin) {
  const auto json = parse_json(text, "machine");
  const Section section{json, origin, "/machine"};
  Machine machine;
  machine.ranks = static_cast<int>(section.whole("ranks", 1, 1, INT32_MAX));
  machine.platform = section.text("platform", "");
  machine.digest = section.text("digest", "");
  if (section.has("hosts")) machine.host_of_rank = section.names("hosts", {});
  machine.layout.node_of_rank = ints(section, "node_of_rank");
  machine.layout.node_size = algorithms::size_of_equal_nodes(machine.layout.node_of_rank);
  machine.layout.nics_per_node = static_cast<int>(section.whole("nics_per_node", 1, 1, 1024));
  machine.layout.grid = ints(section, "grid");
  machine.typical = read_model(section, "typical");
  machine.best = read_model(section, "best");
  section.close();
  return machine;
}

}  // namespace troupe::scenarios
