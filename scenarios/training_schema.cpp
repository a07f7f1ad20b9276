#include "scenarios/training_schema.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "algorithms/data/data_kinds.hpp"
#include "algorithms/data/sampler.hpp"
#include "algorithms/graph.hpp"
#include "algorithms/models/model.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/optimisers/schedule.hpp"
#include "algorithms/strategies.hpp"

namespace troupe::scenarios {
namespace {

using Ordered = nlohmann::ordered_json;
using algorithms::AnySetting;
using algorithms::Kind;

template <class T>
void limit(Ordered& json, const algorithms::Setting<T>& setting) {
  json["minimum"] = setting.least;
  if (std::isfinite(setting.most)) json["maximum"] = setting.most;
  if (std::isfinite(setting.below)) json["exclusiveMaximum"] = setting.below;
}

/// What a value of the setting may be.
Ordered type_of(const AnySetting& setting) {
  return std::visit(
      [](const auto* declared) {
        using T = std::remove_cvref_t<decltype(declared->fallback)>;
        Ordered json;
        if constexpr (std::is_same_v<T, bool>) {
          json["type"] = "boolean";
        } else if constexpr (std::is_same_v<T, std::string_view>) {
          json["type"] = "string";
          if (!declared->choices.empty()) json = {{"enum", declared->choices}};
          for (const auto& alias : declared->aliases) json["enum"].push_back(alias.name);
        } else if constexpr (std::is_arithmetic_v<T>) {
          json["type"] = std::is_same_v<T, double> ? "number" : "integer";
          if (declared->unbounded) json["type"] = {"number", "null"};
          limit(json, *declared);
        } else {
          Ordered item{{"type", std::is_same_v<T, std::span<const double>> ? "number" : "integer"}};
          limit(item, *declared);
          json = {{"type", "array"}, {"items", item}};
        }
        return json;
      },
      setting);
}

/// Adds the settings of a kind to the properties; those of one name and several kinds are one
/// property that may be what any of them says.
void add(Ordered& properties, const Kind& kind) {
  for (const auto& setting : kind.settings) {
    const std::string key{algorithms::name_of(setting)};
    Ordered type = type_of(setting);
    std::visit([&](const auto& value) { type["default"] = value; },
               algorithms::fallback_of(setting));
    type["description"] = fmt::format("of {}: {}", kind.name, algorithms::help_of(setting));
    if (!properties.contains(key)) properties[key] = {{"anyOf", Ordered::array()}};
    properties[key]["anyOf"].push_back(std::move(type));
  }
}

/// An object with a "kind" and what the kinds can be told, to which more properties can be added.
Ordered object_of(std::span<const Kind> kinds, const std::string& fallback) {
  Ordered names = Ordered::array(), properties{{"kind", nullptr}};
  for (const Kind& kind : kinds) {
    names.push_back(kind.name);
    add(properties, kind);
  }
  properties["kind"] = {{"enum", names}, {"default", fallback}};
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
}

Ordered optimiser_schema(const algorithms::OptimiserChoice& fallback) {
  Ordered schema = object_of(algorithms::kinds_of_optimisers(), fallback.kind());
  Ordered& properties = schema["properties"];
  properties["rate"] = {{"type", "number"}, {"minimum", 0}, {"default", fallback.rate}};
  properties["schedule"] = object_of(algorithms::kinds_of_schedules(), fallback.schedule.kind());
  properties["clip"] = {{"type", {"number", "null"}},
                        {"minimum", 0},
                        {"description", "The norm of the longest gradient; null: no bound."}};
  properties["accumulate"] = {{"type", "integer"},
                              {"minimum", 1},
                              {"default", fallback.accumulate},
                              {"description", "Batches whose mean gradient is one gradient."}};
  return schema;
}

Ordered graph_schema() {
  Ordered schema = Ordered::parse(R"({
    "type": "object", "additionalProperties": false,
    "properties": {
      "kind": null, "weights": null,
      "edges": {"type": "array", "items": {"type": "array", "minItems": 2, "maxItems": 2,
                "items": {"type": "integer", "minimum": 0}}},
      "edge_weights": {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}},
      "probability": {"type": "number", "minimum": 0, "maximum": 1},
      "seed": {"type": "integer", "minimum": 0}
    }})");
  schema["properties"]["kind"] = {{"enum", algorithms::graph_kinds}, {"default", "ring"}};
  schema["properties"]["weights"] = {{"enum", algorithms::graph_weights}, {"default", "one"}};
  return schema;
}

