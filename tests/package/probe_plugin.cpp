// A plugin that looks whether it shares one core with the program that opened it.
#include <stdexcept>

#include "core/plugin.hpp"

using namespace troupe;

namespace {

class OwnError : public PeerLost {
 public:
  using PeerLost::PeerLost;
};

void same_host_memory(Communicator&, Slice vector, Op) {
  if (&vector.memory() != &host_memory()) throw BackendError{"two cores, two host memories"};
  const Buffer mine{vector.size(), vector.dtype()};
  run_on_host(Copy{mine, vector});  // EXPECTS one memory
}
void throws_its_own(Communicator&, Slice, Op) { throw OwnError{"an error of the plugin's own"}; }
void throws_a_number(Communicator&, Slice, Op) { throw 42; }
void throws_on_rank_2(Communicator& comm, Slice vector, Op) {
  if (comm.rank() == 2) throw BackendError{"what rank 2 has to say"};
  receive(comm, 2, Tag{1}, vector);
}
void throws_a_standard_one(Communicator&, Slice, Op) { throw std::out_of_range{"too far"}; }
void breaks_a_promise(Communicator&, Slice vector, Op) { (void)vector.first(vector.size() + 1); }

}  // namespace

TROUPE_PLUGIN({.name = "same_host_memory", .summary = "", .run = same_host_memory},
              {.name = "throws_its_own", .summary = "", .run = throws_its_own},
              {.name = "throws_a_number", .summary = "", .run = throws_a_number},
              {.name = "throws_on_rank_2", .summary = "", .run = throws_on_rank_2},
              {.name = "throws_a_standard_one", .summary = "", .run = throws_a_standard_one},
              {.name = "breaks_a_promise", .summary = "", .run = breaks_a_promise})
