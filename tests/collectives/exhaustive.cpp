#include "collectives/exhaustive.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <type_traits>

#include "core/recorder.hpp"

namespace troupe::tests {

using algorithms::Buffers;
using algorithms::Collective;
using algorithms::Entry;
using algorithms::Problem;

namespace {

using Values = std::vector<std::int64_t>;
constexpr std::size_t period = 97;  // of contributions along a vector

bool reduces(Collective collective) {
  return collective == Collective::allreduce || collective == Collective::reduce_scatter ||
         collective == Collective::reduce;
}
bool has_root(Collective collective) {
  return collective == Collective::broadcast || collective == Collective::reduce ||
         collective == Collective::scatter || collective == Collective::gather;
}

// ---- inputs: whole numbers that every dtype holds exactly, and so do their reductions

std::int64_t contribution(Op op, Rank rank, std::size_t index) {
  const auto r = static_cast<std::int64_t>(rank), k = static_cast<std::int64_t>(index % period);
  switch (op) {
    case Op::sum: return (r * k + r + k * k) % 5;
    case Op::product: return (r + k) % 11 == 0 ? 2 : 1;
    case Op::min:
    case Op::max: return (13 * r + 5 * k) % 97;
  }
  return 0;
}
std::int64_t datum(Rank rank, std::size_t index) {
  return (31 * static_cast<std::int64_t>(rank) + 7 * static_cast<std::int64_t>(index) +
          static_cast<std::int64_t>(index / period)) %
         127;
}
std::int64_t combined(Op op, std::int64_t a, std::int64_t b) {
  switch (op) {
    case Op::sum: return a + b;
    case Op::product: return a * b;
    case Op::min: return std::min(a, b);
    case Op::max: return std::max(a, b);
  }
  return 0;
}
Values reduced(const Problem& problem) {
  std::array<std::int64_t, period> phase;
  for (std::size_t k = 0; k < period; ++k) {
    phase[k] = contribution(problem.op, 0, k);
    for (Rank rank = 1; rank < problem.ranks; ++rank)
      phase[k] = combined(problem.op, phase[k], contribution(problem.op, rank, k));
  }
  Values values(problem.count);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = phase[i % period];
  return values;
}
Values vector_of(const Problem& problem, Collective collective, Rank rank) {
  Values values(problem.count);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = reduces(collective) ? contribution(problem.op, rank, i) : datum(rank, i);
  return values;
}

struct Block {
  std::size_t begin, size;
};
Block block(const Problem& problem, Rank rank) {
  const Partition cut{Slice::phantom(problem.count), problem.ranks};
  return {cut.offset(rank), cut.size_of_block(rank)};
}
Values part(const Values& values, Block where) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(where.begin);
  return {begin, begin + static_cast<std::ptrdiff_t>(where.size)};
}
std::size_t v_count(const Problem& problem, Rank from, Rank to) {
  return problem.counts[static_cast<std::size_t>(from * problem.ranks + to)];
}
Block v_block(const Problem& problem, Rank from, Rank to) {  // in the input of `from`
  Block where{0, v_count(problem, from, to)};
  for (Rank before = 0; before < to; ++before) where.begin += v_count(problem, from, before);
  return where;
}
Values v_vector(const Problem& problem, Rank rank) {
  const Block last = v_block(problem, rank, problem.ranks - 1);
  Values values(last.begin + last.size);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = datum(rank, i);
  return values;
}

/// What a rank gives and what it must get; an empty optional part is not used by this rank.
struct Sides {
  Values input, output;
};
Sides sides_of(const Problem& problem, Collective collective, Rank me) {
  const bool is_root = me == problem.root;
  const Block mine = block(problem, me);
  switch (collective) {
    case Collective::allreduce: return {vector_of(problem, collective, me), reduced(problem)};
    case Collective::reduce_scatter:
      return {vector_of(problem, collective, me), part(reduced(problem), mine)};
    case Collective::reduce:
      return {vector_of(problem, collective, me), is_root ? reduced(problem) : Values{}};
    case Collective::broadcast: {
      Values all = vector_of(problem, collective, problem.root);
      return {is_root ? all : Values(problem.count, 99), all};
    }
    case Collective::scatter: {
      const Values all = vector_of(problem, collective, problem.root);
      return {is_root ? all : Values{}, part(all, mine)};
    }
    case Collective::gather:
    case Collective::allgather: {
      Values all(problem.count);
      for (Rank rank = 0; rank < problem.ranks; ++rank) {
        const Block its = block(problem, rank);
        for (std::size_t i = its.begin; i < its.begin + its.size; ++i) all[i] = datum(rank, i);
      }
      Values own = part(all, mine);
      return {own, collective == Collective::allgather || is_root ? all : Values{}};
    }
    case Collective::all_to_all:
    case Collective::all_to_all_v: {
      const bool varying = collective == Collective::all_to_all_v;
      const auto given = [&](Rank rank) {
        return varying ? v_vector(problem, rank) : vector_of(problem, collective, rank);
      };
      Values all;
      for (Rank rank = 0; rank < problem.ranks; ++rank) {
        const Values its =
            part(given(rank), varying ? v_block(problem, rank, me) : block(problem, me));
        all.insert(all.end(), its.begin(), its.end());
      }
      return {given(me), all};
    }
    case Collective::barrier: return {};
  }
  return {};
}

// ---- values in slices

template <class Body>
void with_type(Dtype dtype, Body body) {
  switch (dtype) {
    case Dtype::float32: return body(float{});
    case Dtype::float64: return body(double{});
    case Dtype::int32: return body(std::int32_t{});
    case Dtype::int64: return body(std::int64_t{});
    case Dtype::uint32: return body(std::uint32_t{});
    case Dtype::uint8: return body(std::uint8_t{});
    default: throw WrongResult("no values of half precision");
  }
}
void write(Slice slice, const Values& values) {
  with_type(slice.dtype(), [&](auto zero) {
    std::vector<decltype(zero)> typed;
    for (const std::int64_t value : values) typed.push_back(static_cast<decltype(zero)>(value));
    copy_from_host(slice, std::span{typed});
  });
}
void expect_equal(ConstSlice got, ConstSlice wanted, const std::string& what) {
  with_type(got.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const HostView here{got}, there{wanted};
    const auto a = here.slice().host<T>(), b = there.slice().host<T>();
    if (a.size() != b.size()) throw WrongResult(what + " has another size");
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i] != b[i])
        throw WrongResult(what + " is wrong at " + std::to_string(i) + ": " + std::to_string(a[i]) +
                          " instead of " + std::to_string(b[i]));
  });
}

