// troupe autotune: what gradients are gathered into, and the allreduce, with which a training is
// fastest, found by simulating them.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "algorithms/catalogue.hpp"
#include "algorithms/training_problem.hpp"
#include "analysis/output.hpp"
#include "analysis/rows.hpp"
#include "analysis/targets.hpp"
#include "cli/commands.hpp"
#include "cli/execute.hpp"
#include "cli/processes.hpp"
#include "cli/shipped.hpp"
#include "cli/sweep_point.hpp"
#include "core/text.hpp"
#include "scenarios/scenario.hpp"

namespace troupe::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A field that is tuned, and the values that are tried, as JSON.
struct Knob {
  std::string field, column;
  std::vector<std::string> values;
};

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= list.size();) {
    const auto to = std::min(list.find(',', from), list.size());
    parts.push_back(list.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

std::vector<std::string> sizes_of(const std::string& text) {
  std::vector<std::string> values;
  for (const auto size : parse_sizes(text)) values.push_back(fmt::format("{}", size.value));
  return values;
}

std::vector<std::string> times_of(const std::string& text) {
  std::vector<std::string> values;
  for (const auto& part : split(text)) values.push_back(Json(parse_seconds(part).count()).dump());
  return values;
}

/// The names asked for, or all.
std::vector<std::string> algorithms_of(const Options& options) {
  std::vector<std::string> values;
  if (options.given("algorithms")) {
    for (const auto& name : split(options.text("algorithms"))) values.push_back(Json(name).dump());
  } else {
    for (const auto* entry : algorithms::entries_of(algorithms::Collective::allreduce))
      values.push_back(Json(entry->name).dump());
  }
  return values;
}

/// What there is to tune of a strategy. Throws BadInput for options of another one.
std::vector<Knob> knobs_of(const Options& options, const std::string& strategy) {
  const std::map<std::string, std::vector<std::string>> known{
      {"data_parallel", {"buckets", "first-buckets"}},
      {"horovod", {"fusion-thresholds", "cycle-times"}}};
  if (!known.contains(strategy))
    throw BadInput{
        fmt::format("autotune tunes the strategies data_parallel and horovod; \"{}\" "
                    "stands in the scenario (troupe sweep varies any field)",
                    strategy)};
  for (const auto& [other, names] : known)
    for (const auto& name : names)
      if (other != strategy && options.given(name))
        throw BadInput{fmt::format("--{} is of the strategy {}; \"{}\" stands in the scenario",
                                   name, other, strategy)};
  const auto sizes = [&](const char* option, const char* usual) {
    return sizes_of(options.text(option, usual));
  };
  std::vector<Knob> knobs{{"collective", "collective", algorithms_of(options)}};
  if (strategy == "data_parallel") {
    knobs.push_back({"bucket_bytes", "bucket_bytes", sizes("buckets", "1M,5M,25M,100M")});
    knobs.push_back({"first_bucket_bytes", "first_bucket_bytes", sizes("first-buckets", "1M")});
  } else {
    knobs.push_back({"fusion_threshold", "fusion_threshold_bytes",
                     sizes("fusion-thresholds", "0,2M,16M,128M")});
    knobs.push_back(
        {"cycle_time", "cycle_time_s", times_of(options.text("cycle-times", "0.1ms,1ms,5ms"))});
  }
  return knobs;
}

/// Every combination of the knobs' values, the last knob changing fastest.
void add_points(std::span<const Knob> knobs, scenarios::SweepPoint point,
                std::vector<scenarios::SweepPoint>& points) {
  if (knobs.empty()) return points.push_back(std::move(point));
  for (const auto& value : knobs.front().values) {
    auto with = point;
    with.fields.push_back({"/training/" + knobs.front().field, value});
    add_points(knobs.subspan(1), std::move(with), points);
  }
}

/// The scenario, without points.
scenarios::Sweep sweep_of(const Options& options) {
  scenarios::Sweep sweep;
  sweep.file = sweep.scenario_file = options.texts("scenario").front();
  sweep.folder = std::filesystem::path{absolute_path(sweep.file)}.parent_path().string();
  scenarios::Origin origin;
  auto scenario = scenarios::load_scenario(sweep.file, {}, origin);
  if (!scenario.is_object() || !scenario.contains("training"))
    throw BadScenario{
        fmt::format("{}: there is no \"training\" to tune (troupe tune finds the best collectives)",
                    sweep.file)};
  if (options.given("steps"))
    scenario["training"]["stop"] = {{"steps", number_above_0(options, "steps")}};
  sweep.scenario = scenario.dump();
  return sweep;
}

std::string strategy_of(const scenarios::Sweep& sweep) {
  const auto training = Json::parse(sweep.scenario).at("training");
  const algorithms::TrainingProblem usual;
  if (!training.is_object() || !training.contains("strategy")) return usual.strategy.kind();
  const auto& strategy = training["strategy"];
  return strategy.is_string() ? strategy.get<std::string>() : strategy.dump();
}

/// What a point took; empty where it cannot run, and why.
struct Tried {
  std::optional<double> seconds;
  std::string why;
};

std::vector<Tried> try_all(const Program& program, const scenarios::Sweep& sweep,
                           const Options& options) {
  std::vector<analysis::Target> targets;
  if (options.given("target")) targets.push_back(analysis::target_from(options.text("target")));
  std::vector<Tried> tried(sweep.points.size());
  run_in_processes(
      sweep.points.size(), jobs_from(options),
      [&](std::size_t i) {
        const auto report = simulate_point(program, sweep, sweep.points[i]);
        const auto rows = analysis::rows_of(report, targets);
        const auto* time = targets.empty()
                               ? rows.front().find("time_s")
                               : rows.front().find(fmt::format(
                                     "time_to_{}_{:g}_s", targets[0].figure, targets[0].value));
        if (!time || !analysis::number_of(*time)) throw Error{"the target is not reached"};
        return fmt::format("{}", *analysis::number_of(*time));
      },
      [&](std::size_t i, const Finished& finished) {
        if (finished.status == 0) tried[i].seconds = std::stod(finished.output);
        else tried[i].why = finished.output;
      });
  return tried;
}

/// Those that ran, the fastest first, then the others in order.
std::vector<std::size_t> ranking(const std::vector<Tried>& tried) {
  std::vector<std::size_t> order(tried.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    if (!tried[a].seconds || !tried[b].seconds)
      return tried[a].seconds.has_value() && !tried[b].seconds.has_value();
    return *tried[a].seconds < *tried[b].seconds;
  });
  return order;
}

std::string table_of(const scenarios::Sweep& sweep, std::span<const Knob> knobs,
                     const std::vector<Tried>& tried, const std::vector<std::size_t>& order) {
  std::vector<analysis::Row> rows;
  for (const auto i : order) {
    analysis::Row row;
    for (std::size_t k = 0; k < knobs.size(); ++k) {
      const auto& fields = sweep.points[i].fields;
      row.add(knobs[k].column, fields.empty() ? analysis::Cell{"as it stands"}
                                              : analysis::cell_from(Json::parse(fields[k].value)));
    }
    row.add("time_s", tried[i].seconds ? analysis::Cell{*tried[i].seconds} : analysis::Cell{});
    if (tried[i].seconds && tried[0].seconds)
      row.add("time_ratio", *tried[i].seconds / *tried[0].seconds);
    if (!tried[i].seconds) row.add("refused", tried[i].why);
    rows.push_back(std::move(row));
  }
  return analysis::rows_table(rows, analysis::columns_of(rows));
}

/// The scenario file, with the fields of the point.
std::string tuned(const scenarios::Sweep& sweep, const scenarios::SweepPoint& point) {
  auto scenario = Json::parse(analysis::read_file(sweep.file));
  for (const auto& [name, value] : point.fields)
    scenario[Json::json_pointer{name}] = Json::parse(value);
  return scenario.dump(1) + "\n";
}

}  // namespace