Ordered stop_schema() {
  return Ordered::parse(R"({
    "type": "object", "additionalProperties": false,
    "properties": {
      "steps": {"type": "integer", "minimum": 1},
      "loss": {"type": ["number", "null"], "minimum": 0},
      "gap": {"type": ["number", "null"], "minimum": 0},
      "error": {"type": ["number", "null"], "minimum": 0},
      "accuracy": {"type": ["number", "null"], "minimum": 0},
      "disagreement": {"type": ["number", "null"], "minimum": 0},
      "patience": {"type": ["integer", "null"], "minimum": 1,
                   "description": "Epochs without a loss that is the least so far."},
      "check_every": {"type": "integer", "minimum": 1},
      "may_diverge": {"type": "boolean", "default": false,
                      "description": "False: a loss that is not finite ends the run with an error."}
    }})");
}

/// Which strategies look at a part of a training, and where.
std::string users_of(std::string_view algorithms::Uses::*part) {
  std::string names;
  for (const auto& strategy : algorithms::strategies()) {
    const std::string_view where = strategy.uses.*part;
    if (where == algorithms::Uses::never) continue;
    names += fmt::format("{}{}{}{}", names.empty() ? "of " : ", ", strategy.kind.name,
                         where.empty() ? "" : " where ", where);
  }
  return names;
}

}  // namespace

Ordered training_schema() {
  const algorithms::TrainingProblem problem;
  Ordered strategies = Ordered::array(), properties{{"strategy", nullptr}};
  for (const auto& strategy : algorithms::strategies()) {
    strategies.push_back(strategy.kind.name);
    add(properties, strategy.kind);
  }
  properties["strategy"] = {{"enum", strategies}, {"default", problem.strategy.kind()}};
  properties["model"] = object_of(algorithms::kinds_of_models(), problem.model.kind());
  properties["data"] = object_of(algorithms::kinds_of_data(), problem.data.kind());
  Ordered& data = properties["data"]["properties"];
  data["partition"] = {
      {"type", "string"},
      {"default", problem.data.partition},
      {"description", "Who has which samples; not where they are distributed anew."}};
  data["sampling"] = {{"enum", algorithms::sampling_orders},
                      {"default", problem.data.sampling},
                      {"description", "Of batches; not where a batch is the whole shard."}};
  data["drop_last"] = {{"type", "boolean"},
                       {"default", problem.data.drop_last},
                       {"description", "Of batches; not with replacement."}};
  data["held_out"] = {{"type", "number"},
                      {"minimum", 0},
                      {"exclusiveMaximum", 1},
                      {"default", problem.data.held_out}};
  data["folds"] = {{"type", "integer"},
                   {"minimum", 0},
                   {"description", "One of so many parts is kept back; 0: none."}};
  data["fold"] = {
      {"type", "integer"}, {"minimum", 0}, {"description", "Which of the folds is kept back."}};
  data["seed"] = {{"type", "integer"}, {"minimum", 0}};
  properties["graph"] = graph_schema();
  properties["graph"]["description"] =
      "Who talks to whom; " + users_of(&algorithms::Uses::graph) + ".";
  properties["optimiser"] = optimiser_schema(problem.optimiser);
  properties["optimiser"]["description"] =
      "The step; " + users_of(&algorithms::Uses::optimiser) + ".";
  properties["stop"] = stop_schema();
  properties["batch"] = {{"type", "integer"},
                         {"minimum", 0},
                         {"description", "Samples of one gradient, 0: all; " +
                                             users_of(&algorithms::Uses::batch) + "."}};
  properties["evaluate_every"] = {{"type", "integer"}, {"minimum", 0}};
  properties["evaluate_on"] = {{"enum", {"all", "first"}}, {"default", problem.evaluate_on}};
  properties["collective"] = {
      {"type", "string"},
      {"default", problem.collective},
      {"description", "The allreduce; " + users_of(&algorithms::Uses::collective) + "."}};
  properties["dtype"] = {{"enum", {"float32", "float64"}}, {"default", "float64"}};
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
}

}  // namespace troupe::scenarios
