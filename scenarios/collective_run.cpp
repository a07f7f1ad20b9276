#include "scenarios/collective_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>

#include "scenarios/counting.hpp"
#include "scenarios/payload.hpp"
#include "scenarios/start_together.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::Problem;

/// One measurement: an algorithm at a size.
struct Measurement {
  Problem problem;
  const Algorithm* algorithm = nullptr;
};

/// What every rank says of a measurement, as numbers: messages, bytes, wrong values, the seconds in
/// which it computed, communicated and ran kernels on its device in the last iteration (or nobody
/// knows: not a number), then the begin and end of each iteration, on rank 0's clock.
constexpr std::size_t figures = 6;

/// For how long links were busy in the last iteration of a measurement: from when its first rank
/// begins until the last has done its part. Only where time is simulated, so that ranks take turns.
class WatchedLinks {
 public:
  void begin(const Backend& backend) {
    if (begun_++ == 0) busy_ = backend.busy_links();
  }
  void end(const Backend& backend, int ranks) {
    if (++ended_ < ranks) return;
    for (const auto& [name, till_now] : backend.busy_links()) busy_[name] = till_now - busy_[name];
  }
  /// The busiest in a `span` of time.
  std::vector<analysis::ShareOfTime::Link> hottest(Seconds span) const {
    std::vector<analysis::ShareOfTime::Link> links;
    for (const auto& [name, busy] : busy_)
      if (busy > 1e-9 * span) links.push_back({name, std::min(1.0, busy / span)});
    return links;
  }

 private:
  std::map<std::string, Seconds> busy_;  // till the begin, then since
  int begun_ = 0, ended_ = 0;
};

/// What one rank did in the last iteration of a measurement, and the links besides.
class Watch {
 public:
  Watch(const Backend& backend, Communicator& comm, WatchedLinks& links)
      : backend_{backend}, comm_{comm}, links_{links} {}
  void begin() {
    if (backend_.simulated()) links_.begin(backend_);
    before_ = backend_.busy_times(comm_.rank(), comm_.now());
  }
  void end() {
    const auto after = backend_.busy_times(comm_.rank(), comm_.now());
    if (before_ && after)
      during_ = {(after->computing - before_->computing).count(),
                 (after->communicating - before_->communicating).count()};
    if (backend_.simulated()) links_.end(backend_, comm_.size());
  }
  /// Seconds of computing and of communicating.
  const std::array<double, 2>& during() const { return during_; }

 private:
  const Backend& backend_;
  Communicator& comm_;
  WatchedLinks& links_;
  std::optional<BusyTimes> before_;
  std::array<double, 2> during_{std::nan(""), std::nan("")};
};

/// What the kernels of a rank take on its device meanwhile, in seconds; not a number where nobody
/// knows. Outside of what is timed: asking takes the host a while.
class WatchedDevice {
 public:
  WatchedDevice(Backend& backend, Rank rank) : backend_{backend}, rank_{rank} {}
  void begin() { before_ = time(); }
  void end() { during_ = time() - before_; }
  double during() const { return during_; }

 private:
  double time() const {
    const auto known = backend_.device_time(rank_);
    return known ? known->count() : std::nan("");
  }
  Backend& backend_;
  Rank rank_;
  double before_ = std::nan(""), during_ = std::nan("");
};

/// Of what ranks said, beginning at `at`: of the last iteration, from when the first rank begins
/// (on real nodes not all go on at the same moment) until the last has done its part.
std::optional<analysis::ShareOfTime> shares_of(const std::vector<std::vector<double>>& said,
                                               std::size_t at, std::size_t intervals,
                                               const WatchedLinks& links) {
  double computing = 0, communicating = 0;
  Seconds first_begin = forever, last_end{};
  const auto last = at + figures + 2 * (intervals - 1);
  for (const auto& rank : said) {
    computing += rank[at + 3];
    communicating += rank[at + 4];
    first_begin = std::min(first_begin, Seconds{rank[last]});
    last_end = std::max(last_end, Seconds{rank[last + 1]});
  }
  const Seconds span = last_end - first_begin;
  const double all = span.count() * static_cast<double>(said.size());
  if (!(all > 0) || std::isnan(computing)) return {};
  analysis::ShareOfTime shares{.compute = computing / all,
                               .communication = communicating / all,
                               .hottest_links = links.hottest(span)};
  // the rest: a rank that has done its part waits for the others
  shares.waiting = std::max(0.0, 1 - shares.compute - shares.communication);
  analysis::keep_hottest(shares);
  return shares;
}

