#pragma once
// What ranks tell the coordinator and what it answers, as values and as bytes of a control message.
// Nothing here sends anything.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/horovod/tensor.hpp"
#include "core/tag.hpp"

namespace troupe::algorithms::horovod {

/// How tensors become one. The average divides the sum by the number of ranks; Adasum is Maleki et
/// al. 2020 (adasum.hpp).
enum class ReduceOp : std::uint8_t { average, sum, min, max, product, adasum };
std::string_view name_of(ReduceOp) noexcept;

enum class Kind : std::uint8_t {
  allreduce,
  allgather,
  broadcast,
  alltoall,
  reducescatter,
  barrier,
  join,  ///< no more data from this rank until all have joined
  leave  ///< no more operations from this rank
};
std::string_view name_of(Kind) noexcept;

/// One rank is ready for one operation.
struct Announcement {
  Kind kind = Kind::allreduce;
  std::string name;
  Dtype dtype = Dtype::float32;
  Shape shape{};
  bool phantom = false;
  ReduceOp op = ReduceOp::average;
  double prescale = 1, postscale = 1;
  Rank root = 0;
  std::string group{};           ///< of a grouped operation; else empty
  std::uint64_t group_size = 0;  ///< how many tensors the group has
  std::string complaint{};       ///< why the operation cannot be: all ranks are told
};
/// `allreduce "layer 1"`
std::string title_of(const Announcement&);

enum class Verdict : std::uint8_t {
  perform,
  refused,  ///< the ranks want different things, or one wants what cannot be
  lost      ///< a rank that is needed will not come
};

/// What all ranks do next, all in the same order.
struct Response {
  Announcement what;                   ///< of the first tensor; its name is among `names`
  std::vector<std::string> names{};    ///< several where tensors are fused
  std::vector<std::uint64_t> sizes{};  ///< allreduce: values of each tensor; allgather: rows of
                                       ///< each rank; join: the rank that joined last
  Verdict verdict = Verdict::perform;
  std::string reason{};  ///< of refused and lost
};

std::vector<std::byte> to_bytes(const std::vector<Announcement>&);
std::vector<std::byte> to_bytes(const std::vector<Response>&);
/// The inverse. EXPECTS bytes that to_bytes made.
std::vector<Announcement> announcements_in(const std::vector<std::byte>&);
std::vector<Response> responses_in(const std::vector<std::byte>&);

}  // namespace troupe::algorithms::horovod
