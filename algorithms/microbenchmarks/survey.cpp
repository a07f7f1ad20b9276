#include "algorithms/microbenchmarks/survey.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "algorithms/microbenchmarks/device.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag order_tag{10}, flows_tag{11}, result_tag{12};

enum class Task : std::uint32_t { end, ping_pong, two_way, incast, crossing, burst, speed };

/// What rank 0 tells the ranks that take part; the flows follow.
struct Order {
  Task task = Task::end;
  std::uint32_t flows = 0;
  std::uint64_t bytes = 0;
};
struct Result {
  double time = -1, spread = 0;  // seconds; below 0: took too long
  std::int64_t rounds = 0;
};

std::vector<Rank> ranks_of(const std::vector<Flow>& flows) {
  std::set<Rank> ranks;
  for (const auto& [from, to] : flows) ranks.insert({from, to});
  return {ranks.begin(), ranks.end()};
}

std::vector<Rank> firsts_of(const std::vector<Flow>& flows) {
  std::vector<Rank> ranks;
  for (const auto& [from, to] : flows) ranks.push_back(from);
  return ranks;
}

/// Who is told the time.
Rank told(Task task, const std::vector<Flow>& flows) {
  return task == Task::incast ? flows.front().second : flows.front().first;
}

Result in_result(const std::optional<RoundTime>& time) {
  if (!time) return {};
  return {.time = time->time.count(), .spread = time->spread.count(), .rounds = time->rounds};
}

/// This rank's part in a measurement.
Result take_part(Communicator& comm, const Order& order, const std::vector<Flow>& flows,
                 const RoundChoice& choice) {
  const Bytes bytes{order.bytes};
  const auto [a, b] = flows.front();
  switch (order.task) {
    case Task::ping_pong: return in_result(ping_pong(comm, a, b, bytes, choice));
    case Task::two_way: return in_result(two_way(comm, firsts_of(flows), bytes, choice));
    case Task::crossing: return in_result(crossing(comm, flows, bytes, choice));
    case Task::burst: return in_result(burst(comm, a, b, bytes, choice));
    case Task::incast: return in_result(incast(comm, b, firsts_of(flows), bytes, choice));
    default: return {};
  }
}

KernelShape product(std::uint64_t width) {
  return {.kernel = "Gemm", .form = "nn", .dtype = Dtype::float32, .sizes = {width, width, width}};
}
KernelShape sum(std::uint64_t count) {
  return {.kernel = "Reduce", .form = {}, .dtype = Dtype::float32, .sizes = {count}};
}

/// How fast this rank multiplies matrices and adds vectors. Where a launch may count, on a device
/// or a simulated one, from the difference of two sizes.
RankSpeed speed_here(Communicator& comm, const RoundChoice& choice) {
  const std::vector<KernelShape> shapes =
      choice.phantom ? std::vector{product(512), product(1024), sum(1 << 20), sum(1 << 22)}
      : choice.memory->on_host()
          ? std::vector{product(256), sum(1 << 18)}
          : std::vector{product(2048), product(4096), sum(1 << 24), sum(1 << 26)};
  RowChoice rows{.row = Seconds{5e-3}, .repeats = 5, .longest = Seconds{2}};
  rows.phantom = choice.phantom;
  if (choice.phantom) {
    rows.row = Seconds{};  // one kernel is as good as a row
    rows.longest = forever;
  }
  RankSpeed speed;
  double before = 0, done_before = 0;
  std::string kernel;
  for (const auto& measured : measure_kernels(comm, *choice.memory, rows, shapes)) {
    if (kernel != measured.shape.kernel) before = done_before = 0;
    kernel = measured.shape.kernel;
    const double seconds = measured.timing.time.count();
    const double done = kernel == "Gemm" ? measured.work.flops.value
                                         : static_cast<double>(measured.work.bytes.value);
    if (seconds > before) {
      const double rate = (done - done_before) / (seconds - before);
      if (kernel == "Gemm") speed.flops = {rate};
      else speed.reduced_bytes = {rate};
    }
    before = seconds;
    done_before = done;
  }
  return speed;
}

