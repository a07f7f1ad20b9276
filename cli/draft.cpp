#include "cli/draft.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/hand_over.hpp"
#include "cli/shipped.hpp"
#include "core/errors.hpp"
#include "platforms/placement.hpp"
#include "scenarios/scenario.hpp"

namespace troupe::cli {
namespace {

using Json = nlohmann::json;

/// A number where the text is one; else the text, which the checker will then refuse by name.
Json number_or_text(const std::string& text) {
  std::int64_t whole = 0;
  const auto* end = text.data() + text.size();
  if (const auto [at, error] = std::from_chars(text.data(), end, whole);
      error == std::errc{} && at == end)
    return whole;
  double number = 0;
  if (const auto [at, error] = std::from_chars(text.data(), end, number);
      error == std::errc{} && at == end)
    return number;
  return text;
}

/// nccl-tests' -c: 0, or how many iterations to check.
bool truth(const Options& options, const std::string& option) {
  const auto text = options.text(option);
  if (text == "0") return false;
  if (text == "1") return true;
  throw BadInput{fmt::format("--{} \"{}\": expected 0 or 1", option, text)};
}

}  // namespace

void declare_products(Options& options) {
  options.flag("tf32",
               "of cuda: compute float32 products on tensor cores, with 10 bits of mantissa");
  options.flag("bf16", "of cuda: the same with 7 bits; convolutions stay exact");
}

bool asked_of_gpus(const Options& options, const std::string& flag, std::string_view backend) {
  if (options.given(flag) && backend != "cuda")
    throw BadInput{fmt::format(
        "--{}: it is about the GPUs of --backend cuda, and this is --backend {}", flag, backend)};
  return options.given(flag);
}

Float32Products products_asked(const Options& options, std::string_view backend) {
  if (options.given("tf32") && options.given("bf16"))
    throw BadInput{
        "--tf32 and --bf16 contradict each other: float32 products keep 10 bits of mantissa or 7"};
  if (asked_of_gpus(options, "tf32", backend)) return Float32Products::tf32;
  if (asked_of_gpus(options, "bf16", backend)) return Float32Products::bf16;
  return Float32Products::exact;
}

void declare_machine(Options& options) {
  options.group("Machine");
  options.value("platform",
                "SimGrid platform (.xml), GPU cluster (.json) or name of a shipped one");
  options.value("ranks", "number of ranks; default: as many as the platform has places");
  options.value("np", "the same, as launchers of MPI and Horovod call it; also -np");
  options.also_written("-np", "np");
  options.value("placement", "order in which hosts are filled: declared, lexical, random:SEED");
  options.value("hostfile", "hosts to use, one a line: NAME [slots=G]");
  options.value("hosts,H",
                "hosts to use: NAME:SLOTS,NAME:SLOTS,...; each is filled before the next");
  options.value("ranks-per-host", "ranks on each host (1)");
  options.value(
      "backend",
      "sim, loopback (threads of this process), mpi or cuda (ranks started by mpirun; cuda "
      "computes on GPUs)");
  options.value("transport",
                "of cuda: mpi, or nccl (for collectives whose messages are known beforehand; mpi)");
  declare_products(options);
  options.value("network",
                "simulated network: simgrid (every link shared) or loggp (ports; for scale)");
  options.values("cfg", "setting of SimGrid, NAME:VALUE; may be repeated");
  options.values("log", "logging of SimGrid, CATEGORY.thres:LEVEL; may be repeated");
  options.value("eager-limit", "messages up to this size leave at once (0)");
  options.value("compute", "how local work is charged: roofline, flops, none");
  options.value("device", "measured device (troupe calibrate) whose times are charged");
  options.value("payload", "real (values travel) or phantom (sizes only)");
  options.value("seed", "of everything random (1)");
  options.values("plugin", "shared library with algorithms; may be repeated");
}

void declare_collective(Options& options) {
  options.group("Collective");
  options.value("op", "allreduce, reduce_scatter, allgather, broadcast, ... (allreduce)");
  options.value("algorithm,a",
                "all, auto, tuned, or NAME,NAME,...; mpi, nccl: the library's own (all)");
  options.value("tuning", "table of troupe tune, for --algorithm tuned");
  options.value("sizes", "A:B (doubling), A:B:xF, A:B:+S or A,B,C; K M G are powers of 1024");
  options.value("minbytes,b", "smallest size");
  options.value("maxbytes,e", "largest size");
  options.value("stepfactor,f", "factor between sizes (2)");
  options.value("stepbytes,i", "increment between sizes");
  options.value("dtype,d", "float32, float64, int32, ... or float, double, half (float32)");
  options.value("redop,o", "sum, prod, min, max, avg (sum)");
  options.value("iterations,n", "measured iterations (1 simulated, 20 real)");
  options.value("warmup,w", "iterations before those (0 simulated, 5 real)");
  options.value("check,c", "1: compare the result with the exact answer; 0: do not");
  options.value("timing", "isolated (a barrier before each iteration) or back-to-back");
  options.flag("in-place", "input and output are one buffer");
  options.value("root", "rank of the root (0)");
  options.value("segments", "of pipelined algorithms (0: the best by the closed form)");
  options.value("channels", "of multi-ring and double tree (0: the network ports of a node)");
}

Draft::Draft() : json_{std::make_unique<Json>(Json{{"troupe", 1}})}, folder_{absolute_path(".")} {}
Draft::Draft(const std::string& file, const std::vector<std::string>& settings)
    : folder_{std::filesystem::path{absolute_path(file)}.parent_path()} {
  json_ = std::make_unique<Json>(scenarios::load_scenario(file, settings, origin_));
  if (!json_->is_object()) throw BadScenario{fmt::format("{}: expected an object", file)};
}
Draft::~Draft() = default;

void Draft::put(const std::string& pointer, const Json& value, const std::string& option) {
  (*json_)[Json::json_pointer{pointer}] = value;
  origin_.given_by(pointer, "--" + option);
}
void Draft::set_text(const Options& options, const std::string& option,
                     const std::string& pointer) {
  if (options.given(option)) put(pointer, options.text(option), option);
}
void Draft::set_number(const Options& options, const std::string& option,
                       const std::string& pointer) {
  if (options.given(option)) put(pointer, number_or_text(options.text(option)), option);
}
void Draft::set_flag(const Options& options, const std::string& option,
                     const std::string& pointer) {
  if (options.given(option)) put(pointer, true, option);
}

void Draft::apply_platform(const std::string& platform) {
  put("/platform/file", find_platform(platform), "platform");
}

/// --hosts as the content of a host file.
void Draft::apply_hosts(const Options& options) {
  if (!options.given("hosts")) return;
  auto hosts = Json::array();
  for (const auto& [host, slots] : platforms::parse_hosts(options.text("hosts")))
    hosts.push_back({{"host", host}, {"slots", slots}});
  put("/platform/hostfile", hosts, "hosts");
}

void Draft::apply_machine(const Options& options) {
  if (options.given("ranks") && options.given("np"))
    throw BadInput{"--ranks and --np both say how many ranks: give one of them"};
  if (options.given("hosts") && options.given("hostfile"))
    throw BadInput{"--hosts and --hostfile both say which hosts: give one of them"};
  auto& json = *json_;
  if (options.given("platform")) {
    if (json.contains("platform") && json["platform"].is_object())
      json["platform"].erase("generator");
    if (json.contains("platform") && !json["platform"].is_object()) json.erase("platform");
    put("/platform/file", find_platform(options.text("platform")), "platform");
  } else if (json.contains("platform") && json["platform"].is_string()) {
    json["platform"] = Json{{"file", json["platform"]}};
  }
  const bool has_platform = json.contains("platform");
  for (const char* option : {"ranks", "np"})
    set_number(options, option, has_platform ? "/platform/ranks" : "/ranks");
  for (const char* option : {"placement", "hostfile"})
    set_text(options, option, fmt::format("/platform/{}", option));
  if (options.given("hostfile"))
    put("/platform/hostfile", absolute_path(options.text("hostfile")), "hostfile");
  apply_hosts(options);
  set_number(options, "ranks-per-host", "/platform/ranks_per_host");
  for (const auto& cfg : options.texts("cfg")) {
    const auto colon = cfg.find(':');
    if (colon == std::string::npos || colon == 0)
      throw BadInput{fmt::format("--cfg \"{}\": expected NAME:VALUE", cfg)};
    json["platform"]["cfg"][cfg.substr(0, colon)] = cfg.substr(colon + 1);
  }
  const bool has_machine = !json.contains("platform") || !json["platform"].is_object() ||
                           json["platform"].contains("file") ||
                           json["platform"].contains("generator");
  const bool names_hosts = options.given("hosts") || options.given("hostfile");
  const auto backend = options.text("backend");
  if (!has_machine && names_hosts && (backend == "mpi" || backend == "cuda"))
    throw BadInput{fmt::format("--backend {}: the launcher chooses the hosts: {}", backend,
                               launch_command(options))};
  if (!has_machine)
    throw BadInput{
        "--placement, --hosts, --hostfile, --ranks-per-host and --cfg are about a platform: give "
        "--platform"};
  set_text(options, "network", "/network");
  set_text(options, "eager-limit", "/eager_limit");
  set_text(options, "compute", "/compute/model");
  if (options.given("device"))
    put("/compute/device", absolute_path(options.text("device")), "device");
  set_text(options, "payload", "/payload");
  set_number(options, "seed", "/seed");
  for (const auto& plugin : options.texts("plugin")) {
    json["plugins"].push_back(absolute_path(plugin));
    origin_.given_by("/plugins", "--plugin");
  }
}

void Draft::apply_sizes(const Options& options) {
  const bool range = options.given("minbytes") || options.given("maxbytes");
  if (options.given("sizes") && range)
    throw BadInput{"--sizes and -b/-e both say which sizes: give one of them"};
  if (options.given("stepfactor") && options.given("stepbytes"))
    throw BadInput{"-f multiplies and -i adds: give one of them"};
  if (!range && (options.given("stepfactor") || options.given("stepbytes")))
    throw BadInput{"-f and -i are steps between -b and -e: give those too"};
  set_text(options, "sizes", "/collective/sizes");
  if (!range) return;
  const auto last = options.text("maxbytes", options.text("minbytes"));
  auto sizes = fmt::format("{}:{}", options.text("minbytes", last), last);
  if (options.given("stepfactor")) sizes += ":x" + options.text("stepfactor");
  if (options.given("stepbytes")) sizes += ":+" + options.text("stepbytes");
  put("/collective/sizes", sizes, "minbytes, --maxbytes");
}

void Draft::apply_collective(const Options& options) {
  if (!json_->contains("collective")) (*json_)["collective"] = Json::object();
  for (const char* option : {"op", "algorithm", "dtype", "redop", "timing"})
    set_text(options, option, fmt::format("/collective/{}", option));
  if (options.given("tuning"))
    put("/collective/tuning", absolute_path(options.text("tuning")), "tuning");
  for (const char* option : {"iterations", "warmup", "root", "segments", "channels"})
    set_number(options, option, fmt::format("/collective/{}", option));
  set_flag(options, "in-place", "/collective/in_place");
  if (options.given("check")) put("/collective/check", truth(options, "check"), "check");
  apply_sizes(options);
}

}  // namespace troupe::cli
