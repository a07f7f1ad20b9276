#include "analysis/link_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/latency_fit.hpp"
#include "analysis/size_factors.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::analysis {
namespace {

std::size_t index(int number) { return static_cast<std::size_t>(number); }

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

class Fitter {
 public:
  explicit Fitter(const MeasuredLinks& links) : links_{links} {
    check();
    fit_.group_of_rank = groups_of(links);
    fit_.speeds = links.speeds;
    name_hosts();
  }

  LinkFit fit() {
    fit_factors();
    for (const auto& pair : links_.pairs) fit_pair(pair);
    fit_latency();
    fit_bandwidth();
    for (const auto& meeting : links_.meetings) fit_meeting(meeting);
    fit_cables_of_groups();
    fit_connections();
    judge();
    return std::move(fit_);
  }

 private:
  std::string name(Rank rank) const { return fit_.hosts[index(rank)]; }
  std::string name(const PairFit& pair) const { return name(pair.a) + " and " + name(pair.b); }
  int group(Rank rank) const { return fit_.group_of_rank[index(rank)]; }
  bool near(Rank a, Rank b) const { return group(a) == group(b); }
  std::string group_name(std::size_t group) const {
    const auto first = std::ranges::find(fit_.group_of_rank, static_cast<int>(group));
    return "the group of " +
           fit_.hosts[index(static_cast<int>(first - fit_.group_of_rank.begin()))];
  }
  template <class... Words>
  void doubt(fmt::format_string<Words...> format, Words&&... words) {
    fit_.doubts.push_back(fmt::format(format, std::forward<Words>(words)...));
  }

  /// Ranks of one computer: its name and a number.
  void name_hosts() {
    std::map<std::string, int> ranks_on, numbered;
    for (const auto& host : links_.hosts) ++ranks_on[host];
    fit_.groups_are_hosts = ranks_on.size() < links_.hosts.size();
    for (const auto& host : links_.hosts) {
      const int number = numbered[host]++;
      fit_.hosts.push_back(fit_.groups_are_hosts ? fmt::format("{}-{}", host, number) : host);
      if (fit_.groups_are_hosts && number == 0) fit_.nodes.push_back(host);
    }
  }

  void check() const {
    if (links_.pairs.empty()) throw BadInput{"calibrate: no pair of ranks was measured"};
    for (const auto& pair : links_.pairs) {
      const auto where = fmt::format("calibrate: ranks {} and {}", pair.a, pair.b);
      if (pair.points.empty()) throw BadInput{where + ": no message was fast enough to be timed"};
      for (const auto& point : pair.points)
        if (!std::isfinite(point.time.count()) || point.time.count() <= 0)
          throw BadInput{fmt::format("{}: {} B took {} s: expected a time above 0", where,
                                     point.bytes.value, point.time.count())};
    }
  }

  /// From the pair with most sizes, of two groups if there is one: SimGrid has one set of factors,
  /// and what ranks send each other within a computer says little of a network.
  void fit_factors() {
    const auto reference = std::ranges::max_element(links_.pairs, {}, [&](const PairTimes& pair) {
      return std::pair{pair.points.size(), !near(pair.a, pair.b)};
    });
    auto found = fit_size_factors(*reference);
    fit_.factors = std::move(found.factors);
    fit_.asks_above = found.asks_above;
    fit_.asking = found.asking;
    std::string left_out;
    for (const Bytes bytes : found.left_out)
      left_out += fmt::format("{}{}", left_out.empty() ? "" : ", ", to_text(bytes));
    if (!left_out.empty())
      doubt("{} to {}: times of {} disagree with all others and are left out", name(reference->a),
            name(reference->b), left_out);
  }

  // ---- each pair

  void fit_pair(const PairTimes& pair) {
    const auto points = timed_sizes(pair, fit_.factors);
    const Line line = fit_line(points);
    PairFit fit{.a = pair.a, .b = pair.b, .alpha = Seconds{line.alpha}};
    fit.alpha_error = Seconds{line.alpha_error};
    fit.bandwidth = {line.beta > 0 ? 1 / line.beta : 0};
    constexpr double nothing = 1e-6;  // of the time of the largest message
    if (line.beta * points.back().bytes <= nothing * points.back().seconds)
      throw BadInput{fmt::format(
          "calibrate: {}: longer messages take no longer: nothing is known of the bandwidth; give "
          "--sizes with larger ones",
          name(fit))};
    if (!std::isfinite(line.alpha_error))
      doubt("{}: one size alone does not tell latency from bandwidth", name(fit));
    else if (line.alpha_error > 0.25 * line.alpha)
      doubt("{}: these sizes hardly tell the latency: {} give or take {}", name(fit),
            to_text(Seconds{line.alpha}), to_text(Seconds{line.alpha_error}));
    fit_.pairs.push_back(fit);
  }

