#pragma once
// NCCL among the ranks of a job, each on a GPU of its own: its collectives, as baselines, and
// groups of messages. Built where NCCL is found. Nothing here knows who brings the ranks together.

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "core/kernel.hpp"
#include "core/slice.hpp"
#include "core/tag.hpp"

namespace troupe::cuda {

/// "2.28.9"
std::string nccl_version();

/// Every rank makes it, and every call, together with all others. Slices are on the device that was
/// the current one when it was made. A call returns when it is over; what the host launches on
/// other streams must be over before it. Throws BackendError with the call and NCCL's own words.
class Nccl {
 public:
  /// What one rank draws, and all need to meet.
  using Meeting = std::array<std::byte, 128>;
  static Meeting draw();

  Nccl(const Meeting& meeting, Rank rank, int size);
  Nccl(const Nccl&) = delete;
  Nccl& operator=(const Nccl&) = delete;
  ~Nccl();

  Rank rank() const noexcept { return rank_; }
  int size() const noexcept { return size_; }

  // In place where input and output are the same. `average`: of a sum.
  void allreduce(ConstSlice input, Slice output, Op op, bool average);
  void reduce(ConstSlice input, Slice output, Op op, bool average, Rank root);
  void broadcast(Slice values, Rank root);
  /// The output is one of `size()` equal blocks of the input ...
  void reduce_scatter(ConstSlice input, Slice output, Op op, bool average);
  /// ... and here the input of the output.
  void allgather(ConstSlice input, Slice output);

  /// A message of a group: the n-th between two ranks meets the n-th receive, which is as long.
  struct Message {
    Rank peer = 0;
    const std::byte* from = nullptr;  ///< of what is sent, else null
    std::byte* into = nullptr;        ///< of what is received, else null
    std::size_t bytes = 0;
  };
  /// All at once, in one group.
  void exchange(std::span<const Message> group);

 private:
  struct State;
  std::unique_ptr<State> state_;
  Rank rank_;
  int size_;
};

}  // namespace troupe::cuda