/// The buffers of a run: one or two allocations, and the slices in them that the collective gets.
struct Memories {
  Buffer first, second;
  Buffers buffers;
};
Memories memories_for(const Problem& problem, Collective collective, Rank me, const Sides& sides,
                      bool in_place, bool phantom, Memory& memory) {
  const auto make = [&](std::size_t count) {  // nothing has no address, as in an empty vector
    return phantom || count == 0 ? Buffer::phantom(count, problem.dtype)
                                 : Buffer{count, problem.dtype, memory};
  };
  Memories memories{make(sides.input.size()), make(sides.output.size()), {}};
  Buffers& buffers = memories.buffers;
  const auto slice_of = [&](Slice slice) {  // nothing is in that memory, too
    return !phantom && slice.empty() ? Slice{nullptr, 0, problem.dtype, memory} : slice;
  };
  buffers = {slice_of(memories.first), slice_of(memories.second)};
  const Block mine = block(problem, me);
  const bool is_root = me == problem.root;
  if (!phantom) write(memories.first, sides.input);
  if (!phantom) write(memories.second, Values(sides.output.size(), 77));
  switch (collective) {
    case Collective::broadcast: buffers = {memories.first, memories.first}; break;
    case Collective::allreduce:
      if (in_place) buffers.output = memories.first;
      break;
    case Collective::reduce:
      if (in_place && is_root) buffers.output = memories.first;
      break;
    case Collective::reduce_scatter:
      if (in_place) buffers.output = memories.first.slice().subslice(mine.begin, mine.size);
      break;
    case Collective::scatter:
      if (in_place && is_root)
        buffers.output = memories.first.slice().subslice(mine.begin, mine.size);
      break;
    case Collective::allgather:
    case Collective::gather:
      if (in_place && (is_root || collective == Collective::allgather)) {
        const Slice own = memories.second.slice().subslice(mine.begin, mine.size);
        if (!phantom) write(own, sides.input);
        buffers.input = own;
      }
      break;
    default: break;
  }
  return memories;
}
bool can_be_in_place(Collective collective) {
  return collective != Collective::broadcast && collective != Collective::all_to_all &&
         collective != Collective::all_to_all_v && collective != Collective::barrier;
}

