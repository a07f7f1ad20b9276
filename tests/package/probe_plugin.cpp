// A plugin that looks whether it shares one core with the program that opened it.
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
void breaks_a_promise(Communicator&, Slice vector, Op) { (void)vector.first(vector.size() + 1); }

}  // namespace

TROUPE_PLUGIN({.name = "same_host_memory", .summary = "", .run = same_host_memory},
              {.name = "throws_its_own", .summary = "", .run = throws_its_own},
              {.name = "throws_a_number", .summary = "", .run = throws_a_number},
              {.name = "breaks_a_promise", .summary = "", .run = breaks_a_promise})
