#include "cli/calibrate_links.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "algorithms/microbenchmarks/survey.hpp"
#include "analysis/calibrated_platform.hpp"
#include "analysis/output.hpp"
#include "cli/execute.hpp"
#include "cli/hand_over.hpp"
#include "cli/progress.hpp"
#include "cli/shipped.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "core/version.hpp"
#include "platforms/measured_device.hpp"
#include "platforms/specification.hpp"

namespace troupe::cli {
namespace {

/// 1, 2, 3, 4, 6, 8, 12, … B up to 4 MiB; quick: 1, 4, 16, …
std::vector<Bytes> usual_sizes(bool quick) {
  std::vector<Bytes> sizes;
  for (std::uint64_t bytes = 1; bytes <= 4u << 20; bytes *= quick ? 4 : 2) {
    sizes.push_back({bytes});
    if (!quick && bytes >= 2 && bytes < 4u << 20) sizes.push_back({bytes + bytes / 2});
  }
  return sizes;
}

std::vector<Bytes> sizes_of(const Options& options) {
  if (!options.given("sizes")) return usual_sizes(options.given("quick"));
  auto sizes = parse_sizes(options.text("sizes"));
  std::ranges::sort(sizes);
  const auto twice = std::ranges::unique(sizes);
  sizes.erase(twice.begin(), twice.end());
  if (!sizes.empty() && sizes.front().value == 0)
    throw BadInput{"--sizes: a message of no bytes says nothing of bandwidth: begin with 1"};
  if (sizes.size() < 2)
    throw BadInput{
        fmt::format("--sizes \"{}\": one size alone does not tell latency from bandwidth; expected "
                    "two or more",
                    options.text("sizes"))};
  return sizes;
}

int ranks_of(const Options& options) {
  if (!options.given("ranks")) return 0;
  const auto text = options.text("ranks");
  int ranks = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), ranks);
  if (end.ec != std::errc{} || end.ptr != text.data() + text.size() || ranks < 1)
    throw BadInput{fmt::format("--ranks \"{}\": expected a number above 0", text)};
  return ranks;
}

std::optional<Bytes> eager_limit_of(const Options& options) {
  if (!options.given("eager-limit")) return {};
  const auto sizes = parse_sizes(options.text("eager-limit"));
  if (sizes.size() != 1)
    throw BadInput{
        fmt::format("--eager-limit \"{}\": expected one size", options.text("eager-limit"))};
  return sizes.front();
}

/// Whether a GPU cluster is to be written, of equal nodes; else hosts that may all differ.
bool wants_cluster(const Options& options) { return options.text("out").ends_with(".json"); }
/// A cluster of one GPU has no messages, and a speed.
bool one_is_enough(const Options& options) {
  return wants_cluster(options) && !options.given("json");
}

void expect_several(int ranks, const std::string& how) {
  if (ranks < 2)
    throw BadInput{
        fmt::format("calibrate measures messages between ranks: there is 1, {} (calibrate --device "
                    "measures what one rank computes)",
                    how)};
}

std::unique_ptr<scenarios::Backend> make_backend(const scenarios::BackendKind& kind,
                                                 const Options& options) {
  scenarios::Scenario scenario;
  scenario.ranks = ranks_of(options);
  scenario.eager_limit = eager_limit_of(options).value_or(Bytes{});
  if (kind.name == "sim") {
    if (!options.given("platform"))
      throw BadInput{"--backend sim: --platform says which network is measured"};
    scenario.network = options.text("network", "simgrid");
    if (scenario.network != "simgrid" && scenario.network != "loggp")
      throw BadInput{fmt::format("--network \"{}\": expected simgrid or loggp", scenario.network)};
    scenario.platform.emplace();
    scenario.platform->file = find_platform(options.text("platform"));
    scenario.platform->placement.ranks = scenario.ranks;
  } else {
    for (const char* option : {"platform", "network", "cfg"})
      if (options.given(option))
        throw BadInput{fmt::format("--{} is of --backend sim, not of {}", option, kind.name)};
  }
  auto backend = kind.make(scenario, {.cfg = options.texts("cfg"), .log = {}});
  if (one_is_enough(options)) return backend;
  expect_several(backend->machine().ranks, kind.name == "mpi" || kind.name == "cuda"
                                               ? "as the launcher started them"
                                               : "give --ranks, or a platform with more hosts");
  return backend;
}