/// Others may be measured for minutes: a rank that waits with a deadline is not taken for stuck.
Order next_order(Communicator& comm) {
  constexpr Seconds while_others_are_measured{20};
  Order order;
  Request request = comm.irecv(0, order_tag, value(order));
  while (!wait_until(comm, request, comm.now() + while_others_are_measured)) {
  }
  return order;
}

void obey(Communicator& comm, const RoundChoice& choice) {
  for (;;) {
    const Order order = next_order(comm);
    if (order.task == Task::end) return;
    if (order.task == Task::speed) {
      RankSpeed speed = speed_here(comm, choice);
      send(comm, 0, result_tag, value(speed));
      continue;
    }
    std::vector<Flow> flows(order.flows);
    std::vector<Rank> ends(2 * flows.size());
    receive(comm, 0, flows_tag, std::span<Rank>{ends});
    for (std::size_t i = 0; i < flows.size(); ++i) flows[i] = {ends[2 * i], ends[2 * i + 1]};
    Result result = take_part(comm, order, flows, choice);
    if (comm.rank() == told(order.task, flows)) send(comm, 0, result_tag, value(result));
  }
}

/// Rank 0 as the one who decides.
class Surveyor {
 public:
  Surveyor(Communicator& comm, const SurveyChoice& choice, const SurveyProgress& progress)
      : comm_{comm}, choice_{choice}, progress_{progress} {}

  MeasuredLinks survey(const FindGroups& find_groups) {
    MeasuredLinks links;
    measure_speeds(links);
    if (comm_.size() == 1) return links;
    const auto pairs = pairs_to_time();
    std::size_t done = 0;
    for (const auto& pair : pairs) {
      links.pairs.push_back(time_pair(pair, done == 0 ? choice_.sizes : few_sizes()));
      tell(0.8 * static_cast<double>(++done) / static_cast<double>(pairs.size()));
    }
    const auto groups = find_groups(links);
    time_at_all_sizes(links, groups);
    for (const auto& ring : rings(pairs, groups)) add(links, MeetingTimes::Kind::two_way, ring);
    tell(0.85);
    for (const Rank root : roots(groups)) {
      std::vector<Flow> flows;
      for (Rank rank = 0; rank < comm_.size() && flows.size() < 8; ++rank)
        if (rank != root) flows.emplace_back(rank, root);
      if (flows.size() > 1) add(links, MeetingTimes::Kind::incast, flows);
    }
    for (const auto& flows : inside(groups))
      add(links,
          flows.front().second == flows.back().second ? MeetingTimes::Kind::incast
                                                      : MeetingTimes::Kind::crossing,
          flows);
    tell(0.9);
    for (const auto& flows : crossings(groups)) add(links, MeetingTimes::Kind::crossing, flows);
    add(links, MeetingTimes::Kind::burst, {pairs.front(), pairs.front()});
    tell(1);
    Order end;
    for (Rank rank = 1; rank < comm_.size(); ++rank) send(comm_, rank, order_tag, value(end));
    return links;
  }

 private:
  void tell(double share) const {
    if (progress_) progress_(share);
  }

  void measure_speeds(MeasuredLinks& links) {
    links.speeds.push_back(speed_here(comm_, choice_.rounds));
    for (Rank rank = 1; rank < comm_.size(); ++rank) {
      Order order{.task = Task::speed};
      send(comm_, rank, order_tag, value(order));
      receive(comm_, rank, result_tag, value(links.speeds.emplace_back()));
    }
    if (choice_.sharing.empty()) return;
    Order order{.task = Task::speed};
    for (const Rank rank : choice_.sharing) send(comm_, rank, order_tag, value(order));
    links.together.push_back(speed_here(comm_, choice_.rounds));
    for (const Rank rank : choice_.sharing)
      receive(comm_, rank, result_tag, value(links.together.emplace_back()));
  }

  std::vector<Flow> pairs_to_time() const {
    std::vector<Flow> pairs;
    const int n = comm_.size();
    for (Rank a = 0; a < n; ++a)
      for (Rank b = a + 1; b < n; ++b) {
        const int apart = std::min(b - a, n - b + a);
        if (n <= choice_.all_pairs_up_to || (apart & (apart - 1)) == 0) pairs.emplace_back(a, b);
      }
    return pairs;
  }

