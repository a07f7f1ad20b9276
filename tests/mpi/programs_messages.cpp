// Messages: their lengths, their numbers, what they overlap, what of them is counted.

#include "mpi/programs.hpp"

#include <array>
#include <chrono>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

namespace troupe::tests {
namespace {

using mpi::Options;
using mpi::World;

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

}  // namespace

MpiPrograms message_programs() {
  return {
      {"truncates", truncates},
      {"overlaps", overlaps},
      {"large", sends_more_than_an_int_counts},
      {"phantoms", runs_phantoms},
      {"forgets", forgets_between_runs},
      {"thousands", carries_thousands},
      {"accounts", accounts},
  };
}

}  // namespace troupe::tests
