#include "real_backend/mpi/collectives.hpp"

#include <mpi.h>

#include <algorithm>
#include <climits>

#include "core/errors.hpp"
#include "real_backend/mpi/mpi_call.hpp"

namespace troupe::mpi {
namespace {

int counted(std::size_t values) {
  EXPECTS(values <= INT_MAX, "MPI counts values with an int");
  return static_cast<int>(values);
}

/// Of values that travel; halves are moved as what has their size.
MPI_Datatype type_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::float32: return MPI_FLOAT;
    case Dtype::float64: return MPI_DOUBLE;
    case Dtype::int32: return MPI_INT32_T;
    case Dtype::int64: return MPI_INT64_T;
    case Dtype::uint32: return MPI_UINT32_T;
    case Dtype::uint8: return MPI_UINT8_T;
    case Dtype::float16:
    case Dtype::bfloat16: break;
  }
  return MPI_UINT16_T;
}

MPI_Datatype reducible(Dtype dtype) {
  EXPECTS(has_arithmetic(dtype), "only values with arithmetic are reduced");
  return type_of(dtype);
}

MPI_Op operation(Op op) {
  switch (op) {
    case Op::sum: return MPI_SUM;
    case Op::product: return MPI_PROD;
    case Op::min: return MPI_MIN;
    case Op::max: break;
  }
  return MPI_MAX;
}

bool same(ConstSlice input, Slice output) {
  return !input.empty() && input.address() == output.address();
}

}  // namespace

Blocks::Blocks(const std::vector<std::size_t>& sizes) {
  std::size_t offset = 0;
  for (const auto size : sizes) {
    counts_.push_back(counted(size));
    offsets_.push_back(counted(offset));
    offset += size;
    equal_ = equal_ && size == sizes.front();
  }
  static_cast<void>(counted(offset));
}

struct Collectives::Comm {
  MPI_Comm handle = MPI_COMM_NULL;
};

Collectives::Collectives() : comm_{std::make_unique<Comm>()} {
  check_call(MPI_Comm_dup(MPI_COMM_WORLD, &comm_->handle), "MPI_Comm_dup");
  check_call(MPI_Comm_set_errhandler(comm_->handle, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_call(MPI_Comm_rank(comm_->handle, &rank_), "MPI_Comm_rank");
}
Collectives::~Collectives() { MPI_Comm_free(&comm_->handle); }

const void* Collectives::readable(ConstSlice values) const {
  EXPECTS(values.empty() || !values.is_phantom(), "MPI sends values only");
  return values.empty() ? &nothing_[0] : values.address();
}
void* Collectives::writable(Slice values) {
  EXPECTS(values.empty() || !values.is_phantom(), "MPI writes values only");
  return values.empty() ? &nothing_[1] : values.address();
}

void Collectives::allreduce(ConstSlice input, Slice output, Op op) {
  check_call(
      MPI_Allreduce(same(input, output) ? MPI_IN_PLACE : readable(input), writable(output),
                    counted(input.size()), reducible(input.dtype()), operation(op), comm_->handle),
      "MPI_Allreduce");
}
void Collectives::reduce(ConstSlice input, Slice output, Op op, Rank root) {
  const bool in_place = rank_ == root && same(input, output);
  check_call(
      MPI_Reduce(in_place ? MPI_IN_PLACE : readable(input), writable(output), counted(input.size()),
                 reducible(input.dtype()), operation(op), root, comm_->handle),
      "MPI_Reduce");
}
void Collectives::broadcast(Slice values, Rank root) {
  check_call(MPI_Bcast(writable(values), counted(values.size()), type_of(values.dtype()), root,
                       comm_->handle),
             "MPI_Bcast");
}
void Collectives::reduce_scatter(ConstSlice input, Slice output, Op op, const Blocks& blocks) {
  const auto type = reducible(input.dtype());
  if (blocks.equal())
    check_call(MPI_Reduce_scatter_block(readable(input), writable(output), *blocks.counts(), type,
                                        operation(op), comm_->handle),
               "MPI_Reduce_scatter_block");
  else
    check_call(MPI_Reduce_scatter(readable(input), writable(output), blocks.counts(), type,
                                  operation(op), comm_->handle),
               "MPI_Reduce_scatter");
}
void Collectives::allgather(ConstSlice input, Slice output, const Blocks& blocks) {
  const auto type = type_of(input.dtype());
  const int mine = counted(input.size());
  if (blocks.equal())
    check_call(
        MPI_Allgather(readable(input), mine, type, writable(output), mine, type, comm_->handle),
        "MPI_Allgather");
  else
    check_call(MPI_Allgatherv(readable(input), mine, type, writable(output), blocks.counts(),
                              blocks.offsets(), type, comm_->handle),
               "MPI_Allgatherv");
}
void Collectives::gather(ConstSlice input, Slice output, const Blocks& blocks, Rank root) {
  const auto type = type_of(input.dtype());
  const int mine = counted(input.size());
  if (blocks.equal())
    check_call(
        MPI_Gather(readable(input), mine, type, writable(output), mine, type, root, comm_->handle),
        "MPI_Gather");
  else
    check_call(MPI_Gatherv(readable(input), mine, type, writable(output), blocks.counts(),
                           blocks.offsets(), type, root, comm_->handle),
               "MPI_Gatherv");
}
void Collectives::scatter(ConstSlice input, Slice output, const Blocks& blocks, Rank root) {
  const auto type = type_of(output.dtype());
  const int mine = counted(output.size());
  if (blocks.equal())
    check_call(
        MPI_Scatter(readable(input), mine, type, writable(output), mine, type, root, comm_->handle),
        "MPI_Scatter");
  else
    check_call(MPI_Scatterv(readable(input), blocks.counts(), blocks.offsets(), type,
                            writable(output), mine, type, root, comm_->handle),
               "MPI_Scatterv");
}
void Collectives::all_to_all(ConstSlice input, Slice output, const Blocks& sent,
                             const Blocks& received) {
  if (!sent.equal()) return all_to_all_v(input, output, sent, received);
  const auto type = type_of(input.dtype());
  check_call(MPI_Alltoall(readable(input), *sent.counts(), type, writable(output),
                          *received.counts(), type, comm_->handle),
             "MPI_Alltoall");
}
void Collectives::all_to_all_v(ConstSlice input, Slice output, const Blocks& sent,
                               const Blocks& received) {
  const auto type = type_of(input.dtype());
  check_call(MPI_Alltoallv(readable(input), sent.counts(), sent.offsets(), type, writable(output),
                           received.counts(), received.offsets(), type, comm_->handle),
             "MPI_Alltoallv");
}
void Collectives::barrier() { check_call(MPI_Barrier(comm_->handle), "MPI_Barrier"); }

}  // namespace troupe::mpi
