#include "scenarios/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "analysis/output.hpp"
#include "core/text.hpp"
#include "platforms/digest.hpp"
#include "platforms/gpu_cluster.hpp"
#include "platforms/json_reader.hpp"
#include "platforms/measured_device.hpp"
#include "platforms/xml_scan.hpp"
#include "scenarios/collective_json.hpp"
#include "scenarios/training_json.hpp"

namespace troupe::scenarios {
namespace {

using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;

const std::array<std::string, 3> compute_names{"roofline", "flops", "none"};
const std::array<std::string, 4> jitter_names{"none", "exponential", "lognormal", "trace"};
const std::array<std::string, 2> payload_names{"real", "phantom"};
const std::array<std::string, 2> network_names{"simgrid", "loggp"};
const std::array<std::string, 3> pair_class_names{"same_host", "same_node", "across"};

/// The platforms' own reader says "where: /pointer: message"; the pointer may stand for an option.
platforms::PlatformSpec read_platform(const Json& json, const Origin& origin,
                                      const std::string& folder) {
  const std::string where = origin.file().empty() ? "options" : origin.file();
  try {
    return platforms::parse_platform_spec(json, folder, where);
  } catch (const BadPlatform& error) {
    const std::string message = error.what();
    const auto pointer = where.size() + 2;
    const auto end = message.find(": ", pointer);
    if (message.rfind(where + ": /", 0) != 0 || end == std::string::npos) throw;
    throw BadPlatform{origin.place(message.substr(pointer, end - pointer)) + message.substr(end)};
  }
}

/// What the platform's file says, if it does; the head of a long one is enough to know.
Bytes eager_limit_of(const std::optional<platforms::PlatformSpec>& platform) {
  if (!platform) return {};
  if (platform->file.extension() == ".json")
    return platforms::cluster_runs(platform->file.string()).eager_limit;
  if (platform->file.extension() != ".xml") return {};
  std::string head(64 * 1024, '\0');
  std::ifstream file{platform->file, std::ios::binary};
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  try {
    return platforms::eager_limit(platforms::start_tags(head)).value_or(Bytes{});
  } catch (const BadPlatform& error) {
    throw BadPlatform{fmt::format("{}: {}", platform->file.string(), error.what())};
  }
}

/// The numbers of a text file, one a line; empty lines are none.
std::vector<double> read_factors(const Section& section, const std::filesystem::path& file) {
  std::vector<double> factors;
  std::istringstream lines{section.placed("file", [&] { return analysis::read_file(file); })};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    char* end = nullptr;
    const double factor = std::strtod(line.c_str(), &end);
    const bool whole = std::string_view{end}.find_first_not_of(" \t\r") == std::string_view::npos;
    if (end == line.c_str() || !whole || !std::isfinite(factor) || factor <= 0)
      section.complain("file", fmt::format("{}:{}: found \"{}\"; expected a number above 0",
                                           file.string(), number, line));
    factors.push_back(factor);
  }
  if (factors.empty())
    section.complain("file", fmt::format("{} has no factors, one a line", file.string()));
  return factors;
}

JitterChoice read_jitter(const Section& section, const std::filesystem::path& folder) {
  JitterChoice jitter;
  jitter.kind = section.one_of("kind", jitter_names, "none");
  if (jitter.kind == "lognormal") {
    if (!section.has("sigma")) section.complain("", "lognormal jitter needs \"sigma\"");
    jitter.sigma = section.number("sigma", 0, 0);
    if (jitter.sigma == 0) section.fail("sigma", "a number above 0");
  }
  if (jitter.kind == "trace") {
    if (section.has("file") == section.has("factors"))
      section.complain("", "jitter by trace needs either \"file\" or \"factors\"");
    if (section.has("file"))
      jitter.factors =
          read_factors(section, (folder / section.text("file", "")).lexically_normal());
    else jitter.factors = section.numbers("factors", 0);
    if (jitter.factors.empty()) section.fail("factors", "a list of numbers above 0");
  }
  section.close();
  return jitter;
}

DeviceChoice read_device(std::string file) {
  DeviceChoice device{.file = std::move(file), .digest = {}, .measured = {}};
  const auto measured = platforms::read_measured_device(device.file);
  device.digest = platforms::digest_of(platforms::to_json(measured));
  device.measured = std::make_shared<const MeasuredDevice>(measured);
  return device;
}

/// What a GPU cluster's file names, where times are charged and the scenario names none.
void add_device_of(const std::optional<platforms::PlatformSpec>& platform, ComputeChoice& compute) {
  if (compute.device || compute.model != ComputeModel::roofline) return;
  if (!platform || platform->file.extension() != ".json") return;
  const auto runs = platforms::cluster_runs(platform->file.string());
  if (runs.measured_device.empty()) return;
  try {
    compute.device = read_device(runs.measured_device);
  } catch (const BadInput& error) {
    throw BadPlatform{
        fmt::format("{}: /node/measured_device: {}", platform->file.string(), error.what())};
  }
}

ComputeChoice read_compute(const Section& section, const std::filesystem::path& folder) {
  ComputeChoice compute;
  const auto model = section.one_of("model", compute_names, "roofline");
  compute.model = static_cast<ComputeModel>(
      std::find(compute_names.begin(), compute_names.end(), model) - compute_names.begin());
  compute.speed = section.numbers("speed", 0);
  if (section.has("device")) {
    const auto file = (folder / section.text("device", "")).lexically_normal().string();
    compute.device = section.placed("device", [&] { return read_device(file); });
    if (compute.model != ComputeModel::roofline)
      section.complain("device",
                       fmt::format("measured times are charged in model \"roofline\", and "
                                   "the model is \"{}\"",
                                   model));
  }
  compute.jitter = read_jitter(section.section("jitter"), folder);
  if (compute.jitter.kind != "none" && compute.model == ComputeModel::none)
    section.complain("jitter", "kernels cost no time in model \"none\": there is nothing to vary");
  section.close();
  return compute;
}

/// A time, as a number of seconds or as text.
Seconds read_time(const Section& section, const std::string& key) {
  if (!section.has(key)) return {};
  if (section.value(key).is_number()) return Seconds{section.number(key, 0, 0)};
  const auto text = section.text(key, "");
  return section.placed(key, [&] { return parse_seconds(text); });
}

/// What messages, all or those of a class, can be said to cost beside the network.
template <class Costs>
constexpr std::array<std::pair<const char*, std::optional<Seconds> Costs::*>, 3> loggp_costs{
    {{"overhead", &Costs::overhead},
     {"overhead_per_byte", &Costs::overhead_per_byte},
     {"gap", &Costs::gap}}};
template <class Costs>
void read_loggp_costs(const Section& section, Costs& into) {
  for (const auto& [key, member] : loggp_costs<Costs>)
    if (section.has(key)) into.*member = read_time(section, key);
}
template <class Costs>
void add_loggp_costs(const Costs& costs, Ordered& json) {
  for (const auto& [key, member] : loggp_costs<Costs>)
    if (costs.*member) json[key] = (costs.*member)->count();
}

LogGPChoice read_loggp(const Section& section,
                       const std::optional<platforms::PlatformSpec>& platform) {
  LogGPChoice loggp;
  read_loggp_costs(section, loggp);
  loggp.ports = section.flag("ports", true);
  const std::string gap_without_ports =
      "a gap is the rest of a port between two messages, and \"ports\" is false: give one of them";
  if (!loggp.ports && loggp.gap && loggp.gap->count() > 0)
    section.complain("gap", gap_without_ports);
  for (const auto& name : pair_class_names) {
    if (!section.has(name)) continue;
    const Section of = section.section(name);
    LogGPChoice::Class choice;
    choice.name = name;
    if (of.has("latency")) choice.latency = read_time(of, "latency");
    read_loggp_costs(of, choice);
    if (of.has("bandwidth")) {
      const auto text = of.value("bandwidth").is_number()
                            ? fmt::format("{}", of.number("bandwidth", 0, 0))
                            : of.text("bandwidth", "");
      choice.bandwidth = of.placed("bandwidth", [&] { return parse_bandwidth(text); });
    }
    if (of.has("eager_limit")) choice.eager_limit = of.bytes("eager_limit", {});
    of.close();
    if (section.value(name).empty())
      section.complain(name,
                       "expected \"latency\", \"bandwidth\", \"overhead\", "
                       "\"overhead_per_byte\", \"gap\" or \"eager_limit\"");
    if (!loggp.ports && choice.gap && choice.gap->count() > 0)
      of.complain("gap", gap_without_ports);
    if (choice.latency && platform && platform->latency_factor)
      of.complain("latency", "/platform/latency_factor says it too: give one of them");
    if (choice.bandwidth && platform && platform->bandwidth_factor)
      of.complain("bandwidth", "/platform/bandwidth_factor says it too: give one of them");
    loggp.classes.push_back(std::move(choice));
  }
  section.close();
  return loggp;
}

Ordered loggp_json(const LogGPChoice& loggp) {
  Ordered json = Ordered::object();
  add_loggp_costs(loggp, json);
  json["ports"] = loggp.ports;
  for (const auto& choice : loggp.classes) {
    auto& of = json[choice.name] = Ordered::object();
    if (choice.latency) of["latency"] = choice.latency->count();
    if (choice.bandwidth) of["bandwidth"] = choice.bandwidth->value;
    add_loggp_costs(choice, of);
    if (choice.eager_limit) of["eager_limit"] = choice.eager_limit->value;
  }
  return json;
}

Ordered jitter_json(const JitterChoice& jitter) {
  Ordered json{{"kind", jitter.kind}};
  if (jitter.kind == "lognormal") json["sigma"] = jitter.sigma;
  if (jitter.kind == "trace") json["factors"] = jitter.factors;
  return json;
}

}  // namespace