/// Of what ranks said likewise: what the kernels of one took on its device, the most of any.
std::optional<Seconds> on_device(const std::vector<std::vector<double>>& said, std::size_t at) {
  double most = 0;
  for (const auto& rank : said) {
    if (std::isnan(rank[at + 5])) return {};
    most = std::max(most, rank[at + 5]);
  }
  return Seconds{most};
}

class Measurer {
 public:
  Measurer(const CollectiveStudy& study, bool phantom, Backend& backend)
      : study_{study},
        phantom_{phantom},
        common_clock_{backend.common_clock()},
        backend_{backend},
        memory_{backend.memory()} {}

  /// Runs one measurement on this rank and appends what it says.
  void measure(Communicator& comm, const Measurement& what, std::vector<double>& said,
               WatchedLinks& links) const {
    CollectiveBuffers buffers{study_.op, what.problem,    comm.rank(),
                              phantom_,  study_.in_place, memory_};
    Watch watch{backend_, comm, links};
    WatchedDevice device{backend_, comm.rank()};
    SentCounters sent;
    CountingCommunicator counted{comm, sent};
    const auto call = call_of(what, buffers.buffers());
    const auto once = [&] { call(counted); };
    const bool watched = !what.algorithm->is_baseline();  // a library sends by itself
    buffers.fill();
    for (int i = 0; i < study_.warmup; ++i) {
      control_barrier(comm);
      once();
    }
    sent.messages = sent.bytes = 0;
    const Seconds ahead = common_clock_ ? Seconds{} : clock_ahead(comm);
    const auto now = [&] { return (comm.now() - ahead).count(); };
    std::vector<double> times;
    if (study_.timing == analysis::Timing::isolated) {
      // Else peers would find in their caches what they read an iteration before: programs send
      // what they have just computed.
      const bool afresh = study_.in_place || (memory_.on_host() && !backend_.simulated());
      for (int i = 0; i < study_.iterations; ++i) {
        if (afresh || i + 1 == study_.iterations) buffers.fill();
        const bool last = watched && i + 1 == study_.iterations;
        if (last) device.begin();
        times.push_back((start_together(comm, ahead) - ahead).count());
        if (last) watch.begin();
        once();
        if (last) watch.end();
        times.push_back(now());
        if (last) device.end();
      }
    } else {
      if (watched) device.begin();
      times.push_back((start_together(comm, ahead) - ahead).count());
      if (watched) watch.begin();
      for (int i = 0; i < study_.iterations; ++i) once();
      if (watched) watch.end();
      times.push_back(now());
      if (watched) device.end();
    }
    const auto iterations = static_cast<std::uint64_t>(study_.iterations);
    said.push_back(static_cast<double>(sent.messages / iterations));
    said.push_back(static_cast<double>(sent.bytes / iterations));
    said.push_back(*study_.check ? static_cast<double>(checked(comm, buffers, once)) : 0);
    said.insert(said.end(), watch.during().begin(), watch.during().end());
    said.push_back(device.during());
    said.insert(said.end(), times.begin(), times.end());
  }

  /// Begins and ends that measure() leaves.
  std::size_t intervals() const {
    return study_.timing == analysis::Timing::isolated ? static_cast<std::size_t>(study_.iterations)
                                                       : 1;
  }

