#include "scenarios/collective_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
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

/// What every rank says of a measurement, as numbers: messages, bytes, wrong values, then the begin
/// and end of each iteration, on rank 0's clock.
constexpr std::size_t figures = 3;

/// What ranks and links did in the last iteration of a measurement: a rank from when all begin
/// until it has done its part, links until all have. Ranks of a world that can say so do not run at
/// the same time; in others nothing is written here.
class Watched {
 public:
  void begins(const Backend& backend, Rank rank, Seconds now) {
    const auto busy = backend.busy_times(rank);
    if (!busy) return;
    if (begun_++ == 0) {
      begin_ = now;
      links_ = backend.busy_links();
    }
    add(-1, *busy);
  }
  void ends(const Backend& backend, Rank rank, Seconds now) {
    const auto busy = backend.busy_times(rank);
    if (!busy) return;
    add(1, *busy);
    if (++ended_ < begun_) return;
    span_ = (now - begin_).count();
    for (const auto& [name, till_now] : backend.busy_links())
      links_[name] = till_now - links_[name];
  }
  std::optional<analysis::ShareOfTime> shares() const {
    if (ended_ == 0 || span_ <= 0) return {};
    const double all = span_ * ended_;
    analysis::ShareOfTime shares{
        .compute = computing_ / all, .communication = communicating_ / all, .hottest_links = {}};
    // the rest: a rank that has done its part waits for the others
    shares.waiting = std::max(0.0, 1 - shares.compute - shares.communication);
    for (const auto& [name, busy] : links_)
      if (busy.count() > 1e-9 * span_)
        shares.hottest_links.push_back({name, std::min(1.0, busy.count() / span_)});
    analysis::keep_hottest(shares);
    return shares;
  }

 private:
  void add(double sign, const BusyTimes& busy) {
    computing_ += sign * busy.computing.count();
    communicating_ += sign * busy.communicating.count();
  }
  Seconds begin_{};
  std::map<std::string, Seconds> links_;                 // till the begin, then since
  double span_ = 0, computing_ = 0, communicating_ = 0;  // seconds, of all ranks
  int begun_ = 0, ended_ = 0;
};

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
               Watched& watched) const {
    CollectiveBuffers buffers{study_.op, what.problem,    comm.rank(),
                              phantom_,  study_.in_place, memory_};
    SentCounters sent;
    CountingCommunicator counted{comm, sent};
    const auto once = [&] { what.algorithm->run(counted, what.problem, buffers.buffers()); };
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
      for (int i = 0; i < study_.iterations; ++i) {
        if (study_.in_place || i + 1 == study_.iterations) buffers.fill();
        times.push_back((start_together(comm, ahead) - ahead).count());
        const bool last = i + 1 == study_.iterations;
        if (last) watched.begins(backend_, comm.rank(), comm.now());
        once();
        times.push_back(now());
        if (last) watched.ends(backend_, comm.rank(), comm.now());
      }
    } else {
      times.push_back((start_together(comm, ahead) - ahead).count());
      watched.begins(backend_, comm.rank(), comm.now());
      for (int i = 0; i < study_.iterations; ++i) once();
      times.push_back(now());
      watched.ends(backend_, comm.rank(), comm.now());
    }
    const auto iterations = static_cast<std::uint64_t>(study_.iterations);
    said.push_back(static_cast<double>(sent.messages / iterations));
    said.push_back(static_cast<double>(sent.bytes / iterations));
    said.push_back(*study_.check ? static_cast<double>(checked(comm, buffers, once)) : 0);
    said.insert(said.end(), times.begin(), times.end());
  }

  /// Begins and ends that measure() leaves.
  std::size_t intervals() const {
    return study_.timing == analysis::Timing::isolated ? static_cast<std::size_t>(study_.iterations)
                                                       : 1;
  }

 private:
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

analysis::CollectiveResult result_of(const CollectiveStudy& study, const Measurement& what,
                                     const Machine& machine,
                                     const std::vector<std::vector<double>>& said, std::size_t at,
                                     std::size_t intervals) {
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
  for (const auto& rank : said) {
    const auto messages = static_cast<std::uint64_t>(rank[at]);
    const auto bytes = static_cast<std::uint64_t>(rank[at + 1]);
    wrong += static_cast<std::uint64_t>(rank[at + 2]);
    result.messages += messages;
    result.sent_bytes += bytes;
    result.messages_per_rank = std::max(result.messages_per_rank, messages);
    result.sent_bytes_per_rank = std::max(result.sent_bytes_per_rank, bytes);
  }
  if (*study.check) result.wrong = wrong;
  auto times = times_from(said, at + figures, intervals);
  if (study.timing == analysis::Timing::back_to_back)
    for (auto& time : times) time /= study.iterations;
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
  if (machine.best)
    result.bound = algorithms::lower_bound(study.op, what.problem, *machine.best).time();
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
  std::vector<Watched> watched(all.size());
  auto outcome = backend.run([&](Communicator& comm) {
    std::vector<double> said;
    for (std::size_t i = 0; i < all.size(); ++i) {
      measurer.measure(comm, all[i], said, watched[i]);
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
  for (std::size_t i = 0; i < all.size(); ++i) {
    report.results.push_back(
        result_of(study, all[i], machine, outcome.said, i * stride, measurer.intervals()));
    report.results.back().shares = watched[i].shares();
  }
  return outcome;
}

}  // namespace troupe::scenarios