  /// For all pairs but one: the ends, and two between them.
  std::vector<Bytes> few_sizes() const {
    const auto& sizes = choice_.sizes;
    std::set<std::uint64_t> few;
    for (const std::size_t third : {0u, 1u, 2u, 3u})
      few.insert(sizes[third * (sizes.size() - 1) / 3].value);
    std::vector<Bytes> result;
    for (const auto bytes : few) result.push_back({bytes});
    return result;
  }

  PairTimes time_pair(const Flow& pair, const std::vector<Bytes>& sizes) {
    PairTimes times{.a = pair.first, .b = pair.second, .points = {}};
    for (const Bytes bytes : sizes)
      if (const auto time = order(Task::ping_pong, {pair}, bytes)) times.points.push_back(*time);
      else break;
    return times;
  }

  /// The first pair, and the first that is in one group where that is not, or the other way round.
  void time_at_all_sizes(MeasuredLinks& links, const std::vector<int>& groups) {
    const auto is_near = [&](const PairTimes& pair) {
      return groups[index(pair.a)] == groups[index(pair.b)];
    };
    const bool first = is_near(links.pairs.front());
    const auto other = std::ranges::find_if(
        links.pairs, [&](const PairTimes& pair) { return is_near(pair) != first; });
    if (other != links.pairs.end()) *other = time_pair({other->a, other->b}, choice_.sizes);
  }

  /// A pair of ranks of one group, a pair of two groups, and three ranks of one group.
  static std::vector<std::vector<Flow>> rings(const std::vector<Flow>& pairs,
                                              const std::vector<int>& groups) {
    std::map<bool, Flow> found;
    for (const auto& [a, b] : pairs) found.try_emplace(groups[index(a)] == groups[index(b)], a, b);
    std::vector<std::vector<Flow>> rings;
    for (const auto& [near, pair] : found) rings.push_back({pair, {pair.second, pair.first}});
    for (std::size_t first = 0; first + 2 < groups.size(); ++first) {
      std::vector<Rank> three;
      for (std::size_t rank = first; rank < groups.size() && three.size() < 3; ++rank)
        if (groups[rank] == groups[first]) three.push_back(static_cast<Rank>(rank));
      if (three.size() < 3) continue;
      rings.push_back({{three[0], three[1]}, {three[1], three[2]}, {three[2], three[0]}});
      break;
    }
    return rings;
  }

  /// The first rank of each group, of eight groups.
  std::vector<Rank> roots(const std::vector<int>& groups) const {
    std::set<Rank> roots;
    std::set<int> seen;
    for (Rank rank = 0; rank < comm_.size() && seen.size() < 8; ++rank)
      if (seen.insert(groups[index(rank)]).second) roots.insert(rank);
    return {roots.begin(), roots.end()};
  }

  /// Of several groups, inside the first of three ranks or more: all into its first, and its first
  /// half to its second; and the first two ranks to those of the next group.
  static std::vector<std::vector<Flow>> inside(const std::vector<int>& groups) {
    std::map<int, std::vector<Rank>> members;
    for (std::size_t rank = 0; rank < groups.size(); ++rank)
      members[groups[rank]].push_back(static_cast<Rank>(rank));
    std::vector<std::vector<Flow>> all;
    if (members.size() < 2) return all;
    for (auto group = members.begin(); group != members.end(); ++group) {
      const auto& ranks = group->second;
      if (ranks.size() < 3) continue;
      auto& into_first = all.emplace_back();
      for (std::size_t i = 1; i < std::min<std::size_t>(ranks.size(), 9); ++i)
        into_first.emplace_back(ranks[i], ranks[0]);
      const std::size_t half = ranks.size() / 2;
      if (half > 1) {
        auto& halves = all.emplace_back();
        for (std::size_t i = 0; i < std::min<std::size_t>(half, 64); ++i)
          halves.emplace_back(ranks[i], ranks[half + i]);
      }
      const auto next = std::next(group) == members.end() ? members.begin() : std::next(group);
      if (next->second.size() > 1)
        all.push_back({{ranks[0], next->second[0]}, {ranks[1], next->second[1]}});
      break;
    }
    return all;
  }

