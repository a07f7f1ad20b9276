#include "scenarios/payload.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

namespace troupe::scenarios {
namespace {

using algorithms::Collective;
using algorithms::Problem;

/// Inputs repeat along the vector, so that answers are a short table.
constexpr std::size_t period = 61;

/// Value `index` of the input of `rank`: 1 … 9; of a product mostly 1, else 2, which stays exact.
unsigned input_value(Op op, Rank rank, std::size_t index) {
  const auto phase = (3 * (index % period) + 7 * static_cast<std::size_t>(rank)) % period;
  if (op == Op::product) return phase == 0 ? 2 : 1;
  return static_cast<unsigned>(phase % 9 + 1);
}

template <class T>
T combined(Op op, T a, T b) {
  using Wide = std::conditional_t<std::is_integral_v<T>, std::uint64_t, T>;
  switch (op) {
    case Op::sum: return static_cast<T>(static_cast<Wide>(a) + static_cast<Wide>(b));
    case Op::product: return static_cast<T>(static_cast<Wide>(a) * static_cast<Wide>(b));
    case Op::min: return std::min(a, b);
    case Op::max: return std::max(a, b);
  }
  return a;
}

/// Calls use(T{}) with the type that has the dtype's bits; two-byte floats are looked at as bits.
template <class Use>
auto with_type(Dtype dtype, Use use) {
  switch (dtype) {
    case Dtype::float32: return use(float{});
    case Dtype::float64: return use(double{});
    case Dtype::int32: return use(std::int32_t{});
    case Dtype::int64: return use(std::int64_t{});
    case Dtype::uint32: return use(std::uint32_t{});
    case Dtype::uint8: return use(std::uint8_t{});
    case Dtype::float16:
    case Dtype::bfloat16: break;
  }
  return use(std::uint16_t{});
}

void write_inputs(Slice slice, Op op, Rank rank, std::size_t first) {
  with_type(slice.dtype(), [&](auto zero) {
    using T = decltype(zero);
    std::array<T, period> pattern{};
    for (std::size_t i = 0; i < period; ++i)
      pattern[i] = static_cast<T>(input_value(op, rank, first + i));
    auto* values = reinterpret_cast<T*>(slice.bytes().data());
    for (std::size_t i = 0; i < slice.size(); i += period)
      std::copy_n(pattern.begin(), std::min(period, slice.size() - i), values + i);
  });
}

/// How many of the values differ from expected(0), expected(1), ….
template <class T, class Expected>
std::uint64_t differing(ConstSlice slice, Expected expected) {
  const auto* values = reinterpret_cast<const T*>(slice.bytes().data());
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < slice.size(); ++i) wrong += values[i] != expected(i);
  return wrong;
}

std::uint64_t differing_from_input(ConstSlice slice, Op op, Rank rank, std::size_t first) {
  return with_type(slice.dtype(), [&](auto zero) {
    using T = decltype(zero);
    return differing<T>(
        slice, [&](std::size_t i) { return static_cast<T>(input_value(op, rank, first + i)); });
  });
}

std::uint64_t differing_from_reduction(ConstSlice slice, const Problem& problem,
                                       std::size_t first) {
  return with_type(slice.dtype(), [&](auto zero) {
    using T = decltype(zero);
    std::array<T, period> answer{};
    for (std::size_t i = 0; i < period; ++i) {
      answer[i] = static_cast<T>(input_value(problem.op, 0, i));
      for (Rank rank = 1; rank < problem.ranks; ++rank)
        answer[i] =
            combined(problem.op, answer[i], static_cast<T>(input_value(problem.op, rank, i)));
    }
    if (!problem.average)
      return differing<T>(slice, [&](std::size_t i) { return answer[(first + i) % period]; });
    const double tolerance =
        std::is_integral_v<T> ? 1.0 : 8 * static_cast<double>(std::numeric_limits<T>::epsilon());
    const auto* values = reinterpret_cast<const T*>(slice.bytes().data());
    std::uint64_t wrong = 0;
    for (std::size_t i = 0; i < slice.size(); ++i) {
      const double mean = static_cast<double>(answer[(first + i) % period]) / problem.ranks;
      wrong += !(std::abs(static_cast<double>(values[i]) - mean) <=
                 tolerance * std::max(1.0, std::abs(mean)));
    }
    return wrong;
  });
}

struct Sizes {
  std::size_t input = 0, output = 0;
};

Sizes sizes_of(Collective op, const Problem& problem, Rank rank) {
  const Partition blocks{Slice::phantom(problem.count, problem.dtype), problem.ranks};
  const auto mine = blocks.size_of_block(rank);
  const bool root = rank == problem.root;
  const auto n = static_cast<std::size_t>(problem.ranks), me = static_cast<std::size_t>(rank);
  switch (op) {
    case Collective::allreduce: return {problem.count, problem.count};
    case Collective::reduce: return {problem.count, root ? problem.count : 0};
    case Collective::broadcast: return {0, problem.count};
    case Collective::reduce_scatter: return {problem.count, mine};
    case Collective::allgather: return {mine, problem.count};
    case Collective::scatter: return {root ? problem.count : 0, mine};
    case Collective::gather: return {mine, root ? problem.count : 0};
    case Collective::all_to_all: return {problem.count, mine * n};
    case Collective::all_to_all_v: {
      Sizes sizes;
      for (std::size_t peer = 0; peer < n; ++peer) {
        sizes.input += problem.counts[me * n + peer];
        sizes.output += problem.counts[peer * n + me];
      }
      return sizes;
    }
    case Collective::barrier: break;
  }
  return {};
}

bool shares_buffers(Collective op, const Problem& problem, Rank rank, bool in_place) {
  return in_place &&
         (op == Collective::allreduce || (op == Collective::reduce && rank == problem.root));
}

/// Lets the host write the whole of a slice, which may be in another memory.
template <class Write>
void write_through_host(Slice into, Write write) {
  if (into.empty()) return;
  if (into.memory().on_host()) return write(into);
  const Buffer here{into.size(), into.dtype()};
  write(here.slice());
  copy_from_host(into, here);
}

}  // namespace