Scenario read_scenario(const Json& json, const Origin& origin, const std::string& folder) {
  const Section top{json, origin, ""};
  if (!top.has("troupe"))
    top.complain("", top.misplaced() + "a scenario begins with \"troupe\": 1");
  if (top.value("troupe") != 1) top.fail("troupe", "1, the version of the format");
  for (const char* reserved : {"jobs", "faults"})
    if (top.has(reserved)) top.complain(reserved, "this key is reserved and cannot be used yet");
  Scenario scenario;
  scenario.name = top.text("name", "");
  scenario.seed = static_cast<std::uint64_t>(top.whole("seed", 1, 0));
  if (top.has("platform")) scenario.platform = read_platform(top.value("platform"), origin, folder);
  scenario.ranks = static_cast<int>(top.whole("ranks", 0, 1, INT32_MAX));
  if (scenario.platform && scenario.ranks > 0) {
    auto& placed = scenario.platform->placement.ranks;
    if (placed > 0 && placed != scenario.ranks)
      top.complain("ranks",
                   fmt::format("{} here and {} at /platform/ranks", scenario.ranks, placed));
    placed = scenario.ranks;
  }
  scenario.network = top.one_of("network", network_names, "simgrid");
  if (top.has("loggp") && scenario.network != "loggp")
    top.complain("loggp", fmt::format("the network is \"{}\", which has no such parameters; "
                                      "expected \"network\": \"loggp\"",
                                      scenario.network));
  if (top.has("loggp")) scenario.loggp = read_loggp(top.section("loggp"), scenario.platform);
  if (top.has("payload"))
    scenario.phantom = top.one_of("payload", payload_names, "real") == "phantom";
  scenario.eager_limit = top.bytes(
      "eager_limit", top.has("eager_limit") ? Bytes{} : eager_limit_of(scenario.platform));
  scenario.compute = read_compute(top.section("compute"), folder);
  if (!top.has("machine")) add_device_of(scenario.platform, scenario.compute);  // else resolved
  auto table = std::make_shared<AlgorithmTable>();
  for (const auto& plugin : top.names("plugins", {})) {
    scenario.plugins.push_back(
        std::filesystem::absolute(std::filesystem::path{folder} / plugin).lexically_normal());
    top.placed("plugins", [&] { table->add_plugin(scenario.plugins.back()); });
  }
  scenario.algorithms = table;
  const bool collective = top.has("collective"), training = top.has("training");
  if (collective == training)
    top.complain("", collective ? "both \"collective\" and \"training\" are given; expected one"
                                : "neither \"collective\" nor \"training\" is given");
  if (collective)
    scenario.collective = read_collective(top.section("collective"), origin, *table, folder);
  else scenario.training = read_training(top.section("training"), scenario.seed, folder);
  if (top.has("machine")) scenario.machine = top.value("machine").dump();
  if (scenario.training) {
    scenario.training->phantom = scenario.phantom.value_or(false);
    scenario.training->speeds = scenario.compute.speed;
  }
  top.close();
  return scenario;
}

