#include "scenarios/training_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "algorithms/data/data_kinds.hpp"
#include "algorithms/data/sampler.hpp"
#include "algorithms/graph.hpp"
#include "algorithms/models/model.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/optimisers/schedule.hpp"
#include "algorithms/strategies.hpp"
#include "core/text.hpp"
#include "scenarios/scenario.hpp"

namespace troupe::scenarios {
namespace {

using Ordered = nlohmann::ordered_json;

const std::array<std::string, 2> evaluators{"all", "first"};

/// A member of the scenario as the value of a setting, where its type can be one; null is infinite,
/// as infinite numbers are null in JSON.
std::optional<algorithms::SettingValue> value_of(const nlohmann::json& json) {
  if (json.is_null()) return std::numeric_limits<double>::infinity();
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX) return {};
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  const auto all = [&](auto is) { return std::all_of(json.begin(), json.end(), is); };
  if (!json.is_array()) return {};
  if (all([](const auto& item) { return item.is_number_integer(); }))
    return json.get<std::vector<std::int64_t>>();
  if (all([](const auto& item) { return item.is_number(); }))
    return json.get<std::vector<double>>();
  return {};
}

/// What the section states of the settings. A path is relative to the folder of the scenario.
void read_settings(const Section& section, std::span<const algorithms::AnySetting> settings,
                   const std::string& folder, algorithms::Choice& choice) {
  for (const auto& setting : settings) {
    const std::string key{algorithms::name_of(setting)};
    if (!section.has(key)) continue;
    auto value = value_of(section.value(key));
    if (value) value = algorithms::meaning_of(setting, std::move(*value));
    if (!value || !algorithms::fits(setting, *value)) {
      const auto names = algorithms::choices_of(setting);
      const auto* text = value ? std::get_if<std::string>(&*value) : nullptr;
      section.fail(key, algorithms::expectation_of(setting) +
                            (text && !names.empty() ? did_you_mean(*text, names) : ""));
    }
    if (algorithms::is_file(setting) && !std::get<std::string>(*value).empty())
      value =
          std::filesystem::absolute(std::filesystem::path{folder} / std::get<std::string>(*value))
              .lexically_normal()
              .string();
    choice.set(key, *value);
  }
  for (const auto& setting : settings) {
    const std::string key{algorithms::name_of(setting)};
    if (!section.has(key)) continue;
    const std::string why = algorithms::refusal_of_place(setting, choice, settings);
    if (!why.empty()) section.complain(key, why);
  }
}

/// The member "kind" and what else that kind can be told.
void read_choice(const Section& section, std::string_view what,
                 std::span<const algorithms::Kind> kinds, const std::string& folder,
                 algorithms::Choice& choice) {
  choice = algorithms::Choice{section.text("kind", choice.kind())};
  const auto* kind =
      section.placed("kind", [&] { return &algorithms::find_kind(what, choice.kind(), kinds); });
  read_settings(section, kind->settings, folder, choice);
}

/// Shards keep what a partition gives them.
bool is_cut(const algorithms::DataChoice& data) { return data.sampling != "distributed"; }
/// There is a batch that may be short.
bool has_last_batches(const algorithms::DataChoice& data) {
  return data.sampling != "with_replacement";
}

algorithms::DataChoice read_data(const Section& section, std::uint64_t seed, bool in_batches,
                                 const std::string& folder) {
  algorithms::DataChoice data;
  read_choice(section, "data", algorithms::kinds_of_data(), folder, data);
  data.sampling = section.one_of("sampling", algorithms::sampling_orders, data.sampling);
  for (const char* key : {"sampling", "drop_last"})
    if (section.has(key) && !in_batches)
      section.complain(key, "given only with batches; a batch is the whole shard here");
  if (section.has("partition") && !is_cut(data))
    section.complain("partition",
                     "given only where samples are not \"distributed\" anew each epoch");
  data.partition = section.text("partition", data.partition);
  if (section.has("drop_last") && !has_last_batches(data))
    section.complain("drop_last",
                     "given only where a sampling uses samples up; \"" + data.sampling + "\" here");
  data.drop_last = section.flag("drop_last", data.drop_last);
  data.held_out = section.number("held_out", data.held_out, 0);
  if (data.held_out >= 1) section.fail("held_out", "a share below 1");
  data.folds = section.whole("folds", data.folds, 0);
  if (data.folds == 1) section.fail("folds", "2 or more, or 0 for none");
  if (data.folds > 0 && data.held_out > 0)
    section.complain("held_out", "given without folds, each of which is kept back in turn");
  if (data.folds == 0 && section.has("fold")) section.complain("fold", "given only with folds");
  data.fold = section.whole("fold", data.fold, 0);
  if (data.folds > 0 && data.fold >= data.folds)
    section.fail("fold", fmt::format("one of the folds 0 to {}", data.folds - 1));
  data.seed = static_cast<std::uint64_t>(section.whole("seed", static_cast<std::int64_t>(seed), 0));
  section.close();
  return data;
}

algorithms::GraphChoice read_graph(const Section& section) {
  algorithms::GraphChoice graph;
  const auto names = [](const auto& known) {
    return std::vector<std::string>{known.begin(), known.end()};
  };
  graph.kind = section.one_of("kind", names(algorithms::graph_kinds), graph.kind);
  graph.weights = section.one_of("weights", names(algorithms::graph_weights), graph.weights);
  if (section.has("edges")) {
    const auto& edges = section.value("edges");
    const std::string expected = "a list of pairs of ranks such as [[0, 1], [1, 2]]";
    if (!edges.is_array()) section.fail("edges", expected);
    for (const auto& edge : edges) {
      if (!edge.is_array() || edge.size() != 2 || !edge[0].is_number_unsigned() ||
          !edge[1].is_number_unsigned())
        section.fail("edges", expected);
      graph.edges.emplace_back(edge[0].get<Rank>(), edge[1].get<Rank>());
    }
  }
  if (section.has("edge_weights")) {
    const auto& weights = section.value("edge_weights");
    const std::string expected = "a list of numbers above 0, one for each edge";
    if (!weights.is_array()) section.fail("edge_weights", expected);
    for (const auto& weight : weights) {
      if (!weight.is_number() || weight.get<double>() <= 0) section.fail("edge_weights", expected);
      graph.edge_weights.push_back(weight.get<double>());
    }
    if (graph.edge_weights.size() != graph.edges.size()) section.fail("edge_weights", expected);
    if (graph.weights != "one")
      section.complain("edge_weights",
                       "given only where weights are not \"" + graph.weights + "\"");
  }
  if ((graph.kind == "edges" || graph.kind == "arrows") == graph.edges.empty())
    section.complain("edges",
                     "given if and only if the kind of the graph is \"edges\" or \"arrows\"");
  for (const char* key : {"probability", "seed"})
    if (section.has(key) && graph.kind != "random")
      section.complain(key, "given only if the kind of the graph is \"random\"");
  graph.probability = section.number("probability", graph.probability, 0);
  if (graph.probability > 1) section.fail("probability", "a probability, at most 1");
  graph.seed =
      static_cast<std::uint64_t>(section.whole("seed", static_cast<std::int64_t>(graph.seed), 0));
  section.close();
  return graph;
}

/// Complains of what the strategy does not look at.
void refuse_unused(const Section& section, const algorithms::Choice& strategy,
                   const algorithms::Uses& uses) {
  for (const auto& [key, where] :
       {std::pair{"graph", uses.graph}, std::pair{"collective", uses.collective},
        std::pair{"optimiser", uses.optimiser}, std::pair{"batch", uses.batch}}) {
    if (!section.has(key)) continue;
    const std::string why = algorithms::refusal_of_use(where, strategy);
    if (!why.empty()) section.complain(key, why);
  }
}

algorithms::OptimiserChoice read_optimiser(const Section& section, const std::string& folder) {
  algorithms::OptimiserChoice optimiser;
  read_choice(section, "optimiser", algorithms::kinds_of_optimisers(), folder, optimiser);
  optimiser.rate = section.number("rate", optimiser.rate, 0);
  const Section schedule = section.section("schedule");
  read_choice(schedule, "schedule", algorithms::kinds_of_schedules(), folder, optimiser.schedule);
  schedule.close();
  optimiser.clip = section.optional_number("clip", 0);
  optimiser.accumulate = section.whole("accumulate", optimiser.accumulate, 1);
  section.close();
  return optimiser;
}

algorithms::StopChoice read_stop(const Section& section) {
  algorithms::StopChoice stop;
  stop.steps = section.whole("steps", stop.steps, 1);
  stop.loss = section.optional_number("loss", 0);
  stop.gap = section.optional_number("gap", 0);
  stop.error = section.optional_number("error", 0);
  stop.accuracy = section.optional_number("accuracy", 0);
  stop.disagreement = section.optional_number("disagreement", 0);
  if (section.has("patience") && !section.value("patience").is_null())
    stop.patience = section.whole("patience", 1, 1);
  stop.check_every = section.whole("check_every", stop.check_every, 1);
  stop.may_diverge = section.flag("may_diverge", stop.may_diverge);
  section.close();
  return stop;
}

Ordered stop_json(const algorithms::StopChoice& stop) {
  Ordered json{{"steps", stop.steps}};
  if (stop.loss) json["loss"] = *stop.loss;
  if (stop.gap) json["gap"] = *stop.gap;
  if (stop.error) json["error"] = *stop.error;
  if (stop.accuracy) json["accuracy"] = *stop.accuracy;
  if (stop.disagreement) json["disagreement"] = *stop.disagreement;
  if (stop.patience) json["patience"] = *stop.patience;
  json["check_every"] = stop.check_every;
  json["may_diverge"] = stop.may_diverge;
  return json;
}

/// Every setting that has a meaning here with its value, stated or not, in the order of
/// declaration.
void write_settings(Ordered& json, const algorithms::Choice& choice,
                    std::span<const algorithms::AnySetting> settings) {
  for (const auto& setting : settings) {
    if (!algorithms::refusal_of_place(setting, choice, settings).empty()) continue;
    const auto* stated = choice.stated(algorithms::name_of(setting));
    const auto value = stated ? *stated : algorithms::fallback_of(setting);
    std::visit([&](const auto& given) { json[std::string{algorithms::name_of(setting)}] = given; },
               value);
  }
}

Ordered choice_json(std::string_view what, const algorithms::Choice& choice,
                    std::span<const algorithms::Kind> kinds) {
  Ordered json{{"kind", choice.kind()}};
  write_settings(json, choice, algorithms::find_kind(what, choice.kind(), kinds).settings);
  return json;
}

Ordered optimiser_json(const algorithms::OptimiserChoice& optimiser) {
  Ordered json = choice_json("optimiser", optimiser, algorithms::kinds_of_optimisers());
  json["rate"] = optimiser.rate;
  json["schedule"] = choice_json("schedule", optimiser.schedule, algorithms::kinds_of_schedules());
  if (optimiser.clip) json["clip"] = *optimiser.clip;
  json["accumulate"] = optimiser.accumulate;
  return json;
}

Ordered graph_json(const algorithms::GraphChoice& graph) {
  Ordered json{{"kind", graph.kind}, {"weights", graph.weights}};
  if (!graph.edges.empty()) json["edges"] = graph.edges;
  if (!graph.edge_weights.empty()) json["edge_weights"] = graph.edge_weights;
  if (graph.kind == "random") json["probability"] = graph.probability;
  if (graph.kind == "random") json["seed"] = graph.seed;
  return json;
}

}  // namespace

