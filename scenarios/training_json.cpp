#include "scenarios/training_json.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "algorithms/strategies.hpp"
#include "core/text.hpp"
#include "scenarios/scenario.hpp"

namespace troupe::scenarios {
namespace {

using Ordered = nlohmann::ordered_json;

const std::array<std::string, 3> modes{"bsp", "ssp", "asp"};
const std::array<std::string, 2> orders{"arrival", "cyclic"};
const std::array<std::string, 2> partners{"butterfly", "fixed"};
const std::array<std::string, 2> weights{"one", "metropolis"};
const std::array<std::string, 6> graphs{"ring", "path", "complete", "star", "hypercube", "edges"};

algorithms::ModelChoice read_model(const Section& section) {
  algorithms::ModelChoice model;
  model.kind = section.text("kind", model.kind);
  model.features = static_cast<std::size_t>(
      section.whole("features", static_cast<std::int64_t>(model.features), 1));
  model.width = section.number("width", model.width, 0);
  model.ridge = section.number("ridge", model.ridge, 0);
  for (const auto size : section.wholes("layers", 1))
    model.layers.push_back(static_cast<std::size_t>(size));
  section.close();
  return model;
}

algorithms::DataChoice read_data(const Section& section, std::uint64_t seed) {
  algorithms::DataChoice data;
  data.kind = section.text("kind", data.kind);
  data.samples = static_cast<std::size_t>(
      section.whole("samples", static_cast<std::int64_t>(data.samples), 1));
  data.noise = section.number("noise", data.noise, 0);
  data.partition = section.text("partition", data.partition);
  data.seed = static_cast<std::uint64_t>(section.whole("seed", static_cast<std::int64_t>(seed), 0));
  section.close();
  return data;
}

algorithms::GraphChoice read_graph(const Section& section) {
  algorithms::GraphChoice graph;
  graph.kind = section.one_of("kind", graphs, graph.kind);
  graph.weights = section.one_of("weights", weights, graph.weights);
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
  if ((graph.kind == "edges") == graph.edges.empty())
    section.complain("edges", "given if and only if the kind of the graph is \"edges\"");
  section.close();
  return graph;
}

algorithms::OptimiserChoice read_optimiser(const Section& section) {
  algorithms::OptimiserChoice optimiser;
  optimiser.kind = section.text("kind", optimiser.kind);
  optimiser.rate = section.number("rate", optimiser.rate, 0);
  optimiser.staleness_aware = section.flag("staleness_aware", optimiser.staleness_aware);
  section.close();
  return optimiser;
}

algorithms::StopChoice read_stop(const Section& section) {
  algorithms::StopChoice stop;
  stop.steps = section.whole("steps", stop.steps, 1);
  stop.loss = section.optional_number("loss", 0);
  stop.gap = section.optional_number("gap", 0);
  stop.error = section.optional_number("error", 0);
  stop.disagreement = section.optional_number("disagreement", 0);
  stop.check_every = section.whole("check_every", stop.check_every, 1);
  section.close();
  return stop;
}

Ordered stop_json(const algorithms::StopChoice& stop) {
  Ordered json{{"steps", stop.steps}};
  if (stop.loss) json["loss"] = *stop.loss;
  if (stop.gap) json["gap"] = *stop.gap;
  if (stop.error) json["error"] = *stop.error;
  if (stop.disagreement) json["disagreement"] = *stop.disagreement;
  json["check_every"] = stop.check_every;
  return json;
}

Ordered model_json(const algorithms::ModelChoice& model) {
  Ordered json{{"kind", model.kind},
               {"features", model.features},
               {"width", model.width},
               {"ridge", model.ridge}};
  if (!model.layers.empty()) json["layers"] = model.layers;
  return json;
}

Ordered graph_json(const algorithms::GraphChoice& graph) {
  Ordered json{{"kind", graph.kind}, {"weights", graph.weights}};
  if (!graph.edges.empty()) json["edges"] = graph.edges;
  return json;
}

}  // namespace

algorithms::TrainingProblem read_training(const Section& section, std::uint64_t seed) {
  algorithms::TrainingProblem problem;
  const auto strategy = section.text("strategy", problem.strategy);
  section.placed("strategy", [&] { return &algorithms::find_strategy(strategy); });
  problem.strategy = strategy;
  problem.model = read_model(section.section("model"));
  problem.data = read_data(section.section("data"), seed);
  problem.graph = read_graph(section.section("graph"));
  problem.optimiser = read_optimiser(section.section("optimiser"));
  problem.stop = read_stop(section.section("stop"));
  problem.batch = static_cast<std::size_t>(section.whole("batch", 0, 0));
  problem.evaluate_every = section.whole("evaluate_every", problem.evaluate_every, 0);
  problem.collective = section.text("collective", problem.collective);
  section.placed("collective", [&] {
    return &algorithms::find_entry(algorithms::Collective::allreduce, problem.collective);
  });
  problem.mode = section.one_of("mode", modes, problem.mode);
  problem.staleness = section.whole("staleness", problem.staleness, 0);
  problem.order = section.one_of("order", orders, problem.order);
  problem.fetch_every = section.whole("fetch_every", problem.fetch_every, 1);
  problem.push_every = section.whole("push_every", problem.push_every, 1);
  problem.partners = section.one_of("partners", partners, problem.partners);
  problem.mixing_rounds =
      static_cast<int>(section.whole("mixing_rounds", problem.mixing_rounds, 1, 1'000'000));
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
  json["strategy"] = problem.strategy;
  json["model"] = model_json(problem.model);
  json["data"] = {{"kind", problem.data.kind},
                  {"samples", problem.data.samples},
                  {"noise", problem.data.noise},
                  {"partition", problem.data.partition},
                  {"seed", problem.data.seed}};
  json["graph"] = graph_json(problem.graph);
  json["optimiser"] = {{"kind", problem.optimiser.kind},
                       {"rate", problem.optimiser.rate},
                       {"staleness_aware", problem.optimiser.staleness_aware}};
  json["stop"] = stop_json(problem.stop);
  json["batch"] = problem.batch;
  json["evaluate_every"] = problem.evaluate_every;
  json["collective"] = problem.collective;
  json["mode"] = problem.mode;
  json["staleness"] = problem.staleness;
  json["order"] = problem.order;
  json["fetch_every"] = problem.fetch_every;
  json["push_every"] = problem.push_every;
  json["partners"] = problem.partners;
  json["mixing_rounds"] = problem.mixing_rounds;
  json["dtype"] = troupe::name_of(problem.dtype);
  return json;
}

}  // namespace troupe::scenarios
