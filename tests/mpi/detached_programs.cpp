// Programs for mpirun whose values are in the memory of a detached device (detached.hpp): kernels
// and messages there, in every mixture with the host's. The first argument names one; each ends the
// job with a line on stderr and exit status 1 where it finds a broken promise.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/checked.hpp"
#include "core/communicator.hpp"
#include "mpi/detached.hpp"
#include "real_backend/mpi/world.hpp"

namespace {

using namespace troupe;
using mpi::Options;
using mpi::World;
using tests::DetachedAccelerator;

constexpr Tag data{1}, signal{2};

void check(bool holds, const std::string& promise) {
  if (!holds) throw std::runtime_error{promise};
}

/// Runs a program on devices of a few seeds and settings, bare and checked.
void run(World& world, const std::function<void(Communicator&, DetachedAccelerator&)>& program,
         Options options = {}) {
  for (const bool reachable : {false, true})
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      DetachedAccelerator device{{.seed = 64 * seed + static_cast<std::uint64_t>(world.rank()),
                                  .reachable_by_mpi = reachable}};
      options.accelerator = &device;
      world.run([&](Communicator& comm) { program(comm, device); }, options);
      world.run(
          [&](Communicator& comm) {
            CheckedCommunicator checked{comm};
            program(checked, device);
          },
          options);
      world.guard([&] {
        check(device.put_off() == 0, "after a run the device has done everything");
        check(device.staged() == 0, "after a run no staging memory is in use");
      });
    }
}

Buffer on_device(DetachedAccelerator& device, const std::vector<float>& values) {
  Buffer buffer{values.size(), Dtype::float32, device.memory()};
  copy_from_host(buffer, std::span{values});
  return buffer;
}
std::vector<float> values_of(ConstSlice slice) {
  const HostView view{slice};
  const auto values = view.slice().host<float>();
  return {values.begin(), values.end()};
}

// ---- kernels

/// Kernels of a flow run in order, put off or not; an Opaque finds what was launched before it.
void computes_in_order(World& world) {
  run(world, [](Communicator& comm, DetachedAccelerator& device) {
    const Buffer x = on_device(device, {1, 2, 3});
    const Buffer y = on_device(device, {0, 0, 0});
    WaitSet set;
    for (int i = 0; i < 5; ++i) set.add(comm.start(Scale{2, x}));
    set.add(comm.start(Axpy{1, x, y}));
    float seen = 0;
    set.add(comm.start(Opaque{{y}, {x}, {}, [&] {
                                seen = y.slice().host<float>()[2];
                                for (float& value : x.slice().host<float>()) value = 7;
                              }}));
    set.add(comm.start(Reduce{Op::sum, y, x}));
    std::vector<std::size_t> order;
    while (!set.empty()) order.push_back(comm.wait_any(set)->index);
    std::vector<std::size_t> issued(order.size());
    std::iota(issued.begin(), issued.end(), 0u);
    check(order == issued, "kernels of one flow complete in order");
    check(seen == 96, "an opaque kernel finds what the kernels before it have written");
    check(values_of(x) == std::vector<float>{7, 7, 7}, "what it writes is on the device");
    check(values_of(y) == std::vector<float>{39, 71, 103}, "kernels after it find that");
  });
}

/// A training loop without other flows never waits for the device; reading the clock does.
void runs_ahead(World& world) {
  run(world, [](Communicator& comm, DetachedAccelerator& device) {
    const Buffer x = on_device(device, std::vector<float>(100, 1));
    const std::uint64_t waits = device.waits();
    for (int i = 0; i < 10; ++i) compute(comm, Scale{2, x});
    check(device.waits() == waits, "kernels that were waited for may still run");
    check(device.put_off() >= 10, "the device has put off what nobody needs yet");
    comm.now();
    check(device.waits() == waits + 1, "the clock tells when they are over");
    comm.now();
    check(device.waits() == waits + 1, "and needs to wait once for that");
    check(values_of(x) == std::vector<float>(100, 1024), "they have run");
  });
}

void throws_from_the_wait(World& world) {
  run(world, [](Communicator& comm, DetachedAccelerator& device) {
    const Buffer x = on_device(device, {1, 2});
    const auto fails = [&](Kernel kernel) {
      Request request = comm.start(std::move(kernel));
      try {
        wait(comm, std::move(request));
      } catch (const BackendError&) {
        return true;
      }
      return false;
    };
    const Opaque failing{{x}, {x}, {}, [] { throw BackendError{"on purpose"}; }};
    check(fails(failing), "what a kernel throws is thrown by the wait");
    const Buffer indefinite = on_device(device, {1, 2, 2, 1});
    check(fails(Cholesky{2, indefinite}), "and what the device finds");
    bool inside = false;
    wait(comm, comm.spawn([&](Communicator& flow) {
      try {
        compute(flow, failing);
      } catch (const BackendError&) {
        inside = true;
      }
    }));
    check(inside, "in flows, too");
    check(values_of(x) == std::vector<float>{1, 2}, "a kernel that failed has written nothing");
  });
}

