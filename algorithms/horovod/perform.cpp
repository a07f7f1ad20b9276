#include <algorithm>
#include <cctype>
#include <numeric>

#include "algorithms/all_to_all/all_to_all.hpp"
#include "algorithms/allgather/allgather.hpp"
#include "algorithms/broadcast/broadcast.hpp"
#include "algorithms/catalogue.hpp"
#include "algorithms/horovod/adasum.hpp"
#include "algorithms/horovod/operation.hpp"
#include "algorithms/reduce_scatter/reduce_scatter.hpp"

namespace troupe::algorithms::horovod {
namespace {

Op reduction_of(ReduceOp op) {
  switch (op) {
    case ReduceOp::min: return Op::min;
    case ReduceOp::max: return Op::max;
    case ReduceOp::product: return Op::product;
    default: return Op::sum;
  }
}

void scale(Communicator& comm, double factor, Slice values) {
  if (factor != 1) compute(comm, Scale{factor, values});
}

template <class T>
void divide_by(Slice values, int divisor) {
  for (T& value : values.host<T>()) value = static_cast<T>(value / static_cast<T>(divisor));
}

/// The sum becomes the average: of whole numbers by division, because 49 · (1/49) < 1.
void average(Communicator& comm, Slice sum) {
  const int n = comm.size();
  if (sum.dtype() == Dtype::float32 || sum.dtype() == Dtype::float64)
    return scale(comm, 1.0 / n, sum);
  compute(comm, Opaque{.reads = {sum},
                       .writes = {sum},
                       .work = {.flops = {static_cast<double>(sum.size())},
                                .bytes = {2 * sum.size_bytes()}},
                       .body = [=] {
                         switch (sum.dtype()) {
                           case Dtype::int32: return divide_by<std::int32_t>(sum, n);
                           case Dtype::int64: return divide_by<std::int64_t>(sum, n);
                           case Dtype::uint32: return divide_by<std::uint32_t>(sum, n);
                           default: return divide_by<std::uint8_t>(sum, n);
                         }
                       }});
}

void finish(Communicator& comm, const Announcement& what, Slice reduced) {
  if (what.op == ReduceOp::average) average(comm, reduced);
  scale(comm, what.postscale, reduced);
}

void reduce(Communicator& comm, const Options& options, const Response& response, Slice whole) {
  const Announcement& what = response.what;
  scale(comm, what.prescale, whole);
  if (what.op == ReduceOp::adasum) {
    const std::vector<std::size_t> lengths(response.sizes.begin(), response.sizes.end());
    adasum_allreduce(comm, whole, lengths);
  } else {
    Problem problem;
    problem.ranks = comm.size();
    problem.count = whole.size();
    problem.dtype = whole.dtype();
    problem.op = reduction_of(what.op);
    problem.layout = options.layout;
    find_entry(Collective::allreduce, options.allreduce).run(comm, problem, {whole, whole});
  }
  finish(comm, what, whole);
}

/// Zeros in the place of a tensor that a rank which has joined does not have.
Tensor zeros(Communicator& comm, const Announcement& what, std::size_t count) {
  Tensor tensor = what.phantom ? Tensor::phantom({count}, what.dtype) : Tensor{{count}, what.dtype};
  compute(comm, Fill{0, tensor.slice()});
  return tensor;
}

/// One tensor in its place, or several through the fusion buffer: in, allreduce, out.
///
///   tensors   [a a a] [b] [c c]     Copy →     buffer [a a a b c c]
///                                              ring, halving-doubling, hierarchical, …
///   results   [A A A] [B] [C C]   ← Copy       buffer [A A A B C C]
void allreduce(Communicator& comm, const Options& options, const Response& response,
               std::span<Operation* const> operations, PhaseWriter& phases) {
  std::vector<Tensor> missing;
  std::vector<Slice> tensors;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!operations[i]) missing.push_back(zeros(comm, response.what, response.sizes[i]));
    tensors.push_back(operations[i] ? operations[i]->tensor.slice() : missing.back().slice());
  }
  if (tensors.size() == 1) {
    phases.begin(phase_of(Kind::allreduce));
    return reduce(comm, options, response, tensors.front());
  }

  phases.begin("MEMCPY_IN_FUSION_BUFFER");
  const auto count =
      std::accumulate(response.sizes.begin(), response.sizes.end(), std::uint64_t{0});
  const auto longest = std::ranges::max_element(tensors, {}, &Slice::size);
  const Scratch buffer{*longest, count};
  std::vector<Slice> places;
  for (std::size_t at = 0, i = 0; i < tensors.size(); at += tensors[i++].size())
    places.push_back(buffer.all().subslice(at, tensors[i].size()));
  for (std::size_t i = 0; i < tensors.size(); ++i) compute(comm, Copy{places[i], tensors[i]});
  phases.begin(phase_of(Kind::allreduce));
  reduce(comm, options, response, buffer.all());
  phases.begin("MEMCPY_OUT_FUSION_BUFFER");
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (operations[i]) compute(comm, Copy{tensors[i], places[i]});
}