  // ---- what hosts and groups have

  void fit_latency() {
    std::vector<PairLatency> latencies;
    constexpr double least = 1e-12;
    for (const auto& pair : fit_.pairs)
      latencies.push_back({pair.a, pair.b, std::max(least, pair.alpha.count())});
    const auto fit = fit_latencies(latencies, fit_.group_of_rank);
    for (const double latency : fit.of_rank) fit_.ranks.push_back({.latency = Seconds{latency}});
    for (const double latency : fit.of_group) fit_.groups.push_back({.latency = Seconds{latency}});
    for (const auto pair : fit.left_out) {
      fit_.pairs[pair].is_outlier = true;
      doubt("{}: a latency of {} disagrees with what they have with others ({})",
            name(fit_.pairs[pair]), to_text(fit_.pairs[pair].alpha),
            to_text(fit_.latency(fit_.pairs[pair].a, fit_.pairs[pair].b)));
    }
    const auto join = [](const auto& numbers, const auto& named) {
      std::string text;
      for (std::size_t i = 0; i < numbers.size(); ++i)
        text += fmt::format("{}{}",
                            i == 0                    ? ""
                            : i + 1 == numbers.size() ? " and "
                                                      : ", ",
                            named(numbers[i]));
      return text;
    };
    if (!fit.vague_ranks.empty())
      doubt("latencies of {} are seen in sums only, and split evenly",
            join(fit.vague_ranks, [&](std::size_t rank) { return fit_.hosts[rank]; }));
    if (!fit.vague_groups.empty())
      doubt("latencies between groups are seen in sums only, and split evenly: {}",
            join(fit.vague_groups, [&](std::size_t group) { return group_name(group); }));
  }

  /// A host has what it reaches with the best of its peers; a peer that reaches little is slow
  /// itself. The median of those within 3 % of the best is less noisy than the best.
  void fit_bandwidth() {
    for (Rank rank = 0; index(rank) < fit_.ranks.size(); ++rank) {
      std::vector<double> of_near, of_all;
      for (const auto& pair : fit_.pairs) {
        if (pair.a != rank && pair.b != rank) continue;
        of_all.push_back(pair.bandwidth.value);
        if (near(pair.a, pair.b)) of_near.push_back(pair.bandwidth.value);
      }
      auto& seen = of_near.empty() ? of_all : of_near;
      EXPECTS(!seen.empty(), "every rank is in a pair");
      const double best = *std::ranges::max_element(seen);
      std::erase_if(seen, [best](double value) { return value < 0.97 * best; });
      fit_.ranks[index(rank)].bandwidth = {median(seen)};
    }
    say_who_is_fastest();
    for (auto& pair : fit_.pairs) {
      const double expected = fit_.bandwidth(pair.a, pair.b).value;
      if (!near(pair.a, pair.b) || pair.bandwidth.value > 0.9 * expected) continue;
      pair.is_outlier = true;
      doubt("{}: {} disagree with what they have with others ({})", name(pair),
            rate(pair.bandwidth), rate({expected}));
    }
  }

  /// Of two hosts that are faster than all others only the slower is seen.
  void say_who_is_fastest() {
    double most = 0;
    for (const auto& access : fit_.ranks) most = std::max(most, access.bandwidth.value);
    std::vector<Rank> fastest;
    for (Rank rank = 0; index(rank) < fit_.ranks.size(); ++rank)
      if (fit_.ranks[index(rank)].bandwidth.value > 0.97 * most) fastest.push_back(rank);
    if (fastest.size() != 2) return;
    for (const Rank rank : fastest) fit_.ranks[index(rank)].at_least = true;
    doubt("{} and {}: one of them may be faster than the {} that both reach", name(fastest[0]),
          name(fastest[1]), rate({most}));
  }
  static std::string rate(BytesPerSecond bandwidth) {
    return fmt::format("{:.4g} MB/s", bandwidth.value * 1e-6);
  }

  // ---- messages under way together