std::size_t index(Rank rank) { return static_cast<std::size_t>(rank); }

constexpr Tag name_tag{20};
using Name = std::array<char, 64>;

/// What each rank says of itself; complete on rank 0.
std::vector<std::string> names_of_ranks(Communicator& comm, const std::string& own) {
  Name here{};
  own.copy(here.data(), here.size() - 1);
  std::vector<std::string> names{here.data()};
  if (comm.rank() != 0) send(comm, 0, name_tag, value(here));
  else
    for (Rank rank = 1; rank < comm.size(); ++rank) {
      receive(comm, rank, name_tag, value(here));
      names.emplace_back(here.data());
    }
  return names;
}

/// Where each rank is; complete on rank 0. For a cluster a host of a simulated platform is its
/// node.
std::vector<std::string> host_names(Communicator& comm, const scenarios::Machine& machine,
                                    bool cluster) {
  if (cluster && !machine.layout.node_of_rank.empty()) {
    std::vector<std::string> names;
    for (const int node : machine.layout.node_of_rank) names.push_back(fmt::format("node{}", node));
    return names;
  }
  if (!machine.host_of_rank.empty()) return machine.host_of_rank;
  Name here{};
  ::gethostname(here.data(), here.size() - 1);
  return names_of_ranks(comm, here.data());
}

MeasuredLinks measure(scenarios::Backend& backend, const Options& options) {
  algorithms::SurveyChoice choice{.sizes = sizes_of(options), .rounds = {}};
  choice.rounds.memory = &backend.memory();
  if (backend.simulated()) {
    choice.rounds.phantom = true;
    choice.rounds.warm_up = 1;
    // One round is like all others, but the first: ranks may not begin it together.
    choice.rounds.least = choice.rounds.most = 3;
    choice.rounds.longest = forever;
  } else if (options.given("quick")) {
    choice.rounds.least = 5;
    choice.rounds.most = 20;
    choice.rounds.enough = Seconds{0.05};
  }
  ProgressBar bar{"calibrating", !options.given("quiet") && backend.reporter()};
  MeasuredLinks links;
  backend.run([&](Communicator& comm) {
    auto names = host_names(comm, backend.machine(), wants_cluster(options));
    auto processors = names_of_ranks(comm, backend.processor(comm.rank()));
    if (wants_cluster(options) && comm.rank() == 0) analysis::expect_equal_nodes(names);
    for (Rank rank = 1; rank < comm.size() && comm.rank() == 0; ++rank)
      if (names[index(rank)] == names[0] && processors[index(rank)] == processors[0] &&
          !processors[0].empty())
        choice.sharing.push_back(rank);
    const auto find_groups = [&](MeasuredLinks measured) {
      measured.hosts = names;
      return analysis::groups_of(measured);
    };
    auto measured =
        algorithms::survey(comm, choice, find_groups, [&](double share) { bar.show(share); });
    if (comm.rank() == 0) {
      links = std::move(measured);
      links.hosts = std::move(names);
      links.processors = std::move(processors);
    }
    return std::vector<double>{};
  });
  return links;
}

analysis::Calibration describe(const scenarios::Backend& backend,
                               const scenarios::BackendKind& kind, const Options& options,
                               const analysis::LinkFit& fit, const MeasuredLinks& links) {
  analysis::Calibration calibration{.backend = std::string{backend.name()}};
  if (const auto given = eager_limit_of(options)) calibration.eager_limit = *given;
  else if (!backend.simulated() && !links.pairs.empty())
    calibration.eager_limit = fit.asks_above.value_or(links.pairs.front().points.back().bytes);
  if (options.given("device-file"))
    calibration.measured_device =
        std::filesystem::path{absolute_path(options.text("device-file"))}.lexically_proximate(
            std::filesystem::path{absolute_path(options.text("out"))}.parent_path());
  calibration.environment.emplace_back("troupe", version);
  for (const auto& fact : kind.versions()) calibration.environment.push_back(fact);
  for (const auto& fact : backend.facts()) calibration.environment.push_back(fact);
  return calibration;
}

