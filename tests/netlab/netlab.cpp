// netlab: runs a command on a real network like that of a platform file. Every host becomes a
// computer of its own (network and host name), the links between them are emulated, and mpirun,
// wherever the command is, places rank r where the platform would.
//
//   netlab [options] PLATFORM -- troupe collective --backend mpi ...
//
// It is no virtual machine: files, processors and memory are those of this machine.

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "computers.hpp"
#include "core/errors.hpp"
#include "twin.hpp"

namespace troupe::netlab {
namespace {

constexpr int not_here = 77;  ///< exit status: nothing wrong, but this machine has no lab

struct Order {
  std::string platform;
  int ranks = 0;
  long eager = 64l << 20;
  std::string carried_to;
  std::vector<std::string> command;
};

constexpr const char* usage =
    "Usage: netlab [--ranks N] [--eager BYTES] [--carried FILE] PLATFORM -- COMMAND...\n"
    "       netlab --check\n"
    "\n"
    "Runs a command under mpirun on a real network like that of a platform file: a namespace for\n"
    "each host, and links with their bandwidths and latencies. Needs root, /dev/net/tun and\n"
    "mpirun; exit status 77 where there are none.\n"
    "\n"
    "  --ranks N       as many as the platform has places\n"
    "  --eager BYTES   up to which MPI sends without asking (64 MiB; 0: as MPI has it)\n"
    "  --carried FILE  what the network carried, and how late, as JSON\n";

long number(const std::string& option, const char* text) {
  char* end = nullptr;
  const long value = text ? std::strtol(text, &end, 10) : -1;
  if (value < 0 || *end != '\0') throw BadInput{option + ": expected a number"};
  return value;
}

std::optional<Order> order_of(int argc, char** argv) {
  Order order;
  int i = 1;
  for (; i < argc && std::strcmp(argv[i], "--") != 0; ++i) {
    const std::string word = argv[i];
    if (word == "--help" || word == "-h") return {};
    if (word == "--ranks") order.ranks = static_cast<int>(number(word, argv[++i]));
    else if (word == "--eager") order.eager = number(word, argv[++i]);
    else if (word == "--carried" && i + 1 < argc) order.carried_to = argv[++i];
    else if (order.platform.empty() && !word.starts_with("-")) order.platform = word;
    else throw BadInput{fmt::format("netlab: unexpected \"{}\" (netlab --help)", word)};
  }
  for (++i; i < argc; ++i) order.command.emplace_back(argv[i]);
  if (order.platform.empty() || order.command.empty())
    throw BadInput{"netlab: expected PLATFORM -- COMMAND (netlab --help)"};
  return order;
}

// Set by a signal in the process that waits, and in the one that emulates.
volatile bool stop = false;
volatile std::sig_atomic_t job = 0;
void stop_job(int signal) {
  stop = true;
  if (job > 0) ::kill(job, signal);
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(signal, &action, nullptr);
}

/// The emulator goes before the ranks and these before all others of this machine, so that what
/// happens in the lab is late by little.
constexpr int of_emulator = 20, of_ranks = 1;
void take_precedence(int priority) {
  const sched_param parameters{.sched_priority = priority};
  if (::sched_setscheduler(0, SCHED_RR, &parameters) < 0) ::setpriority(PRIO_PROCESS, 0, -10);
}

std::string in_json(const Carried& carried) {
  return fmt::format(
      "{{\"frames\": {}, \"dropped\": {}, \"mean_lateness_s\": {:.3g}, \"worst_lateness_s\": "
      "{:.3g}, \"late_by_a_millisecond\": {}}}\n",
      carried.frames, carried.dropped, carried.mean_lateness, carried.worst_lateness,
      carried.late_by_a_ms);
}

/// Every pair of hosts by the platform's links; the launcher beside them, over links of its own
/// that carry no message of a job.
std::vector<EmulatedPort> ports_of(const Twin& twin, const std::vector<Computer>& computers,
                                   std::vector<EmulatedLink>& links) {
  const int free = static_cast<int>(links.size());
  links.push_back({.name = "launcher", .bytes_per_second = 1e9, .latency = 0, .shared = false});
  std::vector<EmulatedPort> ports;
  for (std::size_t from = 0; from < computers.size(); ++from) {
    EmulatedPort port{
        .tap = computers[from].tap, .address = computers[from].hardware, .routes = {}};
    for (std::size_t to = 0; to < computers.size(); ++to) {
      const bool both = from < twin.hosts.size() && to < twin.hosts.size();
      port.routes.push_back(from == to ? std::vector<int>{}
                            : both     ? twin.routes[from][to]
                                       : std::vector<int>{free});
    }
    ports.push_back(std::move(port));
  }
  return ports;
}

/// The fastest of the links that a host's routes begin with.
double rate_of(const Twin& twin, std::size_t host) {
  double rate = 0;
  for (const auto& route : twin.routes[host])
    if (!route.empty())
      rate = std::max(rate, twin.links[static_cast<std::size_t>(route.front())].bytes_per_second);
  return rate > 0 ? rate : 1e9;
}

pid_t start_emulator(const Twin& twin, const std::vector<Computer>& computers, int results) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  handle(SIGTERM, stop_job);
  handle(SIGINT, SIG_IGN);
  take_precedence(of_emulator);
  ::mlockall(MCL_CURRENT | MCL_FUTURE);
  constexpr double queue = 16e6;
  auto links = twin.links;
  auto ports = ports_of(twin, computers, links);
  const auto text = in_json(carry(std::move(links), std::move(ports), queue, stop));
  const auto written = ::write(results, text.data(), text.size());
  ::_exit(written < 0 ? 1 : 0);
}

/// Settings of Open MPI 4 and of 5, which reads those of the second prefix.
void set(const char* name, const std::string& value) {
  for (const char* prefix : {"OMPI_MCA_", "PRTE_MCA_"})
    ::setenv((prefix + std::string{name}).c_str(), value.c_str(), 1);
}

std::string itself() {
  std::array<char, 4096> path{};
  const auto size = ::readlink("/proc/self/exe", path.data(), path.size() - 1);
  return size > 0 ? std::string{path.data()} : "netlab";
}

pid_t start_job(const Order& order, const Twin& twin) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  for (const int signal : {SIGTERM, SIGINT}) handle(signal, SIG_DFL);
  take_precedence(of_ranks);
  ::setenv("LD_PRELOAD", NETLAB_PATIENCE, 1);
  ::setenv("TMPDIR", own_folder, 1);
  // What MPI copies messages to is memory that was used before, not new pages for each of them.
  ::setenv("GLIBC_TUNABLES",
           "glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=4294967296", 1);
  ::setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
  ::setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  const auto agent = itself() + " --enter";
  set("plm", "^slurm");
  set("plm_rsh_agent", agent);
  set("plm_ssh_agent", agent);
  set("plm_rsh_no_tree_spawn", "1");
  set("plm_ssh_no_tree_spawn", "1");
  set("hwloc_base_binding_policy", "none");
  set("hwloc_default_binding_policy", "none");
  set("pml", "ob1");
  set("btl", "tcp,self");
  set("mpi_yield_when_idle", "1");
  if (order.eager > 0)
    for (const char* name : {"btl_tcp_eager_limit", "btl_tcp_max_send_size"})
      set(name, fmt::format("{}", order.eager));
  int ranks = 0;
  std::string hosts;
  for (std::size_t i = 0; i < twin.hosts.size(); ++i) {
    hosts += fmt::format("{}{}:{}", i > 0 ? "," : "", twin.hosts[i], twin.slots[i]);
    ranks += twin.slots[i];
  }
  std::vector<std::string> words{"mpirun", "--host", hosts, "-n", fmt::format("{}", ranks)};
  words.insert(words.end(), order.command.begin(), order.command.end());
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execvp(pointers.front(), pointers.data());
  fmt::print(stderr, "netlab: mpirun: {}\n", std::strerror(errno));
  ::_exit(not_here);
}

