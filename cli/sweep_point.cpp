#include "cli/sweep_point.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/execute.hpp"
#include "cli/processes.hpp"
#include "cli/shipped.hpp"
#include "scenarios/resolve.hpp"
#include "scenarios/run.hpp"

namespace troupe::cli {
namespace {

namespace fs = std::filesystem;

/// Files of platforms that a scenario names as they are shipped: "star_16" for the file of that
/// name, where the scenario's own folder has none.
class Platforms {
 public:
  void find(nlohmann::json& scenario, const std::string& folder) {
    const nlohmann::json::json_pointer at{"/platform/file"};
    if (!scenario.contains(at) || !scenario[at].is_string()) return;
    const auto name = scenario[at].get<std::string>();
    const auto [known, first] = files_.try_emplace(name);
    if (first)
      known->second =
          fs::exists(fs::path{folder} / name) ? name : find_platform(name, "/platform/file");
    scenario[at] = known->second;
  }

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace

void check_platforms(const scenarios::Sweep& sweep) {
  Platforms platforms;
  for (std::size_t i = 0; i < sweep.points.size(); ++i) {
    scenarios::Origin origin;
    auto json = scenarios::scenario_of(sweep, sweep.points[i], origin);
    try {
      platforms.find(json, sweep.folder);
    } catch (const BadPlatform& error) {
      throw BadPlatform{fmt::format("{}: point {} ({}): {}", sweep.file, i,
                                    scenarios::in_words(sweep.points[i]), error.what())};
    }
  }
}

analysis::Report simulate_point(const Program& program, const scenarios::Sweep& sweep,
                                const scenarios::SweepPoint& point) {
  scenarios::Origin origin;
  auto json = scenarios::scenario_of(sweep, point, origin);
  Platforms{}.find(json, sweep.folder);
  auto scenario = scenarios::read_scenario(json, origin, sweep.folder);
  const auto backend = backend_named(program, "sim")->make(scenario, {});
  const auto resolved = scenarios::resolve(std::move(scenario), backend->machine(), true);
  auto report = scenarios::run(resolved, *backend);
  if (const auto defects = analysis::defects(report); !defects.empty())
    throw Error{defects.front()};
  return report;
}

int number_above_0(const Options& options, const std::string& option) {
  const auto text = options.text(option);
  int number = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || at != end || number < 1)
    throw BadInput{fmt::format("--{} \"{}\": expected a whole number above 0", option, text)};
  return number;
}

int jobs_from(const Options& options) {
  return options.given("jobs") ? number_above_0(options, "jobs") : usable_cores();
}

}  // namespace troupe::cli