Tensor room_for(const Response& response, const Operation& operation, std::size_t rows) {
  Shape shape = operation.tensor.shape();
  shape.front() = rows;
  return response.what.phantom ? Tensor::phantom(std::move(shape), operation.tensor.dtype())
                               : Tensor{std::move(shape), operation.tensor.dtype(),
                                        operation.tensor.slice().memory()};
}

/// The rows of rank 0, of rank 1, …
void allgather(Communicator& comm, const Response& response, Operation& operation) {
  const std::size_t row = values_in_row(operation.tensor.shape());
  std::vector<std::size_t> counts;
  std::size_t rows = 0;
  for (const std::uint64_t of_rank : response.sizes) {
    counts.push_back(of_rank * row);
    rows += of_rank;
  }
  Tensor all = room_for(response, operation, rows);
  ring_allgather_v(comm, operation.tensor.slice(), all.slice(), counts);
  operation.tensor = std::move(all);
}

/// The ranks exchange how many rows they have for each other, then the rows.
void alltoall(Lines lines, const Response& response, Operation& operation) {
  const auto n = static_cast<std::size_t>(lines.data.size());
  const auto me = static_cast<std::size_t>(lines.data.rank());
  std::vector<std::int64_t> leaving(operation.splits.begin(), operation.splits.end()), arriving(n);
  pairwise_all_to_all(lines.control, std::span{leaving}, std::span{arriving});

  const std::size_t row = values_in_row(operation.tensor.shape());
  std::vector<std::size_t> counts(n * n);  // this rank's row and column; nobody reads the others
  std::size_t rows = 0;
  for (std::size_t peer = 0; peer < n; ++peer) {
    const auto coming = static_cast<std::size_t>(arriving[peer]);
    counts[me * n + peer] = operation.splits[peer] * row;
    counts[peer * n + me] = coming * row;
    operation.splits[peer] = coming;
    rows += coming;
  }
  Tensor all = room_for(response, operation, rows);
  all_to_all_v(lines.data, operation.tensor.slice(), all.slice(), counts);
  operation.tensor = std::move(all);
}

/// Rows are dealt like blocks of a Partition: the first ranks have one more. Where the rows do not
/// divide evenly the shorter blocks are filled up, so that all blocks are equally long.
void reducescatter(Communicator& comm, const Response& response, Operation& operation) {
  const Announcement& what = response.what;
  const auto n = static_cast<std::size_t>(comm.size());
  const std::size_t row = values_in_row(what.shape), rows = what.shape.front();
  const Slice all = operation.tensor.slice();
  const auto rows_of = [&](std::size_t rank) { return rows / n + (rank < rows % n ? 1 : 0); };
  Tensor mine = room_for(response, operation, rows_of(static_cast<std::size_t>(comm.rank())));

  scale(comm, what.prescale, all);
  if (rows % n == 0) {
    ring_reduce_scatter(comm, all, mine.slice(), reduction_of(what.op));
  } else {
    const std::size_t length = rows_of(0) * row;
    const Scratch blocks{all, n * length}, block{all, length};
    for (std::size_t rank = 0, at = 0; rank < n; ++rank) {
      const std::size_t count = rows_of(rank) * row;
      const Slice place = blocks.all().subslice(rank * length, length);
      compute(comm, Copy{place.first(count), all.subslice(at, count)});
      compute(comm, Fill{0, place.drop(count)});
      at += count;
    }
    ring_reduce_scatter(comm, blocks.all(), block.all(), reduction_of(what.op));
    compute(comm, Copy{mine.slice(), block.first(mine.slice().size())});
  }
  finish(comm, what, mine.slice());
  operation.tensor = std::move(mine);
}

}  // namespace

std::string phase_of(Kind kind) {
  std::string name{name_of(kind)};
  for (char& letter : name)
    letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return name;
}

void perform(Lines lines, const Options& options, const Response& response,
             std::span<Operation* const> operations, PhaseWriter& phases) {
  if (response.what.kind == Kind::allreduce)
    return allreduce(lines.data, options, response, operations, phases);
  if (!operations.front()) return;  // a barrier that a rank which has joined does not wait for
  Operation& operation = *operations.front();
  phases.begin(phase_of(response.what.kind));
  switch (response.what.kind) {
    case Kind::allgather: return allgather(lines.data, response, operation);
    case Kind::broadcast:
      return binomial_broadcast(lines.data, operation.tensor.slice(), response.what.root);
    case Kind::alltoall: return alltoall(lines, response, operation);
    case Kind::reducescatter: return reducescatter(lines.data, response, operation);
    default: return;  // a barrier: that all have announced it is all there is to it
  }
}

}  // namespace troupe::algorithms::horovod