  /// From each group to the next all that have a partner there; within one group from its first
  /// half to its second.
  static std::vector<std::vector<Flow>> crossings(const std::vector<int>& groups) {
    std::map<int, std::vector<Rank>> members;
    for (std::size_t rank = 0; rank < groups.size(); ++rank)
      members[groups[rank]].push_back(static_cast<Rank>(rank));
    std::vector<std::vector<Flow>> all;
    const auto add = [&all](const std::vector<Rank>& from, const std::vector<Rank>& to) {
      constexpr std::size_t most = 64;
      std::vector<Flow> flows;
      for (std::size_t i = 0; i < std::min({from.size(), to.size(), most}); ++i)
        flows.emplace_back(from[i], to[i]);
      if (flows.size() > 1) all.push_back(std::move(flows));
    };
    if (members.size() == 1) {
      const auto& everybody = members.begin()->second;
      const auto half = everybody.begin() + static_cast<std::ptrdiff_t>(everybody.size() / 2);
      add({everybody.begin(), half}, {half, everybody.end()});
      return all;
    }
    for (auto group = members.begin(); group != members.end(); ++group) {
      auto next = std::next(group);
      if (next == members.end()) next = members.begin();
      add(group->second, next->second);
      if (members.size() > 16 && all.size() == 16) break;
    }
    return all;
  }

  void add(MeasuredLinks& links, MeetingTimes::Kind kind, const std::vector<Flow>& flows) {
    const Task task = kind == MeetingTimes::Kind::two_way    ? Task::two_way
                      : kind == MeetingTimes::Kind::incast   ? Task::incast
                      : kind == MeetingTimes::Kind::crossing ? Task::crossing
                                                             : Task::burst;
    MeetingTimes times{.kind = kind, .flows = flows, .points = {}};
    // The largest but two is a half or a third of the largest: their difference has no latency.
    const auto& sizes = choice_.sizes;
    const std::size_t last = sizes.size() - 1;
    for (const std::size_t at : std::set{last - std::min<std::size_t>(last, 2), last})
      if (const auto time = order(task, flows, sizes[at])) times.points.push_back(*time);
    links.meetings.push_back(std::move(times));
  }

  /// Has something measured, and takes part where it should.
  std::optional<RoundTime> order(Task task, const std::vector<Flow>& flows, Bytes bytes) {
    Order order{
        .task = task, .flows = static_cast<std::uint32_t>(flows.size()), .bytes = bytes.value};
    std::vector<Rank> ends;
    for (const auto& [from, to] : flows) {
      ends.push_back(from);
      ends.push_back(to);
    }
    bool takes_part = false;
    for (const Rank rank : ranks_of(flows)) {
      takes_part |= rank == comm_.rank();
      if (rank == comm_.rank()) continue;
      send(comm_, rank, order_tag, value(order));
      send(comm_, rank, flows_tag, std::span<const Rank>{ends});
    }
    Result result;
    if (takes_part) result = take_part(comm_, order, flows, choice_.rounds);
    if (const Rank teller = told(task, flows); teller != comm_.rank())
      receive(comm_, teller, result_tag, value(result));
    if (result.time < 0) return {};
    return RoundTime{.bytes = bytes,
                     .time = Seconds{result.time},
                     .spread = Seconds{result.spread},
                     .rounds = static_cast<int>(result.rounds)};
  }

  static std::size_t index(Rank rank) { return static_cast<std::size_t>(rank); }

  Communicator& comm_;
  const SurveyChoice& choice_;
  const SurveyProgress& progress_;
};

}  // namespace

MeasuredLinks survey(Communicator& comm, const SurveyChoice& choice, const FindGroups& find_groups,
                     const SurveyProgress& progress) {
  EXPECTS(!choice.sizes.empty(), "messages have a size");
  if (comm.rank() == 0) return Surveyor{comm, choice, progress}.survey(find_groups);
  obey(comm, choice.rounds);
  return {};
}

}  // namespace troupe::algorithms