/// Nothing where the size of a message changes nothing.
void print_factors(const char* of, const std::vector<analysis::SizeFactor>& factors) {
  if (factors.size() < 2) return;
  for (const auto& factor : factors)
    fmt::print("# {}above {:<10} latency x {:<8.4g} bandwidth x {:<8.4g}\n", of,
               to_text(factor.above), factor.latency, factor.bandwidth);
}

void print_table(const analysis::LinkFit& fit, const analysis::Calibration& calibration) {
  fmt::print("# {} ranks on {}, eager limit {}\n", fit.hosts.size(), calibration.backend,
             to_text(calibration.eager_limit));
  fmt::print("# {:<20} {:>6} {:>12} {:>12} {:>12}\n", "cable of", "group", "latency", "MB/s",
             "GFLOP/s");
  for (std::size_t rank = 0; rank < fit.hosts.size(); ++rank)
    fmt::print("  {:<20} {:>6} {:>12} {:>12.5g} {:>12.4g}{}\n", fit.hosts[rank],
               fit.groups.empty() ? "" : fmt::format("{}", fit.group_of_rank[rank]),
               to_text(fit.ranks[rank].latency), fit.ranks[rank].bandwidth.value * 1e-6,
               fit.speeds[rank].flops.value * 1e-9, fit.ranks[rank].at_least ? "  at least" : "");
  for (std::size_t group = 0; group < fit.groups.size(); ++group)
    fmt::print("  {:<20} {:>6} {:>12} {:>12.5g}{}\n", "group", group,
               to_text(fit.groups[group].latency), fit.groups[group].bandwidth.value * 1e-6,
               fit.groups[group].at_least ? "               at least" : "");
  print_factors("", fit.factors);
  if (fit.cross_traffic > 0)
    fmt::print("# messages both ways at once take {:.2g} % longer\n", 100 * fit.cross_traffic);
  if (fit.one_connection) fmt::print("# messages of a pair follow each other\n");
  if (fit.asks_above)
    fmt::print("# above {} MPI asks before it sends, which takes {}\n", to_text(*fit.asks_above),
               to_text(fit.asking));
  fmt::print("# the platform is {:.2g} % off what was measured (root of the mean square)\n",
             100 * fit.residual);
  for (const auto& doubt : fit.doubts) fmt::print("# doubt: {}\n", doubt);
}

void print_cluster(const analysis::ClusterFit& fit, const analysis::Calibration& calibration) {
  using Kind = analysis::ClusterFit::Interconnect;
  fmt::print("# {} node{} of {} rank{} on {}, eager limit {}\n", fit.nodes,
             fit.nodes == 1 ? "" : "s", fit.gpus, fit.gpus == 1 ? "" : "s", calibration.backend,
             to_text(calibration.eager_limit));
  const bool alone = fit.nodes * fit.gpus == 1;
  if (!alone) fmt::print("# {:<34} {:>12} {:>12}\n", "of each", "latency", "GB/s");
  const auto line = [](const std::string& what, const analysis::ClusterCable& cable) {
    fmt::print("  {:<34} {:>12} {:>12.5g}\n", what, to_text(cable.latency),
               cable.bandwidth.value * 1e-9);
  };
  if (fit.interconnect == Kind::nvlink) line("cable of a pair in a node", fit.inside);
  else if (fit.interconnect != Kind::none) line("rank's port in its node", fit.inside);
  if (fit.interconnect == Kind::pcie)
    line(fmt::format("switch of {} ranks", fit.gpus_per_switch), fit.root);
  if (fit.host_link) line("rank's way to its card", {.latency = {}, .bandwidth = *fit.host_link});
  if (fit.hosts_per_gpu > 1)
    fmt::print("# {} ranks share a GPU; together they take {:.3g} times as long as in turn\n",
               fit.hosts_per_gpu, fit.sharing);
  if (fit.cards > 0) line(fmt::format("card, of {} a node", fit.cards), fit.card);
  if (fit.between_rails) line("cable between rails", *fit.between_rails);
  const auto both = [](const char* of, const std::optional<BytesPerSecond>& together) {
    if (together)
      fmt::print("# both ways of a {} together {:.5g} GB/s\n", of, together->value * 1e-9);
  };
  both(fit.interconnect == Kind::nvlink ? "pair's cable" : "port", fit.inside_both_ways);
  if (fit.backbone)
    fmt::print("# all messages in a node together {:.5g} GB/s\n", fit.backbone->value * 1e-9);
  both("card", fit.card_both_ways);
  print_factors("in a node, ", fit.inside_by_size);
  print_factors("between nodes, ", fit.across_by_size);
  fmt::print("# a rank: {:.4g} GFLOP/s, {:.4g} GB/s\n", fit.speed.value * 1e-9,
             fit.memory_bandwidth.value * 1e-9);
  if (!alone)
    fmt::print("# the platform is {:.2g} % off what was measured (root of the mean square)\n",
               100 * fit.residual);
  for (const auto& doubt : fit.doubts) fmt::print("# doubt: {}\n", doubt);
}

}  // namespace