algorithms::TrainingProblem read_training(const Section& section, std::uint64_t seed,
                                          const std::string& folder) {
  algorithms::TrainingProblem problem;
  problem.strategy = section.text("strategy", problem.strategy.kind());
  const auto* strategy = section.placed(
      "strategy", [&] { return &algorithms::find_strategy(problem.strategy.kind()); });
  read_settings(section, strategy->kind.settings, folder, problem.strategy);
  refuse_unused(section, problem.strategy, strategy->uses);
  const Section model = section.section("model");
  read_choice(model, "model", algorithms::kinds_of_models(), folder, problem.model);
  model.close();
  problem.batch = static_cast<std::size_t>(section.whole("batch", 0, 0));
  problem.data = read_data(section.section("data"), seed, problem.batch > 0, folder);
  problem.graph = read_graph(section.section("graph"));
  problem.optimiser = read_optimiser(section.section("optimiser"), folder);
  problem.stop = read_stop(section.section("stop"));
  problem.evaluate_every = section.whole("evaluate_every", problem.evaluate_every, 0);
  problem.evaluate_on = section.one_of("evaluate_on", evaluators, problem.evaluate_on);
  problem.collective = section.text("collective", problem.collective);
  section.placed("collective", [&] {
    return &algorithms::find_entry(algorithms::Collective::allreduce, problem.collective);
  });
  problem.seed = seed;
  const auto dtype = section.text("dtype", std::string{troupe::name_of(problem.dtype)});
  problem.dtype = section.placed("dtype", [&] { return dtype_named(dtype); });
  if (problem.dtype != Dtype::float32 && problem.dtype != Dtype::float64)
    section.fail("dtype", "float32 or float64");
  section.close();
  return problem;
}

