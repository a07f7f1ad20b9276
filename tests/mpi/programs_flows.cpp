// Spawned flows among each other.

#include "mpi/programs.hpp"

#include <array>
#include <limits>
#include <stdexcept>
#include <string>

namespace troupe::tests {
namespace {

using mpi::Options;
using mpi::World;

/// Flows in flows in flows: contexts without a number of their own, more of them than there are to
/// share where tags are short, and messages that nobody asks for.
void nests_deeply(World& world) {
  constexpr std::int64_t fewest = 32767;
  for (const std::int64_t largest_tag : {fewest, std::numeric_limits<std::int64_t>::max()}) {
    Options options;
    options.largest_tag = largest_tag;
    const auto deepen = [](Communicator& comm, int levels, const auto& self) -> void {
      const Rank right = (comm.rank() + 1) % comm.size();
      const Rank left = (comm.rank() + comm.size() - 1) % comm.size();
      for (int step = 0; step < 40; ++step) {
        int out = levels * 1000 + comm.rank() * 100 + step, in = -1;
        exchange(comm, data.at(step), value(out), right, value(in), left);
        check(in == levels * 1000 + left * 100 + step, "flows keep their messages at any depth");
      }
      if (levels == 0) return;
      WaitSet set;
      for (int i = 0; i < 3; ++i)
        set.add(comm.spawn([&](Communicator& own) { self(own, levels - 1, self); }));
      wait_all(comm, set);
    };
    world.run([&](Communicator& comm) { deepen(comm, 4, deepen); }, options);
    options.eager_limit = Bytes{64};
    const std::size_t unasked = world.run(
        [](Communicator& comm) {
          const int nobody = 1;
          for (std::uint32_t flow = 0; flow < 6; ++flow)
            send(comm, (comm.rank() + 1) % comm.size(),
                 data.in(Context{}.spawned(flow).spawned(0).spawned(0)), value(nobody));
        },
        options);
    check(unasked == 6, "what nobody asked for is counted without the words about contexts");
  }
}

/// Several flows at a time, each with messages, kernels and exceptions of its own.
void keeps_flows_apart(World& world) {
  world.run([](Communicator& comm) {
    constexpr int flows = 40;
    const Rank right = (comm.rank() + 1) % comm.size();
    const Rank left = (comm.rank() + comm.size() - 1) % comm.size();
    std::array<int, flows> sums{};
    WaitSet set;
    for (int flow = 0; flow < flows; ++flow)
      set.add(comm.spawn([&, flow](Communicator& own) {
        for (int step = 0; step < 50; ++step) {
          int out = flow * step, in = 0;
          try {
            exchange(own, data.at(step), value(out), right, value(in), left);
            throw std::runtime_error{std::to_string(in)};
          } catch (const std::runtime_error& error) {
            // The switch to other flows happens while this exception is being handled.
            int echo = 0;
            exchange(own, signal, value(in), left, value(echo), right);
            check(std::to_string(in) == error.what() && echo == out,
                  "a flow handles its own exceptions");
            sums[static_cast<std::size_t>(flow)] += in;
          }
          compute(own, Opaque{{}, {}, {}, [] {}});
        }
      }));
    wait_all(comm, set);
    for (int flow = 0; flow < flows; ++flow)
      check(sums[static_cast<std::size_t>(flow)] == flow * 1225, "every flow got its own messages");
  });
}

}  // namespace

MpiPrograms flow_programs() {
  return {
      {"nests", nests_deeply},
      {"flows", keeps_flows_apart},
  };
}

}  // namespace troupe::tests