/// Lanes of flows: a flow finds what its parent did before, the parent what the flow did, and
/// kernels of several flows do not mix.
void orders_flows(World& world) {
  run(world, [](Communicator& comm, DetachedAccelerator& device) {
    constexpr std::size_t flows = 6;
    std::vector<Buffer> parts, results;
    for (std::size_t i = 0; i < flows; ++i) {
      parts.push_back(on_device(device, {static_cast<float>(i)}));
      results.emplace_back(1, Dtype::float32, device.memory());
      compute(comm, Axpy{1, parts[0], parts[i]});
      compute(comm, Fill{1, results[i]});
    }
    WaitSet set;
    for (std::size_t i = 0; i < flows; ++i)
      set.add(comm.spawn([&, i](Communicator& flow) {
        const Scratch scratch{parts[i], 1};
        compute(flow, Copy{scratch.all(), parts[i]});
        for (int step = 0; step < 10; ++step) compute(flow, Axpy{1, scratch.all(), results[i]});
        wait(flow, flow.spawn([&](Communicator& inner) { compute(inner, Scale{2, results[i]}); }));
        compute(flow, Reduce{Op::sum, results[i], scratch.all()});
      }));
    const Buffer own = on_device(device, {1});
    compute(comm, Scale{3, own});
    wait_all(comm, set);
    for (std::size_t i = 1; i < flows; ++i) compute(comm, Reduce{Op::sum, results[0], results[i]});
    check(values_of(own) == std::vector<float>{3}, "the parent computes beside its flows");
    check(values_of(results[0]) == std::vector<float>{12 + 21 * 15},
          "and finds what they computed");
  });
}

/// Kernels on the host and on the device in one program, an Opaque on both.
void computes_on_both_sides(World& world) {
  run(world, [](Communicator& comm, DetachedAccelerator& device) {
    std::vector<float> host(1 << 16, 1);
    const Buffer x = on_device(device, std::vector<float>(1 << 16, 2));
    WaitSet set;
    std::vector<int> order;
    set.add(comm.start(Opaque{{}, {}, {}, [&] { order.push_back(1); }}));
    set.add(comm.start(Scale{2, std::span{host}}));
    set.add(comm.start(Opaque{{x}, {x, std::span{host}}, {}, [&] {
                                order.push_back(2);
                                const auto values = x.slice().host<float>();
                                for (std::size_t i = 0; i < host.size(); ++i) values[i] += host[i];
                                host.assign(host.size(), 5);
                              }}));
    set.add(comm.start(Opaque{{}, {}, {}, [&] { order.push_back(3); }}));
    wait_all(comm, set);
    check(order == std::vector{1, 2, 3}, "bodies run in order, wherever their operands are");
    check(host == std::vector<float>(1 << 16, 5), "an opaque kernel writes on the host");
    check(values_of(x) == std::vector<float>(1 << 16, 4), "and on the device");
    const Buffer indexed = on_device(device, {0, 0});
    {
      const std::array<std::size_t, 2> columns{1, 0};
      const Buffer from = on_device(device, {10, 20});
      compute(comm, Gather{1, columns, indexed, from});
    }
    check(values_of(indexed) == std::vector<float>{20, 10},
          "what a kernel needs is left alone until it has run");
  });
}

// ---- messages

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

int main(int argc, char** argv) {
  World world{argc, argv};
  const std::map<std::string, void (*)(World&)> programs{
      {"order", computes_in_order},
      {"ahead", runs_ahead},
      {"throws", throws_from_the_wait},
      {"flows", orders_flows},
      {"both", computes_on_both_sides},
      {"carries", carries_between_all_memories},
      {"messages", orders_kernels_and_messages},
      {"exchanges", exchanges_in_flows},
      {"hundreds", carries_hundreds},
      {"itself", sends_to_itself},
      {"open", serves_open_tags},
      {"drops", drops_requests},
      {"forgets", forgets_between_runs},
      {"counts", counts},
  };
  const std::string wanted = argc > 1 ? argv[1] : "";
  world.guard([&] {
    const auto found = programs.find(wanted);
    if (wanted == "late") return comes_late(world);
    if (found == programs.end() && wanted != "all")
      throw BadInput{"the first argument names a program of this file, or is: all"};
    for (const auto& [name, program] : programs)
      if (wanted == "all" || wanted == name) program(world);
  });
  if (world.rank() == 0) std::printf("passed: %s on %d ranks\n", wanted.c_str(), world.size());
}