Ordered to_json(const algorithms::TrainingProblem& problem) {
  Ordered json;
  json["strategy"] = problem.strategy.kind();
  const algorithms::Strategy& strategy = algorithms::find_strategy(problem.strategy.kind());
  const auto uses = [&](std::string_view where) {
    return algorithms::refusal_of_use(where, problem.strategy).empty();
  };
  write_settings(json, problem.strategy, strategy.kind.settings);
  json["model"] = choice_json("model", problem.model, algorithms::kinds_of_models());
  json["data"] = choice_json("data", problem.data, algorithms::kinds_of_data());
  if (is_cut(problem.data)) json["data"]["partition"] = problem.data.partition;
  const bool in_batches = problem.batch > 0 && uses(strategy.uses.batch);
  if (in_batches) json["data"]["sampling"] = problem.data.sampling;
  if (in_batches && has_last_batches(problem.data))
    json["data"]["drop_last"] = problem.data.drop_last;
  json["data"]["held_out"] = problem.data.held_out;
  if (problem.data.folds > 0) {
    json["data"]["folds"] = problem.data.folds;
    json["data"]["fold"] = problem.data.fold;
  }
  json["data"]["seed"] = problem.data.seed;
  if (uses(strategy.uses.graph)) json["graph"] = graph_json(problem.graph);
  if (uses(strategy.uses.optimiser)) json["optimiser"] = optimiser_json(problem.optimiser);
  json["stop"] = stop_json(problem.stop);
  if (uses(strategy.uses.batch)) json["batch"] = problem.batch;
  json["evaluate_every"] = problem.evaluate_every;
  json["evaluate_on"] = problem.evaluate_on;
  if (uses(strategy.uses.collective)) json["collective"] = problem.collective;
  json["dtype"] = troupe::name_of(problem.dtype);
  return json;
}

}  // namespace troupe::scenarios