int autotune_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{
      "autotune SCENARIO.json [options]",
      "Simulates a training with all allreduces and several sizes of what gradients are "
      "gathered into, and writes down the\nscenario with the fastest. Of data_parallel: "
      "buckets; of horovod: fusion thresholds and cycle times."};
  options.value("out,o", "write the scenario to a file; paths in it are as in the one given");
  options.value("buckets", "of data_parallel: sizes to try (1M,5M,25M,100M)");
  options.value("first-buckets", "of data_parallel: sizes of the first bucket to try (1M)");
  options.value("fusion-thresholds",
                "of horovod: thresholds to try, 0: each layer alone (0,2M,16M,128M)");
  options.value("cycle-times", "of horovod: cycles to try (0.1ms,1ms,5ms)");
  options.value("algorithms", "allreduces to try, NAME,NAME,... (all)");
  options.value("target", "be fastest to a figure of the curve, such as loss=0.1 (to the end)");
  options.value("steps", "train for so many steps only while tuning");
  options.value("jobs,j", "simulations at a time, each a process (default: the cores)");
  options.flag("quiet,q", "no table");
  options.positional("scenario", 1, 1);
  options.examples(
      "  troupe autotune resnet50.json --steps 3 --buckets 1M:128M --out tuned.json\n"
      "  troupe autotune through_horovod.json --fusion-thresholds 0,64M --cycle-times 1ms,5ms\n");
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  if (!backend_named(program, "sim"))
    throw BadInput{"autotune simulates, and simulation is not built in"};
  if (options.given("out")) analysis::Output{options.text("out")};
  auto sweep = sweep_of(options);
  const auto knobs = knobs_of(options, strategy_of(sweep));
  sweep.points.emplace_back();  // as it stands
  add_points(knobs, {}, sweep.points);
  scenarios::check_points(sweep);
  check_platforms(sweep);
  const auto tried = try_all(program, sweep, options);
  const auto order = ranking(tried);
  if (!tried[order.front()].seconds)
    throw Error{fmt::format("none of {} points ran; as it stands: {}", tried.size(), tried[0].why)};
  if (options.given("out"))
    analysis::Output{options.text("out")}.write(tuned(sweep, sweep.points[order.front()]));
  if (!options.given("quiet") && options.text("out") != "-")
    fmt::print("{}", table_of(sweep, knobs, tried, order));
  return 0;
}

}  // namespace troupe::cli
