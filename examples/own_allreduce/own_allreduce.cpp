// Recursive doubling (Thakur, Rabenseifner and Gropp 2005, §4.3) as a plugin: in step s each rank
// exchanges its whole vector with the rank whose number differs in bit s, and reduces. log2 n
// messages of the whole vector a rank: the fewest steps there can be, good for short vectors.
#include <bit>
#include <string>

#include "core/plugin.hpp"

using namespace troupe;

namespace {

void own_allreduce(Communicator& comm, Slice vector, Op op) {
  const int n = comm.size();
  if (!std::has_single_bit(static_cast<unsigned>(n)))
    throw BadInput{"own_allreduce needs a power of two of ranks, " + std::to_string(n) + " given"};

  constexpr Tag tag{0};
  const Scratch theirs{vector, vector.size()};
  for (int distance = 1; distance < n; distance *= 2) {
    const Rank partner = comm.rank() ^ distance;
    exchange(comm, tag, vector, partner, theirs.all(), partner);
    compute(comm, Reduce{op, vector, theirs.all()});
  }
}

}  // namespace

TROUPE_PLUGIN({.name = "own_allreduce",
               .summary = "recursive doubling, for powers of two",
               .run = own_allreduce})
