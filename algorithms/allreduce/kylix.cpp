#include "algorithms/allreduce/kylix.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <type_traits>

#include "algorithms/in_place.hpp"
#include "algorithms/layout.hpp"

namespace troupe::algorithms {

namespace {

constexpr Tag contributed_tag{0}, requested_tag{1}, value_tag{2};
constexpr std::size_t indices_per_message = 65536;
using Indices = std::vector<std::uint64_t>;

std::size_t at(int index) { return static_cast<std::size_t>(index); }

// ---- configuration: index sets between partners, and where a set stands in a union

void start_sending(Communicator& comm, Rank to, Tag tag, std::span<const std::uint64_t> set,
                   WaitSet& leaving) {
  for (;;) {
    const auto part = set.first(std::min(set.size(), indices_per_message));
    leaving.add(comm.isend(to, tag, part));
    set = set.subspan(part.size());
    if (part.size() < indices_per_message) return;
  }
}
Indices receive_indices(Communicator& comm, Rank from, Tag tag) {
  Indices set;
  for (std::size_t count = indices_per_message; count == indices_per_message;) {
    const std::size_t before = set.size();
    set.resize(before + indices_per_message);
    count = receive(comm, from, tag, std::span{set}.subspan(before)).bytes / sizeof(set[0]);
    set.resize(before + count);
  }
  return set;
}
Indices united(const std::vector<Indices>& sets) {
  Indices all;
  for (const Indices& set : sets) {
    Indices more;
    std::set_union(all.begin(), all.end(), set.begin(), set.end(), std::back_inserter(more));
    all = std::move(more);
  }
  return all;
}
std::vector<std::size_t> positions_in(const Indices& larger, std::span<const std::uint64_t> set) {
  std::vector<std::size_t> positions;
  if (set.size() == larger.size()) return positions;
  for (std::uint64_t index : set)
    positions.push_back(static_cast<std::size_t>(
        std::lower_bound(larger.begin(), larger.end(), index) - larger.begin()));
  return positions;
}
std::vector<std::size_t> cuts_of(const Indices& set, const std::vector<std::uint64_t>& borders) {
  std::vector<std::size_t> cuts;
  for (std::uint64_t border : borders)
    cuts.push_back(
        static_cast<std::size_t>(std::lower_bound(set.begin(), set.end(), border) - set.begin()));
  return cuts;
}
Indices piece_of(const Indices& set, const std::vector<std::size_t>& cuts, int digit) {
  return {set.begin() + static_cast<std::ptrdiff_t>(cuts[at(digit)]),
          set.begin() + static_cast<std::ptrdiff_t>(cuts[at(digit) + 1])};
}
/// The borders of [begin, end) in `parts` near-equal pieces, as Partition cuts it.
std::vector<std::uint64_t> borders_of(std::uint64_t begin, std::uint64_t end, int parts) {
  const Partition cut{Slice::phantom(end - begin), parts};
  std::vector<std::uint64_t> borders;
  for (int part = 0; part <= parts; ++part) borders.push_back(begin + cut.offset(part));
  return borders;
}

// ---- kernels on places

template <class Body>
void with_type(Dtype dtype, Body body) {
  switch (dtype) {
    case Dtype::float32: return body(std::type_identity<float>{});
    case Dtype::float64: return body(std::type_identity<double>{});
    case Dtype::int32: return body(std::type_identity<std::int32_t>{});
    case Dtype::int64: return body(std::type_identity<std::int64_t>{});
    case Dtype::uint32: return body(std::type_identity<std::uint32_t>{});
    case Dtype::uint8: return body(std::type_identity<std::uint8_t>{});
    default: EXPECTS(false, "half precision has no arithmetic");
  }
}
template <class T>
T combined(Op op, T a, T b) {
  switch (op) {
    case Op::sum: return static_cast<T>(a + b);
    case Op::product: return static_cast<T>(a * b);
    case Op::min: return std::min(a, b);
    case Op::max: return std::max(a, b);
  }
  return a;
}
template <class T>
T neutral(Op op) {
  using Limits = std::numeric_limits<T>;
  switch (op) {
    case Op::sum: return T{0};
    case Op::product: return T{1};
    case Op::min: return Limits::has_infinity ? Limits::infinity() : Limits::max();
    case Op::max: return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  }
  return T{};
}
Slice piece(Slice whole, const std::vector<std::size_t>& cuts, int digit) {
  return whole.subslice(cuts[at(digit)], cuts[at(digit) + 1] - cuts[at(digit)]);
}
Work moving(std::size_t count, Dtype dtype) {
  return {Flops{0}, Bytes{2 * count * size_of(dtype)}};
}

/// into[positions[i]] = from[i], or combined with it where that is not fresh.
Kernel merge(Op op, Slice into, ConstSlice from, const std::vector<std::size_t>& positions,
             const std::vector<char>& fresh) {
  const auto old = static_cast<std::size_t>(std::count(fresh.begin(), fresh.end(), 0));
  const Work work{Flops{static_cast<double>(old)}, Bytes{3 * from.size_bytes()}};
  return Opaque{{from, into}, {into}, work, [=, &positions, &fresh] {
                  with_type(into.dtype(), [&](auto type) {
                    using T = typename decltype(type)::type;
                    const auto target = into.host<T>();
                    const auto source = from.host<T>();
                    for (std::size_t i = 0; i < source.size(); ++i) {
                      T& place = target[positions.empty() ? i : positions[i]];
                      place = fresh[i] ? source[i] : combined(op, place, source[i]);
                    }
                  });
                }};
}
/// into[i] = from[positions[i]], or the neutral value where nobody answers.
Kernel pick(Op op, Slice into, ConstSlice from, const std::vector<std::size_t>& positions,
            const std::vector<char>& unanswered) {
  return Opaque{{from}, {into}, moving(into.size(), into.dtype()), [=, &positions, &unanswered] {
                  with_type(into.dtype(), [&](auto type) {
                    using T = typename decltype(type)::type;
                    const auto target = into.host<T>();
                    const auto source = from.host<T>();
                    for (std::size_t i = 0; i < target.size(); ++i)
                      target[i] = !unanswered.empty() && unanswered[i] ? neutral<T>(op)
                                                                       : source[positions[i]];
                  });
                }};
}

}  // namespace

KylixPlan KylixPlan::configured(Communicator& comm, std::span<const std::uint64_t> contributed,
                                std::span<const std::uint64_t> requested, std::uint64_t length,
                                std::span<const int> radices) {
  const MixedRadix digits{radices};
  EXPECTS(digits.ranks() == comm.size(), "the product of the radices is the number of ranks");
  KylixPlan plan;
  plan.contributed_ = contributed.size();
  plan.requested_ = requested.size();
  Indices held(contributed.begin(), contributed.end()), asked(requested.begin(), requested.end());
  std::uint64_t begin = 0, end = length;
  for (int j = 0; j < digits.stages(); ++j) {
    const int radix = digits.radix(j), mine = digits.digit(comm.rank(), j);
    const auto borders = borders_of(begin, end, radix);
    Stage stage{.mine = mine,
                .partners = digits.line(comm.rank(), j),
                .give = cuts_of(held, borders),
                .take = std::vector<Merge>(at(radix)),
                .want = cuts_of(asked, borders),
                .serve = std::vector<Places>(at(radix))};
    std::vector<Indices> giving(at(radix)), asking(at(radix));
    giving[at(mine)] = piece_of(held, stage.give, mine);
    asking[at(mine)] = piece_of(asked, stage.want, mine);
    for (int turn = 1; turn < radix; ++turn) {
      const int to = (mine + turn) % radix, from = (mine - turn + radix) % radix;
      const Indices gives = piece_of(held, stage.give, to), asks = piece_of(asked, stage.want, to);
      WaitSet leaving;
      start_sending(comm, stage.partners[at(to)], contributed_tag, gives, leaving);
      start_sending(comm, stage.partners[at(to)], requested_tag, asks, leaving);
      giving[at(from)] = receive_indices(comm, stage.partners[at(from)], contributed_tag);
      asking[at(from)] = receive_indices(comm, stage.partners[at(from)], requested_tag);
      wait_all(comm, leaving);
    }
    held = united(giving);
    asked = united(asking);
    stage.held = held.size();
    stage.asked = asked.size();
    std::vector<char> seen(held.size(), 0);
    for (int turn = 0; turn < radix; ++turn) {  // the order in which values will arrive
      const auto digit = at((mine - turn + radix) % radix);
      Merge& take = stage.take[digit];
      take.places = {giving[digit].size(), positions_in(held, giving[digit])};
      for (std::size_t i = 0; i < take.places.count; ++i) {
        char& known = seen[take.places.positions.empty() ? i : take.places.positions[i]];
        take.fresh.push_back(known ? 0 : 1);
        known = 1;
      }
      stage.serve[digit] = {asking[digit].size(), positions_in(asked, asking[digit])};
    }
    plan.stages_.push_back(std::move(stage));
    begin = borders[at(mine)];
    end = borders[at(mine) + 1];
  }
  plan.answers_.count = asked.size();
  if (asked != held)
    for (std::uint64_t index : asked) {
      const auto found = std::lower_bound(held.begin(), held.end(), index);
      plan.unanswered_.push_back(found == held.end() || *found != index);
      plan.answers_.positions.push_back(static_cast<std::size_t>(found - held.begin()));
    }
  return plan;
}

KylixPlan KylixPlan::dense(Communicator& comm, std::uint64_t length, std::span<const int> radices) {
  const MixedRadix digits{radices};
  EXPECTS(digits.ranks() == comm.size(), "the product of the radices is the number of ranks");
  KylixPlan plan;
  plan.contributed_ = plan.requested_ = plan.answers_.count = length;
  for (int j = 0; j < digits.stages(); ++j) {
    const int radix = digits.radix(j), mine = digits.digit(comm.rank(), j);
    const auto borders = borders_of(0, plan.answers_.count, radix);
    const std::size_t kept = borders[at(mine) + 1] - borders[at(mine)];
    plan.stages_.push_back({.mine = mine,
                            .partners = digits.line(comm.rank(), j),
                            .give = borders,
                            .take = std::vector<Merge>(at(radix), Merge{{kept, {}}, {}}),
                            .held = kept,
                            .want = borders,
                            .serve = std::vector<Places>(at(radix), Places{kept, {}}),
                            .asked = kept});
    plan.answers_.count = kept;
  }
  return plan;
}

std::vector<std::size_t> KylixPlan::profile() const {
  std::vector<std::size_t> held;
  for (const Stage& stage : stages_) held.push_back(stage.held);
  return held;
}

/// Memory for what passes through.
class KylixPlan::Rooms {
 public:
  explicit Rooms(ConstSlice like) : like_{like} {}
  Slice of(std::size_t count) { return rooms_.emplace_back(like_, count).all(); }