 private:
  /// What one iteration is: the algorithm over a communicator, or the library's own call.
  std::function<void(Communicator&)> call_of(const Measurement& what,
                                             algorithms::Buffers buffers) const {
    const auto& [problem, algorithm] = what;
    if (!algorithm->is_baseline())
      return [&problem, algorithm, buffers](Communicator& comm) {
        algorithm->run(comm, problem, buffers);
      };
    auto* const library = backend_.baseline(algorithm->name);
    EXPECTS(library != nullptr, "resolving refuses the libraries that a backend lacks");
    return library->prepare(study_.op, problem, buffers);
  }

  /// In place and back to back, one result is the input of the next: once more from fresh inputs.
  template <class Once>
  std::uint64_t checked(Communicator& comm, CollectiveBuffers& buffers, Once once) const {
    if (study_.timing == analysis::Timing::back_to_back) {
      control_barrier(comm);
      buffers.fill();
      once();
    }
    return buffers.wrong();
  }

  const CollectiveStudy& study_;
  bool phantom_, common_clock_;
  Backend& backend_;
  Memory& memory_;
};

std::vector<Measurement> measurements_of(const AlgorithmTable& table, const CollectiveStudy& study,
                                         const Machine& machine) {
  std::vector<Measurement> all;
  for (const auto& planned : study.plan) {
    const Problem problem = problem_of(study, machine, planned.bytes);
    for (const auto& name : planned.algorithms)
      all.push_back({problem, &table.find(study.op, name)});
  }
  return all;
}

/// The time of each iteration from what the ranks said, beginning at `at`.
std::vector<Seconds> times_from(const std::vector<std::vector<double>>& said, std::size_t at,
                                std::size_t intervals) {
  std::vector<Seconds> times;
  for (std::size_t i = 0; i < intervals; ++i) {
    double last_begin = 0, last_end = 0;
    for (const auto& rank : said) {
      last_begin = std::max(last_begin, rank[at + 2 * i]);
      last_end = std::max(last_end, rank[at + 2 * i + 1]);
    }
    times.emplace_back(last_end - last_begin);
  }
  return times;
}

/// What no algorithm can beat. Back to back, an iteration need not wait for the way of a message.
Seconds bound_of(const CollectiveStudy& study, const Problem& problem,
                 const algorithms::AlphaBetaGamma& best) {
  const auto bound = algorithms::lower_bound(study.op, problem, best);
  return study.timing == analysis::Timing::isolated ? std::max(bound.latency, bound.bandwidth)
                                                    : bound.bandwidth;
}

analysis::CollectiveResult result_of(const CollectiveStudy& study, const Measurement& what,
                                     const Machine& machine,
                                     const std::vector<std::vector<double>>& said, std::size_t at,
                                     std::size_t intervals, const WatchedLinks& links) {
  analysis::CollectiveResult result;
  result.op = algorithms::name_of(study.op);
  result.algorithm = what.algorithm->name;
  result.dtype = troupe::name_of(study.dtype);
  result.redop = reduces(study.op) ? name_of(Reduction{study.redop, study.average}) : "none";
  result.ranks = what.problem.ranks;
  result.bytes = what.problem.bytes();
  result.count = what.problem.count;
  result.in_place = study.in_place;
  result.iterations = study.iterations;
  std::uint64_t wrong = 0;
  std::uint64_t messages = 0, bytes = 0, most_messages = 0, most_bytes = 0;
  for (const auto& rank : said) {
    const auto its_messages = static_cast<std::uint64_t>(rank[at]);
    const auto its_bytes = static_cast<std::uint64_t>(rank[at + 1]);
    wrong += static_cast<std::uint64_t>(rank[at + 2]);
    messages += its_messages;
    bytes += its_bytes;
    most_messages = std::max(most_messages, its_messages);
    most_bytes = std::max(most_bytes, its_bytes);
  }
  if (!what.algorithm->is_baseline()) {
    result.messages = messages;
    result.sent_bytes = bytes;
    result.messages_per_rank = most_messages;
    result.sent_bytes_per_rank = most_bytes;
  }
  if (*study.check) result.wrong = wrong;
  auto times = times_from(said, at + figures, intervals);
  result.shares = shares_of(said, at, intervals, links);
  result.on_device = on_device(said, at);
  if (study.timing == analysis::Timing::back_to_back) {
    for (auto& time : times) time /= study.iterations;
    if (result.on_device) *result.on_device /= study.iterations;
  }
  result.time = analysis::quantile(times, 0.5);
  result.min = analysis::quantile(times, 0);
  result.p10 = analysis::quantile(times, 0.1);
  result.p90 = analysis::quantile(times, 0.9);
  if (result.time.count() > 0) {
    result.algbw.value = static_cast<double>(result.bytes) / result.time.count();
    result.busbw.value = result.algbw.value * algorithms::bus_factor(study.op, result.ranks);
  }
  if (machine.typical)
    if (const auto cost = what.algorithm->cost(what.problem, *machine.typical)) {
      const auto& [alpha, beta, gamma] = *machine.typical;
      const auto alone = [&](algorithms::AlphaBetaGamma part) {
        return what.algorithm->cost(what.problem, part)->time;
      };
      result.model = cost->time;
      result.model_parts = analysis::ModelParts{.latency = alone({.alpha = alpha}),
                                                .bandwidth = alone({.beta = beta}),
                                                .reduction = alone({.gamma = gamma})};
    }
  if (machine.best) result.bound = bound_of(study, what.problem, *machine.best);
  return result;
}