Ordered to_json(const Scenario& scenario) {
  Ordered json;
  json["troupe"] = 1;
  json["name"] = scenario.name;
  json["seed"] = scenario.seed;
  if (scenario.platform)
    json["platform"] = Ordered::parse(platforms::to_json(*scenario.platform).dump());
  if (scenario.ranks > 0) json["ranks"] = scenario.ranks;
  json["network"] = scenario.network;
  if (scenario.network == "loggp") json["loggp"] = loggp_json(scenario.loggp);
  if (scenario.phantom) json["payload"] = *scenario.phantom ? "phantom" : "real";
  json["eager_limit"] = scenario.eager_limit.value;
  json["compute"] = {{"model", compute_names[static_cast<std::size_t>(scenario.compute.model)]}};
  if (!scenario.compute.speed.empty()) json["compute"]["speed"] = scenario.compute.speed;
  if (scenario.compute.device) json["compute"]["device"] = scenario.compute.device->file;
  json["compute"]["jitter"] = jitter_json(scenario.compute.jitter);
  if (!scenario.plugins.empty()) json["plugins"] = scenario.plugins;
  if (scenario.collective) json["collective"] = to_json(*scenario.collective);
  if (scenario.training) json["training"] = to_json(*scenario.training);
  if (!scenario.machine.empty()) json["machine"] = Ordered::parse(scenario.machine);
  return json;
}

