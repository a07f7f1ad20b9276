// Messages between the memories of detached devices and of hosts.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mpi/detached_programs.hpp"

namespace troupe::tests {

namespace {

using mpi::World;

constexpr Tag data{1}, signal{2};

/// Where one side of a message has its values.
enum class Side { host, device, nowhere };
constexpr std::array sides{Side::host, Side::device, Side::nowhere};

/// Bytes that differ from place to place and from message to message.
std::vector<std::uint8_t> pattern(std::size_t size, std::size_t which) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::uint8_t>(((i + 77 * which) * 2654435761u) >> 13);
  return bytes;
}
Buffer bytes_at(DetachedAccelerator& device, Side side, const std::vector<std::uint8_t>& bytes) {
  if (side == Side::nowhere) return Buffer::phantom(bytes.size(), Dtype::uint8);
  Buffer buffer{bytes.size(), Dtype::uint8, side == Side::device ? device.memory() : host_memory()};
  copy_from_host(buffer, std::span{bytes});
  return buffer;
}
std::vector<std::uint8_t> bytes_of(ConstSlice slice) {
  const HostView view{slice};
  const auto bytes = view.slice().host<std::uint8_t>();
  return {bytes.begin(), bytes.end()};
}

constexpr std::size_t fragment = 64;  // bytes: for these programs a kilobyte is long
constexpr std::array<std::size_t, 8> sizes{
    0, 1, 5, fragment - 1, fragment, fragment + 1, 10 * fragment + 3, 5000};

/// Every size of message in every size of room, from anywhere to anywhere, asked for before or
/// after it is sent; each followed by one of the same tag from elsewhere.
void carries_between_all_memories(World& world) {
  const auto program = [](Communicator& comm, DetachedAccelerator& device, bool posted_first) {
    constexpr std::size_t guard = 100;
    if (comm.rank() > 1 || comm.size() < 2) return;
    std::size_t which = 0;
    for (const Side from : sides)
      for (const Side to : sides)
        for (const std::size_t size : sizes)
          for (const std::size_t capacity : {size, size / 2, size + 10}) {
            const auto message = pattern(size, ++which), next = pattern(3, ++which);
            const Side elsewhere = from == Side::device ? Side::host : Side::device;
            if (comm.rank() == 0) {
              const Buffer first = bytes_at(device, from, message);
              const Buffer second = bytes_at(device, elsewhere, next);
              if (posted_first) receive(comm, 1, signal, Payload{});
              WaitSet sending;
              sending.add(comm.isend(1, data, first.slice()));
              sending.add(comm.isend(1, data, second.slice()));
              if (!posted_first) send(comm, 1, signal, ConstPayload{});
              wait_all(comm, sending);
              continue;
            }
            const std::vector<std::uint8_t> untouched(guard + capacity + guard, 7);
            const Buffer memory = bytes_at(device, to, untouched);
            const Slice room = memory.slice().subslice(guard, capacity);
            const Buffer second = bytes_at(device, elsewhere, {0, 0, 0});
            if (!posted_first) receive(comm, 0, signal, Payload{});
            Request first = comm.irecv(0, data, room), after = comm.irecv(0, data, second.slice());
            if (posted_first) send(comm, 0, signal, ConstPayload{});
            bool truncated = false;
            try {
              check(wait(comm, std::move(first)).bytes == size, "the length is told");
            } catch (const Truncated& error) {
              truncated = true;
              check(std::string_view{error.what()}.find("of " + std::to_string(size) + " bytes") !=
                        std::string_view::npos,
                    "what is too long is told");
            }
            check(truncated == (size > capacity), "what is longer than its room is Truncated");
            if (to != Side::nowhere) {
              auto expected = untouched;
              if (!truncated && from != Side::nowhere)
                std::ranges::copy(message, expected.begin() + guard);
              check(bytes_of(memory) == expected,
                    "a message is written into its room and nowhere else");
            }
            check(wait(comm, std::move(after)).bytes == 3 && bytes_of(second) == next,
                  "the next message is unharmed");
          }
  };
  for (const bool posted_first : {false, true})
    for (const Bytes eager : {Bytes{0}, Bytes{1000}})
      run(world,
          [&](Communicator& comm, DetachedAccelerator& device) {
            program(comm, device, posted_first);
          },
          {.eager_limit = eager, .fragment_bytes = Bytes{fragment}});
}

/// Kernels and messages find each other's values with nothing but the waits of the program, and
/// memory is free for others as soon as its request has ended.
void orders_kernels_and_messages(World& world) {
  run(world,
      [](Communicator& comm, DetachedAccelerator& device) {
        const Rank right = (comm.rank() + 1) % comm.size();
        const Rank left = (comm.rank() + comm.size() - 1) % comm.size();
        const std::size_t size = 1000;
        const Buffer mine = on_device(device, std::vector<float>(size, 1));
        float expected = 1;
        for (int step = 0; step < 8; ++step) {
          const Scratch scratch{mine, size};
          compute(comm, Fill{static_cast<double>(comm.rank()), scratch.all()});
          compute(comm, Copy{scratch.all(), mine});
          WaitSet set;
          const Scratch room{mine, size};
          set.add(comm.irecv(left, data.at(step), room.all()));
          wait(comm, comm.isend(right, data.at(step), scratch.all()));
          compute(comm, Fill{-1, scratch.all()});  // the payload is ours again
          wait_all(comm, set);
          compute(comm, Axpy{0.5, room.all(), mine});
          compute(comm, Fill{-2, room.all()});
          expected *= 1.5f;
        }
        check(values_of(mine) == std::vector<float>(size, expected),
              "each step adds half of what the left one has");
      },
      {.fragment_bytes = Bytes{fragment}});
}

/// The same in flows, all at once.
void exchanges_in_flows(World& world) {
  run(world,
      [](Communicator& comm, DetachedAccelerator& device) {
        constexpr std::size_t flows = 8, size = 300;
        const Rank right = (comm.rank() + 1) % comm.size();
        const Rank left = (comm.rank() + comm.size() - 1) % comm.size();
        std::vector<Buffer> values;
        WaitSet set;
        for (std::size_t flow = 0; flow < flows; ++flow) {
          values.push_back(on_device(device, std::vector<float>(size, 1)));
          compute(comm, Scale{static_cast<double>(comm.rank() + 1), values.back()});
        }
        for (std::size_t flow = 0; flow < flows; ++flow)
          set.add(comm.spawn([&, flow](Communicator& own) {
            const Slice mine = values[flow];
            const Scratch scratch{mine, size};
            const Scratch sum{mine, size};
            compute(own, Copy{sum.all(), mine});
            for (int step = 1; step < own.size(); ++step) {
              exchange(own, data.at(step), mine, right, scratch.all(), left);
              compute(own, Copy{mine, scratch.all()});
              compute(own, Reduce{Op::sum, sum.all(), scratch.all()});
            }
            compute(own, Copy{mine, sum.all()});
          }));
        wait_all(comm, set);
        const auto ranks = static_cast<float>(comm.size());
        for (const Buffer& buffer : values)
          check(values_of(buffer) == std::vector<float>(size, ranks * (ranks + 1) / 2),
                "every flow adds what all ranks have");
      },
      {.fragment_bytes = Bytes{fragment}});
}

/// Hundreds of messages before anybody receives, those sent last received first; no more staging
/// memory than some fragments of each.
void carries_hundreds(World& world) {
  run(world,
      [](Communicator& comm, DetachedAccelerator& device) {
        constexpr std::size_t count = 200, size = 10 * fragment + 3;
        const Rank peer = comm.size() - 1 - comm.rank();
        std::vector<Buffer> out, in;
        WaitSet set;
        const auto which = [](Rank rank, std::size_t i) {
          return static_cast<std::size_t>(rank) * count + i;
        };
        for (std::size_t i = 0; i < count; ++i) {
          out.push_back(bytes_at(device, Side::device, pattern(size, which(comm.rank(), i))));
          set.add(comm.isend(peer, data.at(static_cast<int>(i % 20)), out.back().slice()));
        }
        for (std::size_t i = 0; i < count; ++i)
          in.emplace_back(size, Dtype::uint8, i % 3 == 0 ? host_memory() : device.memory());
        for (int step = 20; step-- > 0;)
          for (std::size_t i = static_cast<std::size_t>(step); i < count; i += 20)
            set.add(comm.irecv(peer, data.at(step), in[i].slice()));
        wait_all(comm, set);
        for (std::size_t i = 0; i < count; ++i)
          check(bytes_of(in[i]) == pattern(size, which(peer, i)), "each of hundreds arrives whole");
        check(device.most_staged() <= 3 * fragment * (count + 64),
              "a message takes three fragments of staging memory");
      },
      {.fragment_bytes = Bytes{fragment}});
}

/// Messages to oneself, from memory to memory.
void sends_to_itself(World& world) {
  run(world,
      [](Communicator& comm, DetachedAccelerator& device) {
        for (const Side from : sides)
          for (const Side to : sides)
            for (const std::size_t size : sizes) {
              const Buffer out = bytes_at(device, from, pattern(size, 1));
              const Buffer in = bytes_at(device, to, pattern(size, 2));
              check(exchange(comm, data, out.slice(), comm.rank(), in.slice(), comm.rank()).bytes ==
                        size,
                    "a message to oneself has its length");
              if (to != Side::nowhere)
                check(bytes_of(in) == pattern(size, from == Side::nowhere ? 2 : 1),
                      "a message to oneself arrives");
            }
      },
      {.fragment_bytes = Bytes{fragment}});
}

/// Open tags take from whoever comes, in the order of each sender.
void serves_open_tags(World& world) {
  run(world,
      [](Communicator& comm, DetachedAccelerator& device) {
        constexpr std::size_t count = 20, size = 3 * fragment;
        const Tag open = Tag::open(3);
        if (comm.rank() != 0) {
          for (std::size_t i = 0; i < count; ++i) {
            const Buffer out =
                bytes_at(device, i % 2 == 0 ? Side::device : Side::host,
                         pattern(size, static_cast<std::size_t>(comm.rank()) * count + i));
            send(comm, 0, open, out.slice());
          }
          return;
        }
        std::vector<std::size_t> seen(static_cast<std::size_t>(comm.size()));
        for (std::size_t i = 0; i < count * (seen.size() - 1); ++i) {
          const Buffer in{size, Dtype::uint8, i % 3 == 0 ? host_memory() : device.memory()};
          const auto from =
              static_cast<std::size_t>(receive(comm, any_rank, open, in.slice()).from);
          check(bytes_of(in) == pattern(size, from * count + seen[from]++),
                "messages of one sender come in their order, and say who that is");
        }
      },
      {.fragment_bytes = Bytes{fragment}});
}

/// Requests that nobody waits for.
void drops_requests(World& world) {
  run(world,
      [](Communicator& comm, DetachedAccelerator& device) {
        if (comm.rank() > 1 || comm.size() < 2) return;
        constexpr std::size_t size = 10 * fragment;
        const Rank peer = 1 - comm.rank();
        for (std::size_t i = 0; i < 10; ++i) {
          const Buffer room = bytes_at(device, Side::device, pattern(size, 500));
          { const Request unmatched = comm.irecv(peer, data, room.slice()); }
          check(bytes_of(room) == pattern(size, 500), "a receive that is dropped takes nothing");
          if (comm.rank() == 0) {
            const Buffer out = bytes_at(device, Side::device, pattern(size, i));
            {
              const Request sent = comm.isend(peer, data, out.slice());
              const Request computed = comm.start(Copy{room, out});
            }
            compute(comm, Fill{0, out});
            check(bytes_of(room) == pattern(size, i), "a kernel that is dropped has run");
          } else {
            receive(comm, peer, data, room.slice());
            check(bytes_of(room) == pattern(size, i), "a send that is dropped arrives");
          }
        }
      },
      {.fragment_bytes = Bytes{fragment}});
}

/// Eager messages leave at once, and those that nobody asked for do not reach the next run.
void forgets_between_runs(World& world) {
  for (std::uint64_t run = 1; run <= 20; ++run) {
    DetachedAccelerator device{{.seed = run, .reachable_by_mpi = run % 2 == 0}};
    const std::size_t unasked = world.run(
        [&](Communicator& comm) {
          const Rank right = (comm.rank() + 1) % comm.size();
          const Rank left = (comm.rank() + comm.size() - 1) % comm.size();
          const Buffer out = bytes_at(device, Side::device, pattern(1000 * run, run));
          const Buffer in = bytes_at(device, Side::device, pattern(1000 * run, 0));
          send(comm, right, data, out.slice());
          send(comm, right, data, out.slice());
          send(comm, right, Tag::open(1), out.slice().first(1));
          compute(comm, Fill{0, out});
          receive(comm, left, data, in.slice());
          check(bytes_of(in) == pattern(1000 * run, run),
                "a message of an earlier run is not received in a later one");
        },
        {.eager_limit = Bytes{1 << 20}, .accelerator = &device, .fragment_bytes = Bytes{4096}});
    check(unasked == 2, "a run tells how many messages nobody asked for");
    check(device.staged() == 0, "and leaves no staging memory in use");
  }
}

/// A message counts once, with its bytes, in however many fragments it came.
void counts(World& world) {
  run(world,
      [&](Communicator& comm, DetachedAccelerator& device) {
        const Rank right = (comm.rank() + 1) % comm.size();
        const Rank left = (comm.rank() + comm.size() - 1) % comm.size();
        const Buffer out = bytes_at(device, Side::device, pattern(1000, 1));
        const Buffer in = bytes_at(device, Side::device, pattern(1000, 2));
        exchange(comm, data, out.slice(), right, in.slice(), left);
        compute(comm, Copy{in, out});
        const Activity did = world.activity();
        check(did.messages == 1 && did.bytes == 1000, "what is sent is counted once");
        check(did.received_messages == 1 && did.received_bytes == 1000, "and what is received");
        check(did.kernels == 1, "and kernels of the device");
        check(did.computing + did.communicating + did.waiting <= comm.now() + Seconds{1e-3},
              "a rank does one thing at a time");
      },
      {.fragment_bytes = Bytes{fragment}});
}

/// Messages of one sender and tag complete in the order of their sending, however long each takes.
void completes_in_order(World& world) {
  run(world,
      [](Communicator& comm, DetachedAccelerator& device) {
        if (comm.rank() > 1 || comm.size() < 2) return;
        std::vector<Buffer> buffers;
        std::size_t which = 0;
        for (const Side from : sides)
          for (const Side to : sides)
            for (const std::size_t size : {std::size_t{5000}, std::size_t{1}, fragment * 3})
              buffers.push_back(bytes_at(device, comm.rank() == 0 ? from : to,
                                         pattern(size, comm.rank() == 0 ? ++which : 0)));
        WaitSet set;
        if (comm.rank() == 0) {
          for (const Buffer& buffer : buffers) set.add(comm.isend(1, data, buffer.slice()));
          wait_all(comm, set);
          return;
        }
        for (const Buffer& buffer : buffers) set.add(comm.irecv(0, data, buffer.slice()));
        for (std::size_t next = 0; !set.empty(); ++next)
          check(comm.wait_any(set)->index == next,
                "messages of one sender and tag complete in order");
      },
      {.fragment_bytes = Bytes{fragment}});
}

/// All others wait on devices for the last rank, which does nothing for a while.
void comes_late(World& world) {
  DetachedAccelerator device;
  world.run(
      [&](Communicator& comm) {
        const Rank last = comm.size() - 1;
        const Buffer x = on_device(device, {1});
        if (comm.rank() < last) {
          receive(comm, last, data.at(3), x.slice());
        } else {
          std::this_thread::sleep_for(std::chrono::milliseconds{1500});
          for (Rank to = 0; to < last; ++to) send(comm, to, data.at(3), x.slice());
        }
      },
      {.standstill_notice = Seconds{1}, .accelerator = &device});
}

}  // namespace

const Programs& message_programs() {
  static const Programs all{
      {"carries", carries_between_all_memories},
      {"overtakes", completes_in_order},
      {"late", comes_late},
      {"messages", orders_kernels_and_messages},
      {"exchanges", exchanges_in_flows},
      {"hundreds", carries_hundreds},
      {"itself", sends_to_itself},
      {"open", serves_open_tags},
      {"drops", drops_requests},
      {"forgets", forgets_between_runs},
      {"counts", counts},
  };
  return all;
}

}  // namespace troupe::tests
