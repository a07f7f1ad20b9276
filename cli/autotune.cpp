// troupe autotune: the sizes of buckets and the allreduce with which a training is fastest, found
// by simulating them.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "algorithms/catalogue.hpp"
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

constexpr auto bucket = "/training/bucket_bytes", first_bucket = "/training/first_bucket_bytes",
               collective = "/training/collective";

std::vector<std::string> sizes_of(const Options& options, const std::string& option,
                                  const char* usual) {
  std::vector<std::string> values;
  for (const auto size : parse_sizes(options.text(option, usual)))
    values.push_back(fmt::format("{}", size.value));
  return values;
}

/// JSON texts of the names asked for, or of all.
std::vector<std::string> algorithms_of(const Options& options) {
  std::vector<std::string> values;
  if (!options.given("algorithms")) {
    for (const auto* entry : algorithms::entries_of(algorithms::Collective::allreduce))
      values.push_back(Json(entry->name).dump());
    return values;
  }
  const auto list = options.text("algorithms");
  for (std::size_t from = 0; from <= list.size();) {
    const auto to = std::min(list.find(',', from), list.size());
    values.push_back(Json(list.substr(from, to - from)).dump());
    from = to + 1;
  }
  return values;
}

/// The scenario as it stands, then each combination.
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
  sweep.points.emplace_back();
  for (const auto& algorithm : algorithms_of(options))
    for (const auto& size : sizes_of(options, "buckets", "1M,5M,25M,100M"))
      for (const auto& first : sizes_of(options, "first-buckets", "1M"))
        sweep.points.push_back(
            {{{collective, algorithm}, {bucket, size}, {first_bucket, first}}, {}});
  scenarios::check_points(sweep);
  check_platforms(sweep);
  return sweep;
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

std::string table_of(const scenarios::Sweep& sweep, const std::vector<Tried>& tried,
                     const std::vector<std::size_t>& order) {
  std::vector<analysis::Row> rows;
  for (const auto i : order) {
    analysis::Row row;
    for (const auto& [pointer, column] :
         {std::pair{collective, "collective"}, std::pair{bucket, "bucket_bytes"},
          std::pair{first_bucket, "first_bucket_bytes"}}) {
      const auto& fields = sweep.points[i].fields;
      const auto field = std::ranges::find(fields, pointer, &scenarios::Field::name);
      row.add(column, field == fields.end() ? analysis::Cell{"as it stands"}
                                            : analysis::cell_from(Json::parse(field->value)));
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
  Options options{"autotune SCENARIO.json [options]",
                  "Simulates a training with buckets of several sizes and all allreduces, and "
                  "writes down the scenario with\nthe fastest. A bucket is what other frameworks "
                  "fuse before they send it."};
  options.value("out,o", "write the scenario to a file; paths in it are as in the one given");
  options.value("buckets", "sizes to try (1M,5M,25M,100M)");
  options.value("first-buckets", "sizes of the first bucket to try (1M)");
  options.value("algorithms", "allreduces to try, NAME,NAME,... (all)");
  options.value("target", "be fastest to a figure of the curve, such as loss=0.1 (to the end)");
  options.value("steps", "train for so many steps only while tuning");
  options.value("jobs,j", "simulations at a time, each a process (default: the cores)");
  options.flag("quiet,q", "no table");
  options.positional("scenario", 1, 1);
  options.examples(
      "  troupe autotune resnet50.json --steps 3 --buckets 1M:128M --out tuned.json\n");
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  if (!backend_named(program, "sim"))
    throw BadInput{"autotune simulates, and simulation is not built in"};
  if (options.given("out")) analysis::Output{options.text("out")};
  const auto sweep = sweep_of(options);
  const auto tried = try_all(program, sweep, options);
  const auto order = ranking(tried);
  if (!tried[order.front()].seconds)
    throw Error{fmt::format("none of {} points ran; as it stands: {}", tried.size(), tried[0].why)};
  if (options.given("out"))
    analysis::Output{options.text("out")}.write(tuned(sweep, sweep.points[order.front()]));
  if (!options.given("quiet") && options.text("out") != "-")
    fmt::print("{}", table_of(sweep, tried, order));
  return 0;
}

}  // namespace troupe::cli
