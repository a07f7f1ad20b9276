// troupe sweep: one scenario at many points.

#include <fmt/format.h>

#include <charconv>
#include <map>

#include "analysis/report_json.hpp"
#include "cli/commands.hpp"
#include "cli/execute.hpp"
#include "cli/processes.hpp"
#include "cli/progress.hpp"
#include "cli/shipped.hpp"
#include "cli/sweep_point.hpp"
#include "cli/sweep_results.hpp"
#include "cli/sweep_slurm.hpp"

namespace troupe::cli {
namespace {

/// A share of the points: every of-th, beginning with the index-th.
struct Part {
  std::size_t index = 0, of = 1;
};

Part part_from(const std::string& text) {
  const auto slash = text.find('/');
  std::size_t index = 0, of = 0;
  const auto read = [](std::string_view number, std::size_t& into) {
    const auto* end = number.data() + number.size();
    const auto [at, error] = std::from_chars(number.data(), end, into);
    return error == std::errc{} && at == end;
  };
  if (slash == std::string::npos || !read(std::string_view{text}.substr(0, slash), index) ||
      !read(std::string_view{text}.substr(slash + 1), of) || index >= of)
    throw BadInput{fmt::format("--part \"{}\": expected I/N with 0 <= I < N", text)};
  return {index, of};
}

/// Runs one point and returns what it gave: a line, and behind it the report where asked for.
std::string line_and_report(const Program& program, const scenarios::Sweep& sweep,
                            const scenarios::SweepPoint& point, bool with_report) {
  const auto report = simulate_point(program, sweep, point);
  return line_of(report) + "\n" + (with_report ? analysis::to_json(report, true) : "");
}

/// How far a sweep is: a bar on a terminal, a line each half minute elsewhere.
class SweepProgress {
 public:
  SweepProgress(std::size_t points, bool wanted)
      : points_{points}, wanted_{wanted}, bar_{"sweep", wanted} {}
  void ended(bool well) {
    ++ended_;
    if (!well) ++failed_;
    bar_.show(static_cast<double>(ended_) / static_cast<double>(points_));
    const auto now = Clock::now();
    if (!wanted_ || bar_.visible() || now - last_ < std::chrono::seconds{30}) return;
    last_ = now;
    const std::chrono::duration<double> spent = now - begin_;
    fmt::print(stderr, "troupe: {} of {} points, {} failed, {:.0f} s left\n", ended_, points_,
               failed_,
               spent.count() * static_cast<double>(points_ - ended_) / static_cast<double>(ended_));
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::size_t points_, ended_ = 0, failed_ = 0;
  bool wanted_;
  ProgressBar bar_;
  Clock::time_point begin_ = Clock::now(), last_ = begin_;
};

void declare(Options& options) {
  options.value("out,o", "folder of the results; a sweep that was cut off there goes on");
  options.value("jobs,j", "simulations at a time, each a process (default: the cores)");
  options.flag("reports", "keep the whole report of each point, too (reports/)");
  options.flag("quiet,q", "no table, no progress");
  options.group("On a cluster");
  options.flag("slurm", "submit an array of jobs to Slurm instead, and one that gathers");
  options.value("tasks", "of the array (at most 100)");
  options.value("sbatch", "more options for sbatch, in one text");
  options.value("part", "I/N: run every N-th point only, beginning with the I-th; gather nothing");
  options.flag("gather", "run nothing; write the results of the points that have run");
  options.positional("sweep", 1, 1);
  options.examples(
      "  troupe sweep batches.json --out batches\n"
      "  troupe sweep batches.json --out batches --slurm --tasks 20 --sbatch '-p short -t 60'\n"
      "\nA sweep is a file such as\n"
      "  {\"troupe_sweep\": 1, \"scenario\": \"async.json\",\n"
      "   \"vary\": {\"training.batch\": [16, 64], \"/training/optimiser/rate\": [0.1, 0.3]}}\n"
      "It runs each combination, the last field changing fastest; \"points\": [{FIELD: VALUE}, "
      "...]\nlists points instead, or as well.\n");
}

/// Runs the points that are not there yet.
void run_points(const Program& program, const scenarios::Sweep& sweep, const SweepFolder& folder,
                const Options& options, Part part) {
  const bool reports = options.given("reports");
  std::vector<const scenarios::SweepPoint*> left;
  std::map<std::string, bool> seen;
  for (std::size_t i = part.index; i < sweep.points.size(); i += part.of)
    if (const auto& point = sweep.points[i];
        !folder.finished(point, reports) && seen.try_emplace(point.digest).second)
      left.push_back(&point);
  const int jobs = jobs_from(options);
  SweepProgress progress{left.size(), !options.given("quiet")};
  run_in_processes(
      left.size(), jobs,
      [&](std::size_t piece) { return line_and_report(program, sweep, *left[piece], reports); },
      [&](std::size_t piece, const Finished& finished) {
        const bool well = finished.status == 0;
        const auto line_end = well ? finished.output.find('\n') : 0;
        folder.keep(*left[piece],
                    well ? finished.output.substr(0, line_end)
                         : line_of_failure(finished.status, finished.output),
                    well ? finished.output.substr(line_end + 1) : std::string{});
        progress.ended(well);
      });
}

/// Writes the results and says how it went. Returns the exit status.
int conclude_sweep(const scenarios::Sweep& sweep, const SweepFolder& folder,
                   const Options& options) {
  const auto results = gather(sweep, folder);
  folder.write("results.csv", analysis::rows_csv(results.rows, results.columns));
  folder.write("results.jsonl", results.lines);
  if (!options.given("quiet"))
    fmt::print("{}", analysis::rows_table(results.rows, columns_for_people(sweep, results)));
  if (results.failures.empty()) return 0;
  const auto& first = results.failures.front();
  fmt::print(stderr, "troupe: {} of {} points failed; point {} ({}): {}\n", results.failures.size(),
             sweep.points.size(), first.point, scenarios::in_words(sweep.points[first.point]),
             first.why);
  return 1;
}

int submit_sweep(const scenarios::Sweep& sweep, const Options& options) {
  const auto points = static_cast<int>(sweep.points.size());
  const int tasks =
      options.given("tasks") ? number_above_0(options, "tasks") : std::min(points, 100);
  const auto folder = options.text("out");
  const SlurmJob job{.program = program_file(),
                     .sweep = absolute_path(sweep.file),
                     .tasks = std::min(tasks, points),
                     .reports = options.given("reports"),
                     .arguments = options.text("sbatch")};
  write_scripts(job, SweepFolder{folder, SweepFolder::Use::alone});
  fmt::print("{} points are submitted as jobs {}; the last one writes {}/results.jsonl\n", points,
             submit(job, folder), folder);
  return 0;
}

}  // namespace

int sweep_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{"sweep SWEEP.json --out FOLDER [options]",
                  "Simulates a scenario at many points, on all cores, and writes "
                  "FOLDER/results.jsonl and results.csv."};
  declare(options);
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  if (!options.given("out")) throw BadInput{"sweep needs --out FOLDER for its results"};
  const Part part = options.given("part") ? part_from(options.text("part")) : Part{};
  if (options.given("part") + options.given("gather") + options.given("slurm") > 1)
    throw BadInput{"--slurm, --part and --gather exclude each other"};
  for (const char* option : {"tasks", "sbatch"})
    if (options.given(option) && !options.given("slurm"))
      throw BadInput{fmt::format("--{} is about --slurm: give that, too", option)};
  if (!backend_named(program, "sim"))
    throw BadInput{"sweep simulates, and simulation is not built in"};
  const auto sweep = scenarios::read_sweep(options.texts("sweep").front());
  check_platforms(sweep);
  if (options.given("slurm")) return submit_sweep(sweep, options);
  const SweepFolder folder{options.text("out"), options.given("part") ? SweepFolder::Use::together
                                                                      : SweepFolder::Use::alone};
  if (!options.given("gather")) run_points(program, sweep, folder, options, part);
  return options.given("part") ? 0 : conclude_sweep(sweep, folder, options);
}

}  // namespace troupe::cli
