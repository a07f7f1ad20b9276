#include "algorithms/work_stealing/chunks.hpp"

#include <array>
#include <exception>
#include <numeric>
#include <utility>

namespace troupe::algorithms {
namespace {

// While one rank still steals another may have begun the allreduce after it, so the names are none
// that a collective has.
constexpr Tag request_tag = Tag::open(60);  // 16 bytes to the victim; from itself: the end
constexpr Tag grant_tag{61};                // chunks to the thief, or nothing

/// Who asks, and for which of its steals.
using StealRequest = std::array<std::int64_t, 2>;

}  // namespace

void ChunkDeque::push(const std::vector<Chunk>& chunks) {
  const std::lock_guard guard{mutex_};
  chunks_.insert(chunks_.end(), chunks.begin(), chunks.end());
}
bool ChunkDeque::pop(Chunk& chunk) {
  const std::lock_guard guard{mutex_};
  if (chunks_.empty()) return false;
  chunk = chunks_.front();
  chunks_.pop_front();
  return true;
}
std::vector<Chunk> ChunkDeque::steal_half() {
  const std::lock_guard guard{mutex_};
  const auto first = chunks_.begin() + static_cast<std::ptrdiff_t>(chunks_.size() / 2);
  const std::vector<Chunk> stolen{first, chunks_.end()};
  chunks_.erase(first, chunks_.end());
  return stolen;
}

Robbery::Robbery(Communicator& comm, ChunkDeque& mine, std::size_t largest, std::uint64_t seed)
    : comm_{comm},
      mine_{mine},
      largest_{largest},
      draws_{SplitMix64::of_rank(seed, comm.rank())},
      serving_{comm.spawn([this](Communicator& flow) { serve(flow); })} {}

Robbery::~Robbery() {
  if (!serving_) return;
  try {
    end();
  } catch (const std::exception&) {  // the error that led here is the one to tell
  }
}

void Robbery::serve(Communicator& flow) {
  const Context context = comm_.context();
  for (;;) {
    StealRequest request{};
    const Rank thief = receive(flow, any_rank, request_tag.in(context), std::span{request}).from;
    if (thief == flow.rank()) return;
    const std::vector<Chunk> grant = mine_.steal_half();
    send(flow, thief, grant_tag.in(context), std::span{grant});
  }
}

bool Robbery::steal() {
  std::vector<Rank> victims(static_cast<std::size_t>(comm_.size()));
  std::iota(victims.begin(), victims.end(), 0);
  std::erase(victims, comm_.rank());
  std::vector<Chunk> grant(largest_);
  for (std::size_t left = victims.size(); left > 0; --left) {
    std::swap(victims[draws_.below(left)], victims[left - 1]);
    const Rank victim = victims[left - 1];
    Request answer = comm_.irecv(victim, grant_tag, std::span{grant});
    const StealRequest request{comm_.rank(), loot_.steals};
    send(comm_, victim, request_tag, std::span{request});
    const std::size_t bytes = wait(comm_, std::move(answer)).bytes;
    loot_.bytes += sizeof request + bytes;
    if (bytes == 0) continue;
    grant.resize(bytes / sizeof(Chunk));
    mine_.push(grant);
    ++loot_.steals;
    return true;
  }
  return false;
}

void Robbery::end() {
  const StealRequest end{comm_.rank(), loot_.steals};
  send(comm_, comm_.rank(), request_tag, std::span{end});
  wait(comm_, std::move(serving_));
}

}  // namespace troupe::algorithms