/// Waits for one child; meanwhile the first process of the namespace takes in orphans.
int wait_for(pid_t child) {
  for (int raw = 0;;) {
    const pid_t ended = ::waitpid(-1, &raw, 0);
    if (ended == child) return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    if (ended < 0 && errno != EINTR) return 1;
  }
}

/// Within the namespaces.
int run_in(const Order& order, const Twin& twin) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) handle(signal, stop_job);
  std::vector<double> rates;
  for (std::size_t host = 0; host < twin.hosts.size(); ++host) rates.push_back(rate_of(twin, host));
  const auto computers = make_computers(twin.hosts, rates);
  int results[2];
  if (::pipe(results) < 0) throw Error{"netlab: no pipe"};
  const pid_t emulator = start_emulator(twin, computers, results[1]);
  ::close(results[1]);
  for (const auto& computer : computers) ::close(computer.tap);
  job = start_job(order, twin);
  const int status = wait_for(job);
  job = 0;
  ::kill(emulator, SIGTERM);
  std::string text(1000, '\0');
  const auto size = ::read(results[0], text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  if (order.carried_to.empty()) {
    fmt::print(stderr, "netlab: {}", text);
  } else if (auto* file = std::fopen(order.carried_to.c_str(), "w")) {
    std::fputs(text.c_str(), file);
    std::fclose(file);
  }
  return stop ? 130 : status;
}

int main_of(int argc, char** argv) {
  if (argc >= 4 && std::strcmp(argv[1], "--enter") == 0) {  // as rsh: computer, words of a command
    std::string command = argv[3];
    for (int i = 4; i < argc; ++i) command += std::string{" "} + argv[i];
    become(argv[2], command);
  }
  const bool only_check = argc == 2 && std::strcmp(argv[1], "--check") == 0;
  const std::optional<Order> order = only_check ? Order{} : order_of(argc, argv);
  if (!order) {
    fmt::print("{}", usage);
    return 0;
  }
  if (const auto reason = reason_against(); !reason.empty()) {
    fmt::print(stderr, "netlab: no lab here: {}\n", reason);
    return not_here;
  }
  if (only_check) return 0;
  const auto twin = twin_of(order->platform, order->ranks);
  return run_isolated([&] { return run_in(*order, twin); });
}

}  // namespace
}  // namespace troupe::netlab

int main(int argc, char** argv) {
  try {
    return troupe::netlab::main_of(argc, argv);
  } catch (const troupe::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return error.exit_status();
  } catch (const std::exception& error) {
    fmt::print(stderr, "netlab: {}\n", error.what());
    return 1;
  }
}
