#include "computers.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "core/errors.hpp"

namespace troupe::netlab {
namespace {

constexpr const char* card = "eth0";

/// A system call that must not fail.
int must(int result, const std::string& what) {
  if (result < 0) throw Error{fmt::format("netlab: {}: {}", what, std::strerror(errno))};
  return result;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file{path};
  file << text;
  file.close();
  if (!file) throw Error{fmt::format("netlab: cannot write {}", path)};
}

std::string place_of(const std::string& computer, const char* kind) {
  return fmt::format("{}/{}.{}", own_folder, computer, kind);
}
/// Keeps this process's namespace of that kind under a name.
void keep(const std::string& computer, const char* kind) {
  const auto place = place_of(computer, kind);
  write_file(place, "");
  must(::mount(fmt::format("/proc/self/ns/{}", kind).c_str(), place.c_str(), nullptr, MS_BIND,
               nullptr),
       "mount " + place);
}
void move_to(const std::string& computer, const char* kind) {
  const int file = must(::open(place_of(computer, kind).c_str(), O_RDONLY | O_CLOEXEC),
                        fmt::format("no computer \"{}\"", computer));
  must(::setns(file, 0), "setns");
  ::close(file);
}

sockaddr address_of(const std::string& text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  must(::inet_pton(AF_INET, text.c_str(), &address.sin_addr) - 1, "inet_pton");
  sockaddr plain{};
  std::memcpy(&plain, &address, sizeof plain);
  return plain;
}

ifreq request_for(const char* device) {
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  return request;
}

void set_up(int socket, const char* device) {
  ifreq request = request_for(device);
  must(::ioctl(socket, SIOCGIFFLAGS, &request), "SIOCGIFFLAGS");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  must(::ioctl(socket, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
}

/// The card sends no faster than its cable. A device of /dev/net/tun takes all that a connection
/// may have on its way; confirmations of what comes in would wait behind it. In a queue of the
/// kernel a connection has a millisecond's worth at most. Computers that are sent to at once take
/// turns, frame by frame, as on cards with a fair queue; each has a class of its own.
void shape(double bytes_per_second, const std::vector<Computer>& all, std::size_t self) {
  const double rate = 8 * bytes_per_second;
  const auto of_class = [&](std::size_t number, double assured) {
    return fmt::format(
        "class add dev {} parent 1:1 classid 1:{:x} htb rate {:.0f}bit ceil {:.0f}bit burst 3100 "
        "cburst 3100 quantum 1514\n",
        card, number, assured, rate);
  };
  constexpr std::size_t others = 2;  // whatever is sent to no computer, then a class for each
  const double assured = rate / static_cast<double>(all.size());
  std::string lines = fmt::format(
      "qdisc replace dev {0} root handle 1: htb default {1:x}\n"
      "class add dev {0} parent 1: classid 1:1 htb rate {2:.0f}bit burst 3100 cburst 3100 quantum "
      "1514\n",
      card, others, rate);
  lines += of_class(others, assured);
  for (std::size_t to = 0; to < all.size(); ++to) {
    if (to == self) continue;
    lines += of_class(others + 1 + to, assured);
    lines += fmt::format(
        "filter add dev {} parent 1: protocol ip u32 match ip dst {}/32 flowid 1:{:x}\n", card,
        all[to].address, others + 1 + to);
  }
  const auto batch = std::string{own_folder} + "/card";
  write_file(batch, lines);
  if (std::system(("tc -batch " + batch).c_str()) != 0)
    throw Error{"netlab: this system shapes no cards (tc -batch):\n" + lines};
}

/// In a namespace of its own: the card, its address, and how connections behave. Slow start begins
/// once a connection, not after each pause: the ranks of a job keep theirs.
void make_card(std::vector<Computer>& all, std::size_t self, double bytes_per_second) {
  Computer& computer = all[self];
  computer.tap = must(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "/dev/net/tun");
  ifreq request = request_for(card);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  must(::ioctl(computer.tap, TUNSETIFF, &request), "TUNSETIFF");
  const int socket = must(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  request = request_for(card);
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  std::memcpy(request.ifr_hwaddr.sa_data, computer.hardware.data(), computer.hardware.size());
  must(::ioctl(socket, SIOCSIFHWADDR, &request), "SIOCSIFHWADDR");
  request = request_for(card);
  request.ifr_qlen = 20000;
  must(::ioctl(socket, SIOCSIFTXQLEN, &request), "SIOCSIFTXQLEN");
  const std::string ipv4 = "/proc/sys/net/ipv4/";
  write_file(ipv4 + "tcp_congestion_control", "reno");
  write_file(ipv4 + "tcp_slow_start_after_idle", "0");
  write_file(ipv4 + "tcp_no_metrics_save", "1");
  write_file(ipv4 + "tcp_wmem", "4096 262144 4194304");
  write_file(ipv4 + "tcp_rmem", "4096 1048576 16777216");
  set_up(socket, "lo");
  request = request_for(card);
  request.ifr_addr = address_of(computer.address);
  must(::ioctl(socket, SIOCSIFADDR, &request), "SIOCSIFADDR");
  request = request_for(card);
  request.ifr_netmask = address_of("255.255.0.0");
  must(::ioctl(socket, SIOCSIFNETMASK, &request), "SIOCSIFNETMASK");
  set_up(socket, card);
  ::close(socket);
  shape(bytes_per_second, all, self);
}

/// Nobody has to ask for addresses: a question would be a broadcast.
void introduce(const std::vector<Computer>& all, std::size_t self) {
  const int socket = must(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  for (std::size_t other = 0; other < all.size(); ++other) {
    if (other == self) continue;
    arpreq request{};
    request.arp_pa = address_of(all[other].address);
    request.arp_ha.sa_family = ARPHRD_ETHER;
    std::memcpy(request.arp_ha.sa_data, all[other].hardware.data(), all[other].hardware.size());
    request.arp_flags = ATF_PERM | ATF_COM;
    std::strncpy(request.arp_dev, card, sizeof request.arp_dev - 1);
    must(::ioctl(socket, SIOCSARP, &request), "SIOCSARP");
  }
  ::close(socket);
}

int status_of(int raw) { return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw); }

pid_t isolated = 0;
/// The first process of a namespace gets only the signals it handles; three seconds later it goes.
void pass_on(int signal) {
  static bool told = false;
  if (signal == SIGALRM) ::kill(isolated, SIGKILL);
  else if (!told) ::kill(isolated, SIGTERM);
  if (!told) ::alarm(3);
  told = true;
}

/// Ends when the process that made it does, however that ends: the system kills the first process
/// of a namespace of processes, and with it all others. `lifeline`: a pipe whose other end closes
/// with the maker, in case that was before.
void end_with_maker(int lifeline) {
  must(::prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
  pollfd polled{.fd = lifeline, .events = 0, .revents = 0};
  if (::poll(&polled, 1, 0) != 0) ::_exit(1);
  ::close(lifeline);
}

}  // namespace

std::string reason_against() {
  if (::geteuid() != 0) return "namespaces need root";
  const int tun = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (tun < 0) return fmt::format("/dev/net/tun: {}", std::strerror(errno));
  ::close(tun);
  if (std::system("tc -V >/dev/null 2>&1") != 0) return "no tc (iproute2) here";
  const pid_t child = ::fork();
  if (child == 0)
    ::_exit(::unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS) == 0 ? 0 : errno);
  int raw = 0;
  ::waitpid(child, &raw, 0);
  if (status_of(raw) != 0)
    return fmt::format("this system makes no namespaces: {}", std::strerror(status_of(raw)));
  return {};
}

int run_isolated(const std::function<int()>& lab) {
  int lifeline[2];
  must(::pipe(lifeline), "pipe");
  must(::unshare(CLONE_NEWPID | CLONE_NEWNS), "unshare");
  isolated = must(::fork(), "fork");
  if (isolated == 0) {
    ::close(lifeline[1]);
    try {
      end_with_maker(lifeline[0]);
      must(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount /");
      must(::mount("proc", "/proc", "proc", 0, nullptr), "mount /proc");
      must(::mount("tmpfs", own_folder, "tmpfs", 0, nullptr), "mount /mnt");
      std::fflush(nullptr);
      const int status = lab();
      std::fflush(nullptr);
      ::_exit(status);
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
      ::_exit(1);
    }
  }
  ::close(lifeline[0]);
  ::fcntl(lifeline[1], F_SETFD, FD_CLOEXEC);
  struct sigaction action {};
  action.sa_handler = pass_on;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGALRM}) ::sigaction(signal, &action, nullptr);
  int raw = 0;
  while (::waitpid(isolated, &raw, 0) < 0 && errno == EINTR) {
  }
  return status_of(raw);
}

std::vector<Computer> make_computers(const std::vector<std::string>& names,
                                     const std::vector<double>& bytes_per_second) {
  std::vector<Computer> all;
  for (std::size_t i = 0; i <= names.size(); ++i) {
    const auto high = static_cast<std::uint8_t>((i + 1) / 250);
    const auto low = static_cast<std::uint8_t>((i + 1) % 250 + 1);
    all.push_back({.name = i < names.size() ? names[i] : "launcher",
                   .address = fmt::format("10.77.{}.{}", high, low),
                   .hardware = {2, 0, 0, 77, high, low}});
  }
  std::string known = "127.0.0.1 localhost\n";
  for (const auto& computer : all) known += fmt::format("{} {}\n", computer.address, computer.name);
  const auto hosts = std::string{own_folder} + "/hosts";
  write_file(hosts, known);
  must(::mount(hosts.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr), "mount /etc/hosts");
  for (std::size_t i = 0; i < all.size(); ++i) {
    must(::unshare(CLONE_NEWNET | CLONE_NEWUTS), "unshare");
    must(::sethostname(all[i].name.data(), all[i].name.size()), "sethostname");
    make_card(all, i, i < names.size() ? bytes_per_second[i] : 1e9);
    introduce(all, i);
    keep(all[i].name, "net");
    keep(all[i].name, "uts");
  }
  return all;
}

void become(const std::string& computer, const std::string& command) {
  move_to(computer, "net");
  move_to(computer, "uts");
  ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
  throw Error{fmt::format("netlab: /bin/sh: {}", std::strerror(errno))};
}

}  // namespace troupe::netlab
