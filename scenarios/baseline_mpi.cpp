#include "scenarios/baseline_mpi.hpp"

#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "real_backend/mpi/accelerator.hpp"

namespace troupe::scenarios {
namespace {

using algorithms::Buffers;
using algorithms::Collective;
using algorithms::Problem;
using mpi::Blocks;
using Sizes = std::vector<std::size_t>;

/// What MPI gets for the buffers of a call: these themselves, copies on the host where they are on
/// a device that it cannot reach, or, for phantoms, zeros.
class Reachable {
 public:
  Reachable(const Buffers& given, mpi::Accelerator* accelerator) : given_{given}, reached_{given} {
    Memory& host = accelerator ? accelerator->staging_memory() : host_memory();
    on_device_ = accelerator && accelerator->reachable_by_mpi();
    if (!reaches(given.output)) reached_.output = stand_in(output_, given.output, host);
    if (reaches(given.input)) return;
    const bool one = !given.input.is_phantom() && given.input.address() == given.output.address();
    reached_.input = one ? reached_.output : stand_in(input_, given.input, host);
    input_copy_ = one ? output_.slice() : input_.slice();
  }
  const Buffers& buffers() const noexcept { return reached_; }

  /// What the call reads. The output, too, where it is what a root broadcasts.
  void bring(Communicator& comm, bool output_is_read) const {
    if (on_device_) static_cast<void>(comm.now());  // which waits for what the device still does
    copy(given_.input, input_copy_);
    if (output_is_read) copy(given_.output, output_.slice());
  }
  void take_back() const {
    const Slice to = given_.output, from = output_.slice();
    if (!to.is_phantom() && !from.empty())
      to.memory().write(to.address(), from.address(), to.size_bytes());
  }

 private:
  bool reaches(ConstSlice values) const {
    return values.empty() || (!values.is_phantom() && (on_device_ || values.memory().on_host()));
  }
  static Slice stand_in(Buffer& buffer, ConstSlice given, Memory& memory) {
    buffer = Buffer{given.size(), given.dtype(), memory};
    std::memset(buffer.slice().address(), 0, given.size_bytes());
    return buffer;
  }
  /// `to` is empty where there is no copy.
  static void copy(ConstSlice from, Slice to) {
    if (!from.is_phantom() && !to.empty())
      from.memory().read(to.address(), from.address(), from.size_bytes());
  }

  Buffers given_, reached_;
  Buffer input_, output_;  // those of ours
  Slice input_copy_;       // in one of them
  bool on_device_ = false;
};

Sizes blocks_of(const Problem& problem) {
  const Partition cut{Slice::phantom(problem.count, problem.dtype), problem.ranks};
  Sizes sizes;
  for (Rank rank = 0; rank < problem.ranks; ++rank) sizes.push_back(cut.size_of_block(rank));
  return sizes;
}

/// Of an all_to_all_v: what a rank sends to each, and receives from each.
std::pair<Sizes, Sizes> counts_of(const Problem& problem, Rank me) {
  const auto n = static_cast<std::size_t>(problem.ranks), rank = static_cast<std::size_t>(me);
  std::pair<Sizes, Sizes> counts;
  for (std::size_t peer = 0; peer < n; ++peer) {
    counts.first.push_back(problem.counts[rank * n + peer]);
    counts.second.push_back(problem.counts[peer * n + rank]);
  }
  return counts;
}

std::function<void()> call_of(mpi::Collectives& mpi, Collective collective, const Problem& problem,
                              const Buffers& b) {
  const auto op = problem.op;
  const auto root = problem.root;
  switch (collective) {
    case Collective::allreduce: return [&mpi, b, op] { mpi.allreduce(b.input, b.output, op); };
    case Collective::reduce:
      return [&mpi, b, op, root] { mpi.reduce(b.input, b.output, op, root); };
    case Collective::broadcast: return [&mpi, b, root] { mpi.broadcast(b.output, root); };
    case Collective::barrier: return [&mpi] { mpi.barrier(); };
    case Collective::all_to_all_v: {
      const auto [sent, received] = counts_of(problem, mpi.rank());
      return [&mpi, b, out = Blocks{sent}, in = Blocks{received}] {
        mpi.all_to_all_v(b.input, b.output, out, in);
      };
    }
    default: break;
  }
  const auto sizes = blocks_of(problem);
  const Blocks blocks{sizes};
  switch (collective) {
    case Collective::reduce_scatter:
      return [&mpi, b, blocks, op] { mpi.reduce_scatter(b.input, b.output, op, blocks); };
    case Collective::allgather:
      return [&mpi, b, blocks] { mpi.allgather(b.input, b.output, blocks); };
    case Collective::gather:
      return [&mpi, b, blocks, root] { mpi.gather(b.input, b.output, blocks, root); };
    case Collective::scatter:
      return [&mpi, b, blocks, root] { mpi.scatter(b.input, b.output, blocks, root); };
    default: break;
  }
  EXPECTS(collective == Collective::all_to_all, "every collective has a call");
  const auto mine = sizes[static_cast<std::size_t>(mpi.rank())];
  return [&mpi, b, blocks, received = Blocks{Sizes(sizes.size(), mine)}] {
    mpi.all_to_all(b.input, b.output, blocks, received);
  };
}

}  // namespace

std::function<void(Communicator&)> MpiBaseline::prepare(Collective collective,
                                                        const Problem& problem, Buffers buffers) {
  const auto reachable = std::make_shared<const Reachable>(buffers, accelerator_);
  const bool is_root = mpi_.rank() == problem.root;
  const bool sends_output = collective == Collective::broadcast && is_root;
  const bool averages = problem.average && (collective != Collective::reduce || is_root);
  return [=, call = call_of(mpi_, collective, problem, reachable->buffers()),
          share = 1.0 / problem.ranks](Communicator& comm) {
    reachable->bring(comm, sends_output);
    call();
    if (!sends_output) reachable->take_back();
    if (averages) compute(comm, Scale{share, buffers.output});
  };
}

}  // namespace troupe::scenarios