void declare_links(Options& options) {
  options.value("json", "write data, fit and residuals to a file (- for standard output)");
  options.value("sizes", "of messages: A:B (doubling), A:B:xF or A,B,C (1 B to 4 MiB)");
  options.value("ranks", "of sim and loopback");
  options.value("network", "of sim: simgrid or loggp (simgrid)");
  options.values("cfg", "of sim: setting of SimGrid, NAME:VALUE; may be repeated");
  options.value("eager-limit", "messages up to this size leave at once (as measured)");
  options.value(
      "device-file",
      "of -o FILE.json, a GPU cluster: what calibrate --device wrote of its ranks' device");
}

int calibrate_links(const Program& program, const Options& options,
                    const std::vector<std::string>& arguments) {
  for (const char* option : {"dtype", "for", "name", "points", "tf32", "bf16"})
    if (options.given(option))
      throw BadInput{fmt::format("--{} is about a device: give --device too", option)};
  sizes_of(options);
  eager_limit_of(options);
  if (options.text("out") == "-" && options.text("json") == "-")
    throw BadInput{"--out - and --json - cannot share standard output"};
  if (options.given("device-file")) {
    if (!wants_cluster(options))
      throw BadInput{"--device-file is of -o FILE.json: a platform in XML names no device file"};
    platforms::read_measured_device(options.text("device-file"));
  }
  for (const char* option : {"out", "json"})
    if (options.given(option)) analysis::Output{options.text(option)};
  const bool simulates = program.default_backend == "sim" && options.given("platform");
  const auto fallback = simulates                          ? "sim"
                        : program.default_backend == "sim" ? "mpi"
                                                           : program.default_backend;
  const auto name = options.text("backend", fallback);
  const auto* kind = backend_named(program, name);
  if (!kind) {
    const int ranks = launched_ranks(options, 2);
    if (!one_is_enough(options)) expect_several(ranks, "as the launcher started them");
    auto all = arguments;
    all.insert(all.begin(), "calibrate");
    hand_over_command(std::move(all), options);
  }
  const auto backend = make_backend(*kind, options);
  const auto links = measure(*backend, options);
  if (!backend->reporter()) return 0;
  const auto fit = links.pairs.empty() ? analysis::LinkFit{} : analysis::fit_links(links);
  const auto calibration = describe(*backend, *kind, options, fit, links);
  const bool tells =
      !options.given("quiet") && options.text("out") != "-" && options.text("json") != "-";
  if (wants_cluster(options)) {
    const auto cluster = analysis::fit_cluster(links);
    analysis::Output{options.text("out")}.write(analysis::to_json(cluster, calibration));
    if (tells) print_cluster(cluster, calibration);
  } else {
    if (options.given("out"))
      analysis::Output{options.text("out")}.write(analysis::to_xml(fit, calibration));
    if (tells) print_table(fit, calibration);
  }
  if (options.given("json"))
    analysis::Output{options.text("json")}.write(analysis::to_json(fit, links, calibration));
  return 0;
}

}  // namespace troupe::cli
