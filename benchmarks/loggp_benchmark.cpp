// How fast and how small the LogGP world is: phantom values, message by message, with ports and
// charged kernels, through the whole port. Beside the ring, in the same run: the same messages on
// bare fibers, and in SimGrid. CPU time and memory of a child process each.
//
//   loggp_benchmark                            all rows
//   loggp_benchmark PROGRAM RANKS [TIMES]      one row, so often; the programs are below
//   loggp_benchmark once PROGRAM RANKS         in this process: for a profiler

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "algorithms/all_to_all/all_to_all.hpp"
#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/layout.hpp"
#include "benchmarks/bare_loops.hpp"
#include "benchmarks/child.hpp"
#include "benchmarks/programs.hpp"
#include "tests/loggp/star.hpp"
#ifdef TROUPE_HAS_SIMGRID
#include "tests/simgrid/star.hpp"
#endif

namespace {

using namespace troupe;

constexpr Seconds latency{1e-6};
constexpr BytesPerSecond bandwidth{12.5e9};
const sim::Processor processor{.speed = {1e12}, .memory_bandwidth = {1e12}};
const sim::Options options{.stack = {64 * 1024}};

const Slice vector = Slice::phantom(16'000'000);

struct Program {
  std::string_view name;
  void (*run)(Communicator&);
  std::vector<int> ranks;
  bool ports = true;
};

void ring(Communicator& comm) { algorithms::ring_allreduce(comm, vector, Op::sum); }
void recursive_doubling(Communicator& comm) {
  for (int i = 0; i < 20; ++i) algorithms::recursive_doubling_allreduce(comm, vector, Op::sum);
}
void halving_doubling(Communicator& comm) {
  for (int i = 0; i < 20; ++i) algorithms::halving_doubling_allreduce(comm, vector, Op::sum);
}
void double_binary_tree(Communicator& comm) {
  algorithms::double_binary_tree_allreduce(comm, vector, Op::sum, 16, {}, 1);
}
void pairwise_all_to_all(Communicator& comm) {
  const auto count = static_cast<std::size_t>(comm.size()) * 1000;
  algorithms::pairwise_all_to_all(comm, Slice::phantom(count), Slice::phantom(count));
}
void asynchronous_server(Communicator& comm) { bench::asynchronous_server(comm, 100, 1000); }
void nothing(Communicator&) {}

const std::vector<Program> programs{{"ring", ring, {64, 256, 1024, 4096}},
                                    {"ring_without_ports", ring, {1024}, false},
                                    {"recursive_doubling", recursive_doubling, {64, 1024, 16384}},
                                    {"halving_doubling", halving_doubling, {64, 1024, 16384}},
                                    {"double_binary_tree", double_binary_tree, {64, 1024, 16384}},
                                    {"pairwise_all_to_all", pairwise_all_to_all, {64, 1024, 2048}},
                                    {"asynchronous_server", asynchronous_server, {65, 1025}},
                                    {"nothing", nothing, {16384, 131072}}};

double messages_of(const sim::SimulationResult& result) {
  double messages = 0;
  for (const auto& rank : result.ranks) messages += static_cast<double>(rank.messages_sent);
  return messages;
}

/// Runs a program on so many ranks; how many messages it sent.
double run(const Program& program, int ranks) {
  const test::LogGPStar star{.ranks = ranks,
                             .alpha = latency,
                             .bandwidth = bandwidth,
                             .with_ports = program.ports,
                             .processor = processor,
                             .options = options};
  return messages_of(test::run_on(star, program.run));
}

#ifdef TROUPE_HAS_SIMGRID
double run_in_simgrid(const Program& program, int ranks) {
  const test::Star star{.ranks = ranks,
                        .alpha = latency,
                        .bandwidth = bandwidth,
                        .processor = processor,
                        .options = options};
  return messages_of(test::run_on(star, program.run));
}
#endif

/// A number that a child leaves for its parent.
double& shared_number() {
  static double* const number = static_cast<double*>(
      ::mmap(nullptr, sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return *number;
}

void measure(const Program& program, int ranks) {
  shared_number() = 0;  // made before the child is
  const double before = bench::measure([] {}).peak_MiB;
  const auto use = bench::measure([&] { shared_number() = run(program, ranks); });
  if (!use.succeeded) {
    std::printf("%s on %d ranks FAILED\n", std::string{program.name}.c_str(), ranks);
    std::exit(1);
  }
  const double messages = shared_number(), rate = 1e-6 * messages / use.cpu_s;
  std::printf("%-20s %6d ranks  %9.0f messages  %6.2f s  %6.2f M/s  %4.0f MiB  %5.0f bytes a rank",
              std::string{program.name}.c_str(), ranks, messages, use.cpu_s, rate, use.peak_MiB,
              (use.peak_MiB - before) * 1024 * 1024 / ranks);
  if (program.name == "ring") {
    const double transfer = static_cast<double>(vector.size_bytes()) / ranks / bandwidth.value;
    const auto rate_of = [&](const bench::Use& of) { return 1e-6 * messages / of.cpu_s; };
    const double bare = rate_of(bench::measure([&] {
      bench::BareRing{ranks, latency.count(), transfer}.run();
    }));
    const double switches = rate_of(bench::measure([&] { bench::BareSwitches{ranks}.run(); }));
    std::printf("  bare ring %.2f (ratio %.2f)  bare switches %.2f (%.2f)", bare, rate / bare,
                switches, rate / switches);
  }
#ifdef TROUPE_HAS_SIMGRID
  std::fflush(stdout);  // or the child would print it again
  if (ranks <= 256 && program.ports) {
    const auto other = bench::measure([&] { shared_number() = run_in_simgrid(program, ranks); });
    std::printf("  SimGrid %.2f", 1e-6 * shared_number() / other.cpu_s);
  }
#endif
  std::printf("\n");
  std::fflush(stdout);
}

const Program* find(std::string_view name) {
  for (const Program& program : programs)
    if (program.name == name) return &program;
  std::fprintf(stderr, "no program \"%s\"; there are", std::string{name}.c_str());
  for (const Program& program : programs)
    std::fprintf(stderr, " %s", std::string{program.name}.c_str());
  std::fprintf(stderr, "\n");
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.empty()) {
    for (const Program& program : programs)
      for (const int ranks : program.ranks) measure(program, ranks);
    return 0;
  }
  const bool once = words[0] == "once";
  const Program* const program = find(once && argc > 2 ? argv[2] : argv[1]);
  const int ranks = argc > (once ? 3 : 2) ? std::atoi(argv[once ? 3 : 2]) : 0;
  if (!program || ranks < 1) return 2;
  if (once) {
    std::printf("%.0f messages\n", run(*program, ranks));
    return 0;
  }
  const int times = argc > 3 ? std::atoi(argv[3]) : 1;
  for (int i = 0; i < times; ++i) measure(*program, ranks);
}