Json load_scenario(const std::string& file, const std::vector<std::string>& settings,
                   Origin& origin) {
  origin = Origin{file};
  const auto content = analysis::read_file(file);
  if (const auto begin = content.find_first_not_of(" \t\r\n");
      begin != content.npos && content[begin] == '<')
    throw BadScenario{fmt::format(
        "{0}: this is XML, not a scenario; a platform (troupe platform show {0} shows it) is given "
        "by --platform, or named in a scenario",
        file)};
  auto json = parse_json(content, file);
  for (const auto& setting : settings) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos || setting.front() != '/')
      throw BadInput{
          fmt::format("--set \"{}\": expected /json/pointer=value, such as /seed=2", setting)};
    const auto pointer = setting.substr(0, equals), text = setting.substr(equals + 1);
    Json value = text;
    std::string twice;
    try {
      value = platforms::parse_noting_twins(text, twice);
    } catch (const Json::parse_error&) {  // a text without its quotes
      twice.clear();
    }
    if (!twice.empty())
      throw BadInput{
          fmt::format("--set \"{}\": key \"{}\" stands twice in one object", setting, twice)};
    try {
      json[Json::json_pointer{pointer}] = value;
    } catch (const Json::exception&) {
      throw BadInput{
          fmt::format("--set \"{}\": {} cannot be reached in {}", setting, pointer, file)};
    }
    origin.given_by(pointer, fmt::format("--set {}", setting));
  }
  return json;
}

}  // namespace troupe::scenarios
