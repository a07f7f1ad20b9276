// Programs for mpirun that test what only MPI can get wrong. The first argument names one; each
// ends the job with a line on stderr and exit status 1 where it finds a broken promise.

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/communicator.hpp"
#include "real_backend/mpi/world.hpp"

namespace {

using namespace troupe;
using mpi::Options;
using mpi::World;

constexpr Tag data{1}, signal{2};

void check(bool holds, const std::string& promise) {
  if (!holds) throw std::runtime_error{promise};
}

/// Bytes that differ from place to place, so that a shifted or repeated fragment shows.
std::byte pattern(std::size_t i) { return static_cast<std::byte>((i * 2654435761u) >> 13); }

/// Messages shorter than, as long as and longer than their room, from where every transport copies
/// to where it maps memory; each followed by a good one. Guards on both sides of the room.
void truncates(World& world) {
  constexpr std::size_t guard = 4096;
  for (const Bytes eager : {Bytes{0}, Bytes{1 << 20}})
    for (const bool posted_first : {false, true})
      world.run(
          [&](Communicator& comm) {
            const std::size_t sizes[] = {0, 1, 100, 5000, 100000, 3000000};
            for (const std::size_t size : sizes)
              for (const std::size_t room : sizes) {
                std::array<char, 1> empty{};
                if (comm.rank() == 0) {
                  std::vector<std::byte> message(size);
                  for (std::size_t i = 0; i < size; ++i) message[i] = pattern(i);
                  if (posted_first) receive(comm, 1, signal, Payload{});
                  Request first = comm.isend(1, data, std::span{message});
                  Request second = comm.isend(1, data, std::span{empty});
                  if (!posted_first) send(comm, 1, signal, ConstPayload{});
                  wait_all(comm, std::move(first), std::move(second));
                } else if (comm.rank() == 1) {
                  std::vector<std::byte> memory(guard + room + guard, std::byte{7});
                  if (!posted_first) receive(comm, 0, signal, Payload{});
                  Request first = comm.irecv(0, data, std::span{memory}.subspan(guard, room));
                  Request second = comm.irecv(0, data, std::span{empty});
                  if (posted_first) send(comm, 0, signal, ConstPayload{});
                  bool truncated = false;
                  try {
                    check(wait(comm, std::move(first)).bytes == size, "the length is told");
                  } catch (const Truncated&) {
                    truncated = true;
                  }
                  check(truncated == (size > room), "what is longer than its room is Truncated");
                  for (std::size_t i = 0; i < memory.size(); ++i) {
                    const bool written = !truncated && guard <= i && i < guard + size;
                    if (!truncated || i < guard || i >= guard + room)
                      check(memory[i] == (written ? pattern(i - guard) : std::byte{7}),
                            "a message is written into its room and nowhere else");
                  }
                  check(wait(comm, std::move(second)).bytes == 1, "the next message is unharmed");
                }
              }
          },
          {.eager_limit = eager});
}

/// Rank 0's kernel ends only after a message of several megabytes has come and gone, which rank 0
/// alone can move: with kernels at issue this would never end.
void overlaps(World& world) {
  world.run([](Communicator& comm) {
    std::vector<double> values(1 << 20, comm.rank());
    if (comm.rank() == 0) {
      std::atomic<bool> arrived = false, seen = false;
      WaitSet set;
      set.add(comm.start(Opaque{{}, {}, {}, [&] {
                                  const auto limit =
                                      std::chrono::steady_clock::now() + std::chrono::seconds{20};
                                  while (!arrived && std::chrono::steady_clock::now() < limit)
                                    std::this_thread::yield();
                                  seen = arrived.load();
                                }}));
      set.add(comm.irecv(1, data, std::span{values}));
      check(comm.wait_any(set)->index == 1, "a message overtakes the kernel it overlaps");
      check(values.back() == 1, "the message has arrived");
      arrived = true;
      comm.wait_any(set);
      check(seen, "the kernel was still at work when the message had come");
    } else if (comm.rank() == 1) {
      send(comm, 0, data, std::span{values});
    }
  });
}

/// More bytes than an int counts, with values and without, and back again.
void sends_more_than_an_int_counts(World& world) {
  world.run([](Communicator& comm) {
    const std::size_t size = (std::size_t{1} << 31) + 12345;
    if (comm.rank() > 1) return;
    const Rank peer = 1 - comm.rank();
    {
      std::vector<std::byte> memory(size);
      if (comm.rank() == 0) {
        for (std::size_t i = 0; i < size; ++i) memory[i] = pattern(i);
        send(comm, peer, data, std::span{memory});
      } else {
        check(receive(comm, peer, data, std::span{memory}).bytes == size, "the length is told");
        bool same = true;
        for (std::size_t i = 0; i < size; ++i) same = same && memory[i] == pattern(i);
        check(same, "all of a long message arrives");
      }
    }
    const Slice phantom = Slice::phantom(size, Dtype::uint8);
    const Completion got = comm.rank() == 0 ? wait(comm, comm.isend(peer, data, phantom))
                                            : receive(comm, peer, data, phantom);
    check(got.bytes == size, "a phantom message is as long as it says");
  });
}

/// Phantom messages and kernels take part like real ones, and kernels take their time.
void runs_phantoms(World& world) {
  const Options options{.phantom_speed = FlopsPerSecond{1e9}, .phantom_launch = Seconds{1e-3}};
  const std::size_t unasked = world.run(
      [](Communicator& comm) {
        const Rank right = (comm.rank() + 1) % comm.size();
        const Rank left = (comm.rank() + comm.size() - 1) % comm.size();
        const Slice out = Slice::phantom(1 << 22), in = Slice::phantom(1 << 22);
        for (int step = 0; step < 3; ++step) {
          const Completion got = exchange(comm, data.at(step), out, right, in, left);
          check(got.bytes == out.size_bytes(), "a phantom message has its length");
        }
        const Seconds before = comm.now();
        compute(comm, Reduce{Op::sum, in, out});
        check(comm.now() - before >= Seconds{5.19e-3}, "a phantom kernel is busy: 4.19 ms + 1 ms");
      },
      options);
  check(unasked == 0, "every message was received");
}

/// What one run leaves behind does not reach the next.
void forgets_between_runs(World& world) {
  for (int run = 0; run < 20; ++run) {
    const std::size_t unasked = world.run(
        [&](Communicator& comm) {
          const Rank right = (comm.rank() + 1) % comm.size();
          const Rank left = (comm.rank() + comm.size() - 1) % comm.size();
          int mine = run, got = -1;
          std::vector<int> late(static_cast<std::size_t>(run) * 1000 + 1, -7);
          send(comm, right, data, value(mine));
          send(comm, right, data, std::span{late});
          send(comm, right, Tag::open(1), value(mine));
          receive(comm, left, data, value(got));
          check(got == run, "a message of an earlier run is not received in a later one");
        },
        {.eager_limit = Bytes{1 << 20}});
    check(unasked == 2, "a run tells how many messages nobody asked for");
  }
}

/// Messages by the thousand before anybody receives, of every way in which a transport carries
/// them: within a fragment, in several, by remote memory access. Those sent last are received
/// first.
void carries_thousands(World& world) {
  const auto carry = [&](std::size_t count, std::size_t size, Bytes eager) {
    world.run(
        [&](Communicator& comm) {
          const Rank peer = 1 - comm.rank();
          std::vector<std::byte> out(size), in(count * size), late(100000), longs(20 * late.size());
          for (std::size_t i = 0; i < size; ++i) out[i] = pattern(i);
          for (std::size_t i = 0; i < late.size(); ++i) late[i] = pattern(i);
          WaitSet set;
          for (std::size_t i = 0; i < count; ++i) set.add(comm.isend(peer, data, std::span{out}));
          for (std::size_t i = 0; i < 20; ++i)
            set.add(comm.isend(peer, signal.at(i), std::span{late}));
          for (std::uint32_t i = 20; i-- > 0;)
            receive(comm, peer, signal.at(i),
                    std::span{longs}.subspan(i * late.size(), late.size()));
          for (std::size_t i = 0; i < count; ++i)
            set.add(comm.irecv(peer, data, std::span{in}.subspan(i * size, size)));
          wait_all(comm, set);
          for (std::size_t i = 0; i < in.size(); ++i)
            check(in[i] == pattern(i % size), "each of thousands of messages arrives whole");
          for (std::size_t i = 0; i < longs.size(); ++i)
            check(longs[i] == pattern(i % late.size()), "and so do those that overtake them");
        },
        {.eager_limit = eager});
  };
  for (const Bytes eager : {Bytes{0}, Bytes{1 << 20}})
    for (const std::size_t size : {0, 4, 1000, 3000, 5000, 20000})
      carry(size < 2000 ? 1500 : 700, size, eager);
}

/// What a rank did, and how long: rank 0 computes while it has nothing to send and rank 1 waits for
/// it, then long messages go to rank 1, one of them into a flow.
void accounts(World& world) {
  constexpr Seconds nap{0.1};
  const std::size_t size = 1 << 25;
  world.run([&](Communicator& comm) {
    std::vector<std::byte> values(size);
    int x = 0;
    if (comm.rank() == 0) {
      receive(comm, 1, signal, value(x));
      compute(comm,
              Opaque{{}, {}, {.flops = Flops{1e3}}, [&] { std::this_thread::sleep_for(nap); }});
      send(comm, 1, data, std::span{values});
      send(comm, 1, data.in(comm.context().spawned(0)), std::span{values});
    } else if (comm.rank() == 1) {
      send(comm, 0, signal, value(x));
      receive(comm, 0, data, std::span{values});
      wait(comm, comm.spawn([&](Communicator& flow) {
        receive(flow, 0, data, std::span{values});
        compute(flow, Opaque{{}, {}, {}, [&] { std::this_thread::sleep_for(nap); }});
      }));
    }
    const Activity did = world.activity();
    const Seconds end = comm.now();
    check(did.computing + did.communicating + did.waiting <= end + Seconds{1e-3},
          "a rank does one thing at a time");
    check(did.communicating > Seconds{}, "messages take time");
    check(did.computing >= nap && did.kernels == 1, "kernels take their time");
    if (comm.rank() == 0) {
      check(did.messages == 2 && did.bytes == 2 * size, "what was sent is counted");
      check(did.received_messages == 1 && did.received_bytes == 4, "and what was received");
      check(did.flops == Flops{1e3}, "and what was computed");
    } else {
      check(did.received_messages == 2 && did.received_bytes == 2 * size, "in flows, too");
      check(did.waiting >= nap / 2, "a rank waits for one that computes");
    }
  });
}

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

/// The packing of contexts has an end, and says so.
void refuses_deep_contexts(World& world) {
  world.run([](Communicator& comm) {
    bool refused = false;
    const Context deep = Context{}.spawned(0).spawned(0).spawned(0);
    try {
      const Request never = comm.irecv(comm.rank(), data.in(deep), Payload{});
    } catch (const BackendError&) {
      refused = true;
    }
    check(refused, "a context that does not fit into MPI's tag is refused");
  });
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

// ---- programs that end badly, for the scripts around them

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

int main(int argc, char** argv) {
  World world{argc, argv};
  const std::map<std::string, void (*)(World&)> programs{
      {"truncates", truncates},
      {"overlaps", overlaps},
      {"large", sends_more_than_an_int_counts},
      {"phantoms", runs_phantoms},
      {"forgets", forgets_between_runs},
      {"thousands", carries_thousands},
      {"deep", refuses_deep_contexts},
      {"flows", keeps_flows_apart},
      {"accounts", accounts},
      {"late", comes_late},
      {"deadlocks", deadlocks},
      {"deadlocks_after_a_return", deadlocks_after_a_return},
      {"is_slow", is_slow},
      {"throws", throws_on_one_rank},
      {"throws_everywhere", throws_everywhere},
      {"disagrees", disagrees},
      {"waits", waits_to_be_killed},
  };
  world.guard([&] {
    const auto found = programs.find(argc > 1 ? argv[1] : "");
    if (found == programs.end()) throw BadInput{"the first argument names a program of this file"};
    found->second(world);
  });
  if (world.rank() == 0) std::printf("passed: %s on %d ranks\n", argv[1], world.size());
}