/// What each rank was at, from what the ranks said of one measurement: until all are ready to
/// begin (before the first iteration, with any warm-up), and the operation. Back to back,
/// iterations are one phase.
void add_phases(const Measurement& what, algorithms::Collective op, bool warmed_up,
                const std::vector<std::vector<double>>& said, std::size_t at, std::size_t intervals,
                std::vector<Seconds>& before, std::vector<analysis::Phase>& phases) {
  auto name = std::string{algorithms::name_of(op)};
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const auto detail = fmt::format("{}, {} B", what.algorithm->name, what.problem.bytes());
  for (std::size_t rank = 0; rank < said.size(); ++rank)
    for (std::size_t i = 0; i < intervals; ++i) {
      const Seconds begin{said[rank][at + 2 * i]}, end{said[rank][at + 2 * i + 1]};
      const auto me = static_cast<Rank>(rank);
      phases.push_back(
          {me, warmed_up && i == 0 ? "WARMUP" : "NEGOTIATE_" + name, detail, before[rank], begin});
      phases.push_back({me, name, detail, begin, end});
      before[rank] = end;
    }
}

}  // namespace

RunOutcome run_collective(const Scenario& scenario, Backend& backend, const Progress& progress,
                          analysis::Report& report) {
  const auto& study = *scenario.collective;
  const auto& machine = backend.machine();
  const auto all = measurements_of(*scenario.algorithms, study, machine);
  const Measurer measurer{study, *scenario.phantom, backend};
  std::vector<WatchedLinks> links(all.size());
  auto outcome = backend.run([&](Communicator& comm) {
    std::vector<double> said;
    for (std::size_t i = 0; i < all.size(); ++i) {
      measurer.measure(comm, all[i], said, links[i]);
      if (progress && comm.rank() == 0)
        progress(static_cast<double>(i + 1) / static_cast<double>(all.size()));
    }
    return said;
  });
  if (!backend.reporter()) return outcome;
  const auto stride = figures + 2 * measurer.intervals();
  if (outcome.trace) {
    std::vector<Seconds> before(outcome.said.size());
    for (std::size_t i = 0; i < all.size(); ++i)
      add_phases(all[i], study.op, study.warmup > 0, outcome.said, i * stride + figures,
                 measurer.intervals(), before, outcome.trace->phases);
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    report.results.push_back(result_of(study, all[i], machine, outcome.said, i * stride,
                                       measurer.intervals(), links[i]));
  return outcome;
}

}  // namespace troupe::scenarios