// ---- cases

std::vector<std::size_t> v_counts(int ranks, std::size_t count) {
  std::vector<std::size_t> counts;
  for (Rank from = 0; from < ranks; ++from)
    for (Rank to = 0; to < ranks; ++to)
      counts.push_back(static_cast<std::size_t>((3 * from + 5 * to) % 7) * count / 11);
  return counts;
}
/// Options of the algorithm that change what it does.
std::vector<Problem> variants(const Entry& entry, const Problem& plain) {
  std::vector<Problem> problems{plain};
  const auto vary = [&](auto change) {
    Problem other = plain;
    change(other);
    problems.push_back(other);
  };
  const int n = plain.ranks;
  const auto in_nodes = [n](int nodes) {  // rank r on node r mod nodes: neighbours are elsewhere
    std::vector<int> node_of_rank;
    for (Rank rank = 0; rank < n; ++rank) node_of_rank.push_back(rank % nodes);
    return node_of_rank;
  };
  if (entry.name == "chain" || entry.name == "double_binary_tree")
    for (int segments : {1, 3, 8}) vary([=](Problem& other) { other.segments = segments; });
  if (entry.name == "multi_ring" || entry.name == "double_binary_tree")
    for (int channels : {2, 3})
      vary([&](Problem& other) {
        other.channels = channels;
        if (n > 1) other.layout.node_of_rank = in_nodes(2);
      });
  if (entry.name.starts_with("butterfly")) {
    vary([](Problem& other) {
      for (int ranks = 2; ranks <= other.ranks; ranks *= 2) other.radices.push_back(2);
    });
    if (n > 1) vary([](Problem& other) { other.radices = {other.ranks}; });
    if (n > 3) vary([](Problem& other) { other.radices = {other.ranks / 2, 2}; });
  }
  if (entry.name == "kylix" && n > 1) vary([](Problem& other) { other.radices = {other.ranks}; });
  if (entry.name.starts_with("hierarchical"))
    for (int nodes = 2; nodes <= n; ++nodes)
      if (n % nodes == 0 && (nodes <= 4 || nodes == n))
        vary([&](Problem& other) { other.layout.node_of_rank = in_nodes(nodes); });
  if (entry.name == "torus") {
    vary([](Problem& other) { other.layout.grid = {1, other.ranks}; });
    vary([](Problem& other) { other.layout.grid = algorithms::prime_factors(other.ranks); });
  }
  return problems;
}

}  // namespace

std::string text_of(const Entry& entry, const Case& one) {
  const Problem& problem = one.problem;
  std::string text = std::string{name_of(entry.collective)} + ' ' + std::string{entry.name} +
                     " on " + std::to_string(problem.ranks) + " ranks, " +
                     std::to_string(problem.count) + ' ' + std::string{name_of(problem.dtype)} +
                     ' ' + std::string{name_of(problem.op)};
  if (problem.average) text += " average";
  if (has_root(entry.collective)) text += ", root " + std::to_string(problem.root);
  if (problem.segments > 0) text += ", segments " + std::to_string(problem.segments);
  if (problem.channels > 0) text += ", channels " + std::to_string(problem.channels);
  for (int radix : problem.radices) text += ", radix " + std::to_string(radix);
  for (int side : problem.layout.grid) text += ", side " + std::to_string(side);
  if (!problem.layout.node_of_rank.empty()) text += ", on several nodes";
  return text + (one.in_place ? ", in place" : "");
}

