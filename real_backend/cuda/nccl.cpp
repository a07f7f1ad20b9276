#include "real_backend/cuda/nccl.hpp"

#include <cuda_runtime_api.h>
#include <nccl.h>

#include <cstring>
#include <source_location>

#include "core/errors.hpp"
#include "real_backend/cuda/cuda_call.hpp"

namespace troupe::cuda {
namespace {

void check_nccl(ncclResult_t status, const char* call,
                std::source_location where = std::source_location::current()) {
  if (status != ncclSuccess) refused(call, ncclGetErrorString(status), where);
}

ncclDataType_t type_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::float32: return ncclFloat32;
    case Dtype::float64: return ncclFloat64;
    case Dtype::int32: return ncclInt32;
    case Dtype::int64: return ncclInt64;
    case Dtype::uint32: return ncclUint32;
    case Dtype::uint8: return ncclUint8;
    case Dtype::float16: return ncclFloat16;
    case Dtype::bfloat16: break;
  }
  return ncclBfloat16;
}

ncclRedOp_t operation(Op op, bool average) {
  if (average) return ncclAvg;
  switch (op) {
    case Op::sum: return ncclSum;
    case Op::product: return ncclProd;
    case Op::min: return ncclMin;
    case Op::max: break;
  }
  return ncclMax;
}

}  // namespace

std::string nccl_version() {
  int version = 0;
  check_nccl(ncclGetVersion(&version), "ncclGetVersion");
  return std::to_string(version / 10000) + "." + std::to_string(version % 10000 / 100) + "." +
         std::to_string(version % 100);
}

struct Nccl::State {
  State() {
    check_call(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
               "cudaStreamCreateWithFlags");
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (comm) ncclCommDestroy(comm);
    cudaStreamDestroy(stream);
  }
  /// What was called is over.
  void finish() const { check_call(cudaStreamSynchronize(stream), "cudaStreamSynchronize"); }

  ncclComm_t comm = nullptr;
  cudaStream_t stream = nullptr;
};

Nccl::Meeting Nccl::draw() {
  ncclUniqueId id;
  static_assert(sizeof id == sizeof(Meeting));
  check_nccl(ncclGetUniqueId(&id), "ncclGetUniqueId");
  Meeting meeting;
  std::memcpy(meeting.data(), &id, sizeof id);
  return meeting;
}

Nccl::Nccl(const Meeting& meeting, Rank rank, int size)
    : state_{std::make_unique<State>()}, rank_{rank}, size_{size} {
  ncclUniqueId id;
  std::memcpy(&id, meeting.data(), sizeof id);
  check_nccl(ncclCommInitRank(&state_->comm, size, id, rank), "ncclCommInitRank");
}
Nccl::~Nccl() = default;

void Nccl::allreduce(ConstSlice input, Slice output, Op op, bool average) {
  check_nccl(ncclAllReduce(input.address(), output.address(), input.size(), type_of(input.dtype()),
                           operation(op, average), state_->comm, state_->stream),
             "ncclAllReduce");
  state_->finish();
}
void Nccl::reduce(ConstSlice input, Slice output, Op op, bool average, Rank root) {
  check_nccl(ncclReduce(input.address(), output.address(), input.size(), type_of(input.dtype()),
                        operation(op, average), root, state_->comm, state_->stream),
             "ncclReduce");
  state_->finish();
}
void Nccl::broadcast(Slice values, Rank root) {
  check_nccl(ncclBroadcast(values.address(), values.address(), values.size(),
                           type_of(values.dtype()), root, state_->comm, state_->stream),
             "ncclBroadcast");
  state_->finish();
}
void Nccl::reduce_scatter(ConstSlice input, Slice output, Op op, bool average) {
  EXPECTS(input.size() == output.size() * static_cast<std::size_t>(size_),
          "NCCL scatters blocks of one size");
  check_nccl(
      ncclReduceScatter(input.address(), output.address(), output.size(), type_of(input.dtype()),
                        operation(op, average), state_->comm, state_->stream),
      "ncclReduceScatter");
  state_->finish();
}
void Nccl::allgather(ConstSlice input, Slice output) {
  EXPECTS(output.size() == input.size() * static_cast<std::size_t>(size_),
          "NCCL gathers blocks of one size");
  check_nccl(ncclAllGather(input.address(), output.address(), input.size(), type_of(input.dtype()),
                           state_->comm, state_->stream),
             "ncclAllGather");
  state_->finish();
}

void Nccl::exchange(std::span<const Message> group) {
  check_nccl(ncclGroupStart(), "ncclGroupStart");
  for (const auto& message : group)
    if (message.from)
      check_nccl(ncclSend(message.from, message.bytes, ncclUint8, message.peer, state_->comm,
                          state_->stream),
                 "ncclSend");
    else
      check_nccl(ncclRecv(message.into, message.bytes, ncclUint8, message.peer, state_->comm,
                          state_->stream),
                 "ncclRecv");
  check_nccl(ncclGroupEnd(), "ncclGroupEnd");
  state_->finish();
}

}  // namespace troupe::cuda