  /// How much longer a byte takes than alone: from the difference of two sizes, which has no
  /// latency; of one size, from the time as a whole.
  void fit_meeting(const MeetingTimes& times) {
    if (times.points.empty()) return;
    double alone = 0;  // seconds a byte, of the slowest flow
    for (const auto& [from, to] : times.flows) {
      const auto pair = std::ranges::find_if(fit_.pairs, [&](const PairFit& fit) {
        return fit.a == std::min(from, to) && fit.b == std::max(from, to);
      });
      const auto bandwidth = pair == fit_.pairs.end() ? fit_.bandwidth(from, to) : pair->bandwidth;
      alone = std::max(alone, 1 / bandwidth.value);
    }
    const auto& last = times.points.back();
    const auto bytes = static_cast<double>(last.bytes.value);
    const auto longest = [&](const SizeFactor& factor) { return 1 / factor.bandwidth; };
    double together = last.time.count() / bytes,
           beside = alone * longest(factor_for(fit_.factors, bytes));
    if (times.points.size() > 1) {
      const auto& first = times.points.front();
      const auto fewer = static_cast<double>(first.bytes.value);
      together = (last.time - first.time).count() / (bytes - fewer);
      beside = alone *
               (bytes * longest(factor_for(fit_.factors, bytes)) -
                fewer * longest(factor_for(fit_.factors, fewer))) /
               (bytes - fewer);
    } else {
      beside += fit_.latency(times.flows[0].first, times.flows[0].second).count() / bytes;
    }
    fit_.meetings.push_back(
        {.kind = times.kind, .flows = times.flows, .slowdown = together / beside});
  }

  void fit_cables_of_groups() {
    double slower = 0;
    for (const auto& meeting : fit_.meetings)
      if (meeting.kind == MeetingTimes::Kind::two_way)
        slower = std::max(slower, meeting.slowdown - 1);
    constexpr double noticeable = 0.005;
    if (slower > noticeable) fit_.cross_traffic = std::min(1.0, slower);
    constexpr double of_simgrid = 0.05, a_per_cent = 0.01;
    if (std::abs(fit_.cross_traffic - of_simgrid) < a_per_cent)
      fit_.charge = LinkFit::Charge::of_simgrid;
    else if (fit_.cross_traffic > a_per_cent) fit_.charge = LinkFit::Charge::shared_link;
    std::vector<double> seen(fit_.groups.size(), 0);
    for (const auto& meeting : fit_.meetings) {
      if (meeting.kind != MeetingTimes::Kind::crossing) continue;
      const auto [from, to] = meeting.flows.front();
      const auto flows = static_cast<double>(meeting.flows.size());
      constexpr double alone = 1.05;  // flows that do not meet take as long as one
      if (near(from, to)) {
        if (meeting.slowdown > 1.1)
          doubt(
              "{:.0f} messages at once from {} … take {:.2f} times as long as one: something that "
              "they share is not in this platform",
              flows, name(from), meeting.slowdown);
        continue;
      }
      double slowest = std::numeric_limits<double>::infinity();
      for (const auto& flow : meeting.flows) slowest = std::min(slowest, lone(flow));
      if (meeting.slowdown < alone) continue;
      for (const Rank rank : {from, to})
        seen[index(group(rank))] =
            std::max(seen[index(group(rank))], flows * slowest / meeting.slowdown);
    }
    for (std::size_t of = 0; of < fit_.groups.size(); ++of) {
      auto& cable = fit_.groups[of];
      cable.bandwidth = {seen[of]};
      if (seen[of] > 0) continue;
      cable.at_least = true;  // never filled: as wide as all that can come
      for (std::size_t rank = 0; rank < fit_.ranks.size(); ++rank)
        if (fit_.group_of_rank[rank] == static_cast<int>(of))
          cable.bandwidth.value += fit_.ranks[rank].bandwidth.value;
      narrow(of);
    }
    if (fit_.charge == LinkFit::Charge::shared_link) return;
    const double charged = fit_.charge == LinkFit::Charge::of_simgrid ? of_simgrid : 0;
    for (auto* cables : {&fit_.ranks, &fit_.groups})
      for (auto& cable : *cables) cable.bandwidth.value *= 1 + (charged - fit_.cross_traffic) / 2;
  }
  /// A lone message between groups may already be slower than both of its hosts.
  void narrow(std::size_t of) {
    double lone = 0, hosts = 0;
    for (const auto& pair : fit_.pairs) {
      if (near(pair.a, pair.b)) continue;
      if (group(pair.a) != static_cast<int>(of) && group(pair.b) != static_cast<int>(of)) continue;
      if (pair.bandwidth.value <= lone) continue;
      lone = pair.bandwidth.value;
      hosts = std::min(fit_.ranks[index(pair.a)].bandwidth.value,
                       fit_.ranks[index(pair.b)].bandwidth.value);
    }
    if (lone <= 0 || lone > 0.97 * hosts) return;
    fit_.groups[of] = {.latency = fit_.groups[of].latency, .bandwidth = {lone}, .at_least = false};
  }
  double lone(const Flow& flow) const {
    const auto pair = std::ranges::find_if(fit_.pairs, [&](const PairFit& fit) {
      return fit.a == std::min(flow.first, flow.second) &&
             fit.b == std::max(flow.first, flow.second);
    });
    return pair == fit_.pairs.end() ? fit_.bandwidth(flow.first, flow.second).value
                                    : pair->bandwidth.value;
  }

