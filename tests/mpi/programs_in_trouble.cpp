// Programs that wait for longer than they should, or end badly.

#include "mpi/programs.hpp"

#include <unistd.h>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace troupe::tests {
namespace {

using mpi::Options;
using mpi::World;

/// All others wait for the last rank, which does nothing for longer than a standstill may last.
void comes_late(World& world) {
  world.run(
      [](Communicator& comm) {
        const Rank last = comm.size() - 1;
        int x = 0;
        if (comm.rank() == 0) {
          receive(comm, last, data.at(3), value(x));
        } else if (comm.rank() < last) {
          wait(comm,
               comm.spawn([&](Communicator& flow) { receive(flow, last, data.at(3), value(x)); }));
        } else {
          std::this_thread::sleep_for(std::chrono::milliseconds{1500});
          send(comm, 0, data.at(3), value(x));
          for (Rank to = 1; to < last; ++to)
            send(comm, to, data.at(3).in(comm.context().spawned(0)), value(x));
        }
      },
      {.standstill_notice = Seconds{1}});
}

constexpr Seconds short_notice{0.4};
void wait_for_nothing(Communicator& comm, Rank from) {
  int never = 0;
  receive(comm, from, data.at(3), value(never));
}
/// Everybody waits for somebody, one in a flow.
void deadlocks(World& world) {
  world.run(
      [](Communicator& comm) {
        const Rank next = (comm.rank() + 1) % comm.size();
        if (comm.rank() != 1) return wait_for_nothing(comm, next);
        wait(comm, comm.spawn([&](Communicator& flow) { wait_for_nothing(flow, next); }));
      },
      {.standstill_notice = short_notice});
}
/// The last rank has returned, the others wait for it.
void deadlocks_after_a_return(World& world) {
  world.run(
      [](Communicator& comm) {
        const Rank last = comm.size() - 1;
        if (comm.rank() < last) wait_for_nothing(comm, last);
      },
      {.standstill_notice = short_notice});
}
/// For longer than a deadlock may last the last rank computes, then it sends now and then.
void is_slow(World& world) {
  world.run(
      [](Communicator& comm) {
        const Rank last = comm.size() - 1;
        const auto idle = [] { std::this_thread::sleep_for(std::chrono::milliseconds{1300}); };
        int x = 0;
        if (comm.rank() == last) compute(comm, Opaque{{}, {}, {}, idle});
        for (int i = 0; i < 2; ++i) {
          if (comm.rank() < last) receive(comm, last, data.at(3), value(x));
          else
            for (Rank to = 0; to < last; ++to) send(comm, to, data.at(3), value(x));
          if (comm.rank() == last) idle();
        }
      },
      {.standstill_notice = short_notice});
}

/// The last rank fails while all others wait for it and it has sends of its own under way.
void throws_on_one_rank(World& world) {
  world.run([](Communicator& comm) {
    std::vector<double> values(100000);
    if (comm.rank() == comm.size() - 1) {
      const Request unheard = comm.isend(0, signal, std::span{values});
      throw BadInput{"the last rank has had enough"};
    }
    receive(comm, comm.size() - 1, data, std::span{values});
  });
}
void throws_everywhere(World& world) {
  world.run([](Communicator&) { throw BadInput{"nobody likes this"}; });
}
void disagrees(World& world) {
  world.guard([&] {
    world.check_same_everywhere("the same");
    world.check_same_everywhere(world.rank() == world.size() - 1 ? "digest b" : "digest a");
  });
}
/// Prints the process of the last rank and waits to be killed.
void waits_to_be_killed(World& world) {
  world.run([](Communicator& comm) {
    int never = 0;
    if (comm.rank() == comm.size() - 1) {
      std::printf("kill %d\n", static_cast<int>(getpid()));
      std::fflush(stdout);
    }
    receive(comm, (comm.rank() + 1) % comm.size(), data, value(never));
  });
}

}  // namespace

MpiPrograms programs_in_trouble() {
  return {
      {"late", comes_late},
      {"deadlocks", deadlocks},
      {"deadlocks_after_a_return", deadlocks_after_a_return},
      {"is_slow", is_slow},
      {"throws", throws_on_one_rank},
      {"throws_everywhere", throws_everywhere},
      {"disagrees", disagrees},
      {"waits", waits_to_be_killed},
  };
}

}  // namespace troupe::tests