 private:
  ConstSlice like_;
  std::deque<Scratch> rooms_;
};

Slice KylixPlan::down(Communicator& comm, Slice held, Op op, Rooms& rooms) const {
  for (const Stage& stage : stages_) {
    const int radix = static_cast<int>(stage.partners.size()), mine = stage.mine;
    Slice sum = piece(held, stage.give, mine);
    if (sum.size() != stage.held) {  // room for indices that others contribute
      const Merge& own = stage.take[at(mine)];
      const Slice wider = rooms.of(stage.held);
      compute(comm, merge(op, wider, sum, own.places.positions, own.fresh));
      sum = wider;
    }
    const Slice arriving = rooms.of(stage.held);
    for (int turn = 1; turn < radix; ++turn) {
      const int to = (mine + turn) % radix, from = (mine - turn + radix) % radix;
      const Merge& take = stage.take[at(from)];
      const Slice incoming = arriving.first(take.places.count);
      exchange(comm, value_tag, piece(held, stage.give, to), stage.partners[at(to)], incoming,
               stage.partners[at(from)]);
      if (take.is_plain(stage.held)) compute(comm, Reduce{op, sum, incoming});
      else compute(comm, merge(op, sum, incoming, take.places.positions, take.fresh));
    }
    held = sum;
  }
  return held;
}

void KylixPlan::up(Communicator& comm, std::span<const Slice> answer, Op op, Rooms& rooms) const {
  for (std::size_t j = stages_.size(); j-- > 0;) {
    const Stage& stage = stages_[j];
    const int radix = static_cast<int>(stage.partners.size()), mine = stage.mine;
    const auto asked_by = [&](int digit) {
      const Places& serve = stage.serve[at(digit)];
      if (serve.count == stage.asked) return answer[j + 1];
      const Slice picked = rooms.of(serve.count);
      compute(comm, pick(op, picked, answer[j + 1], serve.positions, {}));
      return picked;
    };
    for (int turn = 1; turn < radix; ++turn) {
      const int to = (mine - turn + radix) % radix, from = (mine + turn) % radix;
      exchange(comm, value_tag, asked_by(to), stage.partners[at(to)],
               piece(answer[j], stage.want, from), stage.partners[at(from)]);
    }
    const Slice own = piece(answer[j], stage.want, mine);
    if (own.size() != stage.asked) compute(comm, Copy{own, asked_by(mine)});
  }
}

/// Kylix value pass (Zhao and Canny 2014, §3): nested, the way up through the same nodes as the way
/// down.
///
///   4 ranks, radices (2, 2), index space 0…7; rank r contributes {r, 4, 7} and requests {r}.
///   Indices held (down) and answered (up):
///     after stage    start     down 0    down 1   |  asked there    up 1     up 0
///     rank 0        0 4 7       0 1       0 1    |     0 1          0 1       0
///     rank 1        1 4 7       4 7       4      |      .            .        1
///     rank 2        2 4 7       2 3       2 3    |     2 3          2 3       2
///     rank 3        3 4 7       4 7       7      |      .            .        3
///
///   dense: messages, bytes and time of the nested butterfly
void kylix_allreduce(Communicator& comm, const KylixPlan& plan, Slice values, Slice result, Op op) {
  EXPECTS(values.size() == plan.contributed() && result.size() == plan.requested(),
          "values and result have the sizes of the plan's index sets");
  KylixPlan::Rooms rooms{like_values_of(values.empty() ? result : values)};
  std::vector<Slice> answer{result};  // answer[j]: what is requested of this rank above stage j
  for (const KylixPlan::Stage& stage : plan.stages_) {
    const Slice own = piece(answer.back(), stage.want, stage.mine);
    answer.push_back(own.size() == stage.asked ? own : rooms.of(stage.asked));
  }
  const Slice held = plan.down(comm, values, op, rooms);
  if (plan.answers_.positions.empty()) bring(comm, held.first(plan.answers_.count), answer.back());
  else compute(comm, pick(op, answer.back(), held, plan.answers_.positions, plan.unanswered_));
  plan.up(comm, answer, op, rooms);
}

void dense_kylix_allreduce(Communicator& comm, Slice vector, Op op, std::span<const int> radices) {
  kylix_allreduce(comm, KylixPlan::dense(comm, vector.size(), radices), vector, vector, op);
}

}  // namespace troupe::algorithms