std::vector<Case> cases_of(const Entry& entry, int ranks, Extent extent) {
  constexpr std::array dtypes{Dtype::float32, Dtype::float64, Dtype::int32,
                              Dtype::int64,   Dtype::uint32,  Dtype::uint8};
  constexpr std::array ops{Op::sum, Op::product, Op::min, Op::max};
  const bool full = extent == Extent::full;
  const auto n = static_cast<std::size_t>(ranks);
  std::vector<Case> cases;
  const auto add = [&](std::size_t count, Dtype dtype, Op op, bool average, Rank root) {
    Problem plain{
        .ranks = ranks, .count = count, .dtype = dtype, .op = op, .average = average, .root = root};
    plain.machine = {Seconds{10}, 0.00025, 0.0001};
    if (entry.collective == Collective::all_to_all_v) plain.counts = v_counts(ranks, count);
    for (const Problem& problem : variants(entry, plain)) {
      if (!entry.refusal(problem).empty()) continue;
      cases.push_back({problem, false});
      if (can_be_in_place(entry.collective)) cases.push_back({problem, true});
    }
  };
  if (entry.collective == Collective::barrier) {
    add(0, Dtype::float32, Op::sum, false, 0);
    return cases;
  }
  for (std::size_t count : std::set<std::size_t>{0, 1, n - 1, n, n + 1, 997, 80640}) {
    if (count == 80640 && !full && ranks > 8) continue;
    add(count, Dtype::float32, Op::sum, false, 0);
    const bool wide = full || count == 997;
    if (wide || count == n + 1)
      for (Dtype dtype : dtypes)
        if (dtype != Dtype::float32) add(count, dtype, Op::sum, false, 0);
    if (wide && reduces(entry.collective)) {
      for (Dtype dtype : dtypes) {
        if (!full && dtype != Dtype::int32) continue;
        for (Op op : ops)
          if (op != Op::sum) add(count, dtype, op, false, 0);
        add(count, dtype, Op::sum, true, 0);
      }
      if (!full) add(count, Dtype::float64, Op::sum, true, 0);
    }
    if (has_root(entry.collective) && (wide || count == n - 1))
      for (Rank root = 1; root < ranks; root += full || ranks <= 5 ? 1 : ranks / 3)
        add(count, Dtype::float32, Op::sum, false, root);
  }
  return cases;
}

void check(Communicator& comm, const Entry& entry, const Case& one, Memory& memory) {
  const Problem& problem = one.problem;
  const Rank me = comm.rank();
  const auto fail = [&](const std::string& what) {
    throw WrongResult(text_of(entry, one) + ": rank " + std::to_string(me) + ": " + what);
  };
  const Sides sides = sides_of(problem, entry.collective, me);
  RecordedRank real{0}, phantom{0};
  {
    Memories memories =
        memories_for(problem, entry.collective, me, sides, one.in_place, false, memory);
    Recorder recorder{comm, real};
    entry.run(recorder, problem, memories.buffers);
    if (recorder.size() != problem.ranks) fail("the problem is for another number of ranks");
    try {
      Buffer wanted{sides.output.size(), problem.dtype}, given{sides.input.size(), problem.dtype};
      write(wanted, sides.output);
      write(given, sides.input);
      if (problem.average) run_on_host(Scale{1.0 / problem.ranks, wanted});
      if (!sides.output.empty()) expect_equal(memories.buffers.output, wanted, "the output");
      if (!one.in_place && entry.collective != Collective::broadcast)
        expect_equal(memories.first, given, "the input afterwards");
    } catch (const WrongResult& wrong) {
      fail(wrong.what());
    }
  }
  {
    Memories memories =
        memories_for(problem, entry.collective, me, sides, one.in_place, true, memory);
    Recorder recorder{comm, phantom};
    entry.run(recorder, problem, memories.buffers);
  }
  if (real.messages_sent() != phantom.messages_sent() || real.bytes_sent() != phantom.bytes_sent())
    fail("phantoms travel otherwise than values");
  const bool same_place = one.in_place || !can_be_in_place(entry.collective);
  if (same_place &&
      (real.kernels() != phantom.kernels() || real.work().flops != phantom.work().flops ||
       real.work().bytes != phantom.work().bytes))
    fail("phantoms cost otherwise than values");
  const algorithms::Cost cost = entry.cost(problem, problem.machine);
  if (real.messages_sent() > cost.messages || real.bytes_sent() > cost.bytes)
    fail("sent " + std::to_string(real.messages_sent()) + " messages and " +
         std::to_string(real.bytes_sent()) + " bytes, at most " + std::to_string(cost.messages) +
         " and " + std::to_string(cost.bytes) + " expected");
}

std::size_t check_all(Communicator& comm, const Entry& entry, Extent extent, Memory& memory) {
  const std::vector<Case> cases = cases_of(entry, comm.size(), extent);
  for (const Case& one : cases) check(comm, entry, one, memory);
  return cases.size();
}

}  // namespace troupe::tests