  /// Of two messages at once the first takes as long as alone where they follow each other, twice
  /// as long where they share the cable.
  void fit_connections() {
    for (const auto& meeting : fit_.meetings) {
      if (meeting.kind != MeetingTimes::Kind::burst) continue;
      fit_.one_connection = meeting.slowdown < 1.5;
      if (meeting.slowdown > 1.25 && meeting.slowdown < 1.75)
        doubt(
            "the first of two messages at once takes {:.2f} times as long as alone: they neither "
            "follow each other nor share the cable",
            meeting.slowdown);
    }
  }

  // ---- what became of it

  void judge() {
    double squares = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < links_.pairs.size(); ++i) {
      auto& pair = fit_.pairs[i];
      for (const auto& point : links_.pairs[i].points) {
        const double error = fit_.time(pair.a, pair.b, point.bytes) / point.time - 1;
        squares += error * error;
        ++count;
        if (std::abs(error) <= std::abs(pair.worst_error)) continue;
        pair.worst_error = error;
        pair.worst_size = point.bytes;
      }
    }
    fit_.residual = std::sqrt(squares / static_cast<double>(count));
    const auto worst = std::ranges::max_element(
        fit_.pairs, {}, [](const PairFit& pair) { return std::abs(pair.worst_error); });
    if (std::abs(worst->worst_error) > 0.1)
      doubt("{}: the platform is {:+.0f} % off for messages of {}", name(*worst),
            100 * worst->worst_error, to_text(worst->worst_size));
    for (const auto& meeting : fit_.meetings) {
      if (meeting.kind != MeetingTimes::Kind::incast) continue;
      const auto senders = static_cast<double>(meeting.flows.size());
      const double root = fit_.ranks[index(meeting.flows.front().second)].bandwidth.value;
      double slowest = std::numeric_limits<double>::infinity();
      for (const auto& flow : meeting.flows) slowest = std::min(slowest, lone(flow));
      const double expected = std::max(1.0, senders * slowest / root);
      if (meeting.slowdown > 1.1 * expected)
        doubt(
            "{:.0f} messages at once into {} take {:.2f} times as long as one, {:.2f} times were "
            "expected",
            senders, name(meeting.flows.front().second), meeting.slowdown, expected);
    }
  }

  const MeasuredLinks& links_;
  LinkFit fit_;
};

}  // namespace

Seconds LinkFit::latency(Rank a, Rank b) const {
  Seconds sum = ranks[index(a)].latency + ranks[index(b)].latency;
  const int of_a = group_of_rank[index(a)], of_b = group_of_rank[index(b)];
  if (of_a != of_b) sum += groups[index(of_a)].latency + groups[index(of_b)].latency;
  return sum;
}
BytesPerSecond LinkFit::bandwidth(Rank a, Rank b) const {
  double least = std::min(ranks[index(a)].bandwidth.value, ranks[index(b)].bandwidth.value);
  const int of_a = group_of_rank[index(a)], of_b = group_of_rank[index(b)];
  if (of_a != of_b)
    for (const int of : {of_a, of_b})
      if (groups[index(of)].bandwidth.value > 0)
        least = std::min(least, groups[index(of)].bandwidth.value);
  return {least};
}
Seconds LinkFit::time(Rank a, Rank b, Bytes bytes) const {
  const auto size = static_cast<double>(bytes.value);
  const auto& factor = factor_for(factors, size);
  return latency(a, b) * factor.latency +
         Seconds{size / (bandwidth(a, b).value * factor.bandwidth)};
}

LinkFit fit_links(const MeasuredLinks& links) { return Fitter{links}.fit(); }

}  // namespace troupe::analysis
