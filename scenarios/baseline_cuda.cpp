#include "scenarios/baseline_cuda.hpp"

#include <vector>

#include "real_backend/cuda/nccl.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::Buffers;
using algorithms::Collective;
using algorithms::Problem;
using Group = std::vector<cuda::Nccl::Message>;

/// A group of messages under construction, from and to consecutive parts of two buffers.
class GroupOf {
 public:
  explicit GroupOf(const Buffers& buffers) : buffers_{buffers} {}
  void send(Rank to, std::size_t count) {
    const auto part = buffers_.input.subslice(sent_, count);
    sent_ += count;
    if (count > 0)
      group_.push_back({.peer = to, .from = part.address(), .bytes = part.size_bytes()});
  }
  void receive(Rank from, std::size_t count) {
    const auto part = buffers_.output.subslice(received_, count);
    received_ += count;
    if (count > 0)
      group_.push_back({.peer = from, .into = part.address(), .bytes = part.size_bytes()});
  }
  Group take() { return std::move(group_); }

 private:
  Buffers buffers_;
  std::size_t sent_ = 0, received_ = 0;
  Group group_;
};

/// What NCCL has no call for (before 2.28), as programs write it: a group of its messages.
Group group_of(Collective collective, const Problem& problem, Rank me, const Buffers& buffers) {
  const Partition cut{Slice::phantom(problem.count, problem.dtype), problem.ranks};
  const auto n = static_cast<std::size_t>(problem.ranks);
  const auto count = [&](Rank from, Rank to) {
    return problem.counts[static_cast<std::size_t>(from) * n + static_cast<std::size_t>(to)];
  };
  const bool is_root = me == problem.root;
  GroupOf group{buffers};
  for (Rank peer = 0; peer < problem.ranks; ++peer) {
    if (collective == Collective::all_to_all_v) {
      group.send(peer, count(me, peer));
      group.receive(peer, count(peer, me));
    } else if (collective == Collective::all_to_all) {
      group.send(peer, cut.size_of_block(peer));
      group.receive(peer, cut.size_of_block(me));
    } else if (collective == Collective::scatter && is_root) {
      group.send(peer, cut.size_of_block(peer));
    } else if (collective == Collective::gather && is_root) {
      group.receive(peer, cut.size_of_block(peer));
    }
  }
  if (collective == Collective::scatter) group.receive(problem.root, cut.size_of_block(me));
  if (collective == Collective::gather) group.send(problem.root, cut.size_of_block(me));
  return group.take();
}

std::function<void()> call_of(cuda::Nccl& nccl, Collective collective, const Problem& problem,
                              const Buffers& b) {
  const auto op = problem.op;
  const bool average = problem.average;
  const auto root = problem.root;
  switch (collective) {
    case Collective::allreduce:
      return [=, &nccl] { nccl.allreduce(b.input, b.output, op, average); };
    case Collective::reduce:
      return [=, &nccl] { nccl.reduce(b.input, b.output, op, average, root); };
    case Collective::broadcast: return [=, &nccl] { nccl.broadcast(b.output, root); };
    case Collective::reduce_scatter:
      return [=, &nccl] { nccl.reduce_scatter(b.input, b.output, op, average); };
    case Collective::allgather: return [=, &nccl] { nccl.allgather(b.input, b.output); };
    default: break;
  }
  return [&nccl, group = group_of(collective, problem, nccl.rank(), b)] { nccl.exchange(group); };
}

}  // namespace

std::function<void(Communicator&)> NcclBaseline::prepare(Collective collective,
                                                         const Problem& problem, Buffers buffers) {
  struct Owned {
    Buffer input, output;
  };
  const auto owned = std::make_shared<Owned>();  // in the place of phantoms
  if (buffers.input.is_phantom() && !buffers.input.empty()) {
    owned->input = Buffer{buffers.input.size(), problem.dtype, memory_};
    buffers.input = owned->input;
  }
  if (buffers.output.is_phantom() && !buffers.output.empty()) {
    owned->output = Buffer{buffers.output.size(), problem.dtype, memory_};
    buffers.output = owned->output;
  }
  return [owned, nccl = nccl_,
          call = call_of(*nccl_, collective, problem, buffers)](Communicator& comm) {
    static_cast<void>(comm.now());  // which waits for what the device still does
    call();
  };
}

}  // namespace troupe::scenarios