CollectiveBuffers::CollectiveBuffers(Collective op, const Problem& problem, Rank rank, bool phantom,
                                     bool in_place, Memory& memory)
    : op_{op}, problem_{problem}, rank_{rank}, phantom_{phantom} {
  const auto sizes = sizes_of(op, problem, rank);
  const auto make = [&](std::size_t count) {
    return phantom ? Buffer::phantom(count, problem.dtype) : Buffer{count, problem.dtype, memory};
  };
  output_ = make(sizes.output);
  if (shares_buffers(op, problem, rank, in_place)) {
    buffers_ = {.input = output_.slice(), .output = output_.slice()};
  } else {
    input_ = make(sizes.input);
    buffers_ = {.input = input_.slice(), .output = output_.slice()};
  }
}

void CollectiveBuffers::fill() {
  if (phantom_) return;
  const Slice output = output_.slice();
  write_through_host(output,
                     [](Slice values) { std::ranges::fill(values.bytes(), std::byte{0xff}); });
  const Partition blocks{Slice::phantom(problem_.count, problem_.dtype), problem_.ranks};
  const bool block_wise = op_ == Collective::allgather || op_ == Collective::gather;
  if (op_ == Collective::broadcast) {
    if (rank_ == problem_.root)
      write_through_host(output,
                         [&](Slice values) { write_inputs(values, problem_.op, rank_, 0); });
  } else {
    const Slice input = input_.slice().empty() ? output : input_.slice();
    const bool has_input = sizes_of(op_, problem_, rank_).input > 0;
    if (has_input)
      write_through_host(input, [&](Slice values) {
        write_inputs(values, problem_.op, rank_, block_wise ? blocks.offset(rank_) : 0);
      });
  }
}

std::uint64_t CollectiveBuffers::wrong() const {
  if (phantom_) return 0;
  const HostView view{output_};
  const ConstSlice output = view.slice();
  const Partition blocks{Slice::phantom(problem_.count, problem_.dtype), problem_.ranks};
  const auto op = problem_.op;
  std::uint64_t wrong = 0;
  switch (op_) {
    case Collective::allreduce: return differing_from_reduction(output, problem_, 0);
    case Collective::reduce:
      return rank_ == problem_.root ? differing_from_reduction(output, problem_, 0) : 0;
    case Collective::reduce_scatter:
      return differing_from_reduction(output, problem_, blocks.offset(rank_));
    case Collective::broadcast: return differing_from_input(output, op, problem_.root, 0);
    case Collective::scatter:
      return differing_from_input(output, op, problem_.root, blocks.offset(rank_));
    case Collective::gather:
      if (rank_ != problem_.root) return 0;
      [[fallthrough]];
    case Collective::allgather:
      for (Rank from = 0; from < problem_.ranks; ++from)
        wrong +=
            differing_from_input(output.subslice(blocks.offset(from), blocks.size_of_block(from)),
                                 op, from, blocks.offset(from));
      return wrong;
    case Collective::all_to_all: {
      const auto mine = blocks.size_of_block(rank_);
      for (Rank from = 0; from < problem_.ranks; ++from)
        wrong += differing_from_input(output.subslice(static_cast<std::size_t>(from) * mine, mine),
                                      op, from, blocks.offset(rank_));
      return wrong;
    }
    case Collective::all_to_all_v: {
      const auto n = static_cast<std::size_t>(problem_.ranks);
      const auto me = static_cast<std::size_t>(rank_);
      std::size_t at = 0;
      for (std::size_t from = 0; from < n; ++from) {
        std::size_t first = 0;
        for (std::size_t to = 0; to < me; ++to) first += problem_.counts[from * n + to];
        const auto count = problem_.counts[from * n + me];
        wrong +=
            differing_from_input(output.subslice(at, count), op, static_cast<Rank>(from), first);
        at += count;
      }
      return wrong;
    }
    case Collective::barrier: break;
  }
  return 0;
}

double memory_needed(Collective op, const Problem& problem, bool in_place) {
  double bytes = 0;
  for (Rank rank = 0; rank < problem.ranks; ++rank) {
    const auto sizes = sizes_of(op, problem, rank);
    const bool shared = shares_buffers(op, problem, rank, in_place);
    bytes += static_cast<double>((shared ? 0 : sizes.input) + sizes.output) *
             static_cast<double>(size_of(problem.dtype));
  }
  return bytes;
}

std::vector<std::size_t> uneven_counts(std::size_t count, int ranks) {
  const auto n = static_cast<std::size_t>(ranks);
  std::vector<std::size_t> counts(n * n);
  for (std::size_t from = 0; from < n; ++from)
    for (std::size_t to = 0; to < n; ++to)
      counts[from * n + to] = static_cast<std::size_t>(static_cast<double>(count) * 2 *
                                                       static_cast<double>((from + to) % n + 1) /
                                                       static_cast<double>(n * (n + 1)));
  return counts;
}

}  // namespace troupe::scenarios
