#pragma once
// Horovod's interface over the port (Sergeev and Del Balso 2018): named operations that any rank
// may start in any order, done in the background, fused where they are small. One object a rank;
// no global state, no graph, no framework.
//
// Every operation has a name, by which the ranks' parts of it find each other; without one it is
// named for how many of its kind came before it. Inputs are copied during the call and left as they
// were; results are returned. An operation on which the ranks do not agree fails on every rank with
// the same BadInput; one that a rank will never start, because it has shut down or a limit has
// passed, with PeerLost.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "algorithms/horovod/options.hpp"
#include "algorithms/horovod/tensor.hpp"
#include "core/communicator.hpp"
#include "core/recorder.hpp"

namespace troupe::algorithms::horovod {

struct Operation;

/// Which operation to wait for. Dropping it loses the result and nothing else.
class Handle {
 public:
  Handle() = default;

 private:
  friend class Horovod;
  explicit Handle(std::shared_ptr<Operation> operation) : operation_{std::move(operation)} {}
  std::shared_ptr<Operation> operation_;
};

/// What an allreduce or reducescatter does: op over ranks of (prescale · tensor), times postscale.
struct Reduction {
  ReduceOp op = ReduceOp::average;
  double prescale = 1, postscale = 1;
};

/// What an alltoall received: the tensor, and how many of its rows came from each rank.
struct Received {
  Tensor tensor;
  std::vector<std::size_t> splits;
};

/// hvd.init() to hvd.shutdown(). Used by the flow of control that made it; `comm` outlives it, and
/// there is one at a time on it. All ranks make one, with the same options.
class Horovod {
 public:
  /// Throws BadInput for an allreduce that does not exist or cannot serve the ranks and layout.
  explicit Horovod(Communicator& comm, Options options = {});
  Horovod(const Horovod&) = delete;
  Horovod& operator=(const Horovod&) = delete;
  /// Shuts down; what shutdown() would throw is lost.
  ~Horovod();
  /// Announces no more operations, and ends when all ranks have said so: what is on its way is
  /// done. Throws PeerLost on a rank for whose absence the others' operations failed.
  void shutdown();

  // The place of this rank: among all, on its node, and among those of the same local rank.
  Rank rank() const;
  int size() const;
  int local_rank() const noexcept;
  int local_size() const noexcept;
  int cross_rank() const noexcept;
  int cross_size() const noexcept;

  /// The reduction of all ranks' tensors, which have one shape and a dtype with arithmetic; float32
  /// or float64 and a power of two of ranks for Adasum. Averages of whole numbers are rounded
  /// towards zero.
  Tensor allreduce(const TensorView& tensor, std::string name = {}, const Reduction& how = {});
  /// Several at once: none is done before all ranks have announced all of them.
  std::vector<Tensor> grouped_allreduce(std::span<const TensorView> tensors, std::string name = {},
                                        const Reduction& how = {});
  /// The rows of all tensors, in the order of the ranks. Shapes are equal but for the first
  /// dimension.
  Tensor allgather(const TensorView& tensor, std::string name = {});
  /// The root's tensor. All ranks give one of its shape and dtype.
  Tensor broadcast(const TensorView& tensor, Rank root, std::string name = {});
  /// Sends splits[r] rows, in order, to rank r, and returns the rows of all ranks for this one.
  /// Without splits the rows are dealt evenly, and must divide.
  Received alltoall(const TensorView& tensor, std::span<const std::size_t> splits = {},
                    std::string name = {});
  /// Rows of the reduction: as many to each rank, the first (rows mod size) ranks one more.
  Tensor reducescatter(const TensorView& tensor, std::string name = {}, const Reduction& how = {});
  /// Returns when every rank has called it.
  void barrier();
  /// No more data from this rank: until all ranks have joined, the others' sums and averages take
  /// zeros for it (an average is still divided by all ranks). Returns the rank that joined last.
  Rank join();

  // The same, done in the background.
  Handle allreduce_async(const TensorView& tensor, std::string name = {},
                         const Reduction& how = {});
  std::vector<Handle> grouped_allreduce_async(std::span<const TensorView> tensors,
                                              std::string name = {}, const Reduction& how = {});
  Handle allgather_async(const TensorView& tensor, std::string name = {});
  Handle broadcast_async(const TensorView& tensor, Rank root, std::string name = {});
  Handle alltoall_async(const TensorView& tensor, std::span<const std::size_t> splits = {},
                        std::string name = {});
  Handle reducescatter_async(const TensorView& tensor, std::string name = {},
                             const Reduction& how = {});
  /// True once synchronize() would not block.
  bool poll(const Handle& handle);
  /// Waits for an operation and returns its result. EXPECTS a handle of this object, not yet
  /// synchronised.
  Tensor synchronize(Handle handle);
  Received synchronize_alltoall(Handle handle);

  /// What the operations of this rank have sent, and what the negotiation has: operations handed
  /// over to the background flow, announcements, responses, and the splits of alltoalls.
  const RecordedRank& data_sent() const noexcept;
  const RecordedRank& control_sent() const noexcept;

  Communicator& communicator() noexcept;

 private:
  struct State;
  Handle begin_reduction(Kind kind, const TensorView& tensor, std::string name,
                         const Reduction& how, const std::string& group, std::size_t group_size);
  std::unique_ptr<State> state_;
};

}  // namespace troupe::algorithms::horovod
