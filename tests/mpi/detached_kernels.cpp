// Kernels on a detached device and on the host, in flows and out of them.

#include <array>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "contract/random_program.hpp"
#include "core/recorder.hpp"
#include "mpi/detached_programs.hpp"

namespace troupe::tests {

namespace {

using mpi::World;

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

/// A training loop never waits for the device; reading the clock does.
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

/// Nor does one that is recorded, by a clock that does not wait; by now() it would.
void is_recorded_ahead(World& world) {
  for (const bool waits : {false, true})
    run(world, [&](Communicator& comm, DetachedAccelerator& device) {
      RecordedRank log;
      if (!waits) log.tell_time_by([&] { return world.host_now(); });
      Recorder recorder{comm, log};
      const Buffer x = on_device(device, std::vector<float>(100, 1));
      const std::uint64_t before = device.waits();
      const Seconds begin = comm.now();
      for (int i = 0; i < 10; ++i) compute(recorder, Scale{2, x});
      check((device.waits() > before + 1) == waits, "a clock of the host does not wait");
      const Seconds end = comm.now();
      for (const RecordedEvent& event : log.events())
        check(begin <= event.issued && event.issued <= event.completed && event.completed <= end,
              "what is recorded is in order");
      check(log.kernels() == 10, "all is recorded");
    });
}

/// Nor does one beside a flow that waits for a message; what the flow then does comes after what
/// the program had launched.
void runs_ahead_beside_a_flow(World& world) {
  run(world, [](Communicator& comm, DetachedAccelerator& device) {
    constexpr Tag go{63};
    const Buffer x = on_device(device, std::vector<float>(100, 1));
    const Buffer y = on_device(device, std::vector<float>(100, 0));
    Request flow = comm.spawn([&, context = comm.context()](Communicator& own) {
      receive(own, own.rank(), go.in(context), Payload{});
      compute(own, Axpy{1, x, y});
    });
    const std::uint64_t waits = device.waits();
    for (int i = 0; i < 10; ++i) compute(comm, Scale{2, x});
    check(device.waits() == waits && device.put_off() >= 10,
          "kernels beside a flow that waits may still run once they were waited for");
    send(comm, comm.rank(), go, ConstPayload{});
    wait(comm, std::move(flow));
    compute(comm, Scale{2, x});
    check(values_of(y) == std::vector<float>(100, 1024), "the flow finds what they compute");
  });
}

/// A flow need not wait for what its rank has launched on other memory.
void leaves_alone_what_flows_do_not_touch(World& world) {
  run(world, [](Communicator& comm, DetachedAccelerator& device) {
    constexpr Tag go{63};
    const Buffer x = on_device(device, {1, 2, 3}), y = on_device(device, {1, 1, 1});
    Request flow = comm.spawn([&, context = comm.context()](Communicator& own) {
      receive(own, own.rank(), go.in(context), Payload{});
      compute(own, Scale{2, x});
    });
    for (int i = 0; i < 1000; ++i) compute(comm, Scale{i % 2 == 0 ? 2.0 : 0.5, y});
    send(comm, comm.rank(), go, ConstPayload{});
    wait(comm, std::move(flow));
    check(device.put_off() > 500, "the flow is over long before what it does not touch");
    check(values_of(x) == std::vector<float>{2, 4, 6}, "it has done its part");
    check(values_of(y) == std::vector<float>{1, 1, 1}, "and so have the others");
  });
}

/// Whatever a flow does with memory comes after what its rank has launched on it, however it has
/// learned of that: here, by a variable.
void orders_all_that_flows_touch(World& world) {
  using Values = std::vector<float>;
  struct Memory {
    Buffer x, y, fresh;
    std::shared_ptr<Buffer> shared;
    Values seen;
  };
  struct Case {
    const char* what;
    std::function<void(Communicator&, Memory&)> touch;
    Values x, y;
    bool arrives = false;  ///< what its rank has just received
  };
  const Values doubled(100, 1024), zeros(100, 0), fives(100, 5), sums(100, 1);
  const std::vector<Case> cases{
      {"computes from it",
       [](Communicator& own, Memory& m) {
         compute(own, Axpy{1, m.x, m.y});
       },
       doubled, doubled},
      {"computes into it",
       [](Communicator& own, Memory& m) {
         compute(own, Fill{5, m.x});
       },
       fives, zeros},
      {"lets a body look at it",
       [](Communicator& own, Memory& m) {
         compute(own,
                 Opaque{{m.x}, {}, {}, [&] { m.seen.assign(1, m.x.slice().host<float>()[7]); }});
       },
       doubled, zeros},
      {"reads it", [](Communicator&, Memory& m) { m.seen = values_of(m.x); }, doubled, zeros},
      {"writes it",
       [](Communicator&, Memory& m) {
         const Values five(100, 5);
         copy_from_host(m.x, std::span{five});
       },
       fives, zeros},
      {"sends it",
       [](Communicator& own, Memory& m) {
         exchange(own, Tag{1}, m.x.slice(), own.rank(), m.y.slice(), own.rank());
       },
       doubled, doubled},
      {"receives into it",
       [](Communicator& own, Memory& m) {
         Values five(100, 5);
         exchange(own, Tag{1}, ConstSlice{std::span<const float>{five}}, own.rank(), m.x.slice(),
                  own.rank());
       },
       fives, zeros},
      {"computes on it off the clock",
       [](Communicator&, Memory& m) {
         m.x.slice().memory().runner()->run(Axpy{1, m.x, m.y});
         m.seen = values_of(m.y);
       },
       doubled, doubled},
      {"fills what its rank has just allocated",
       [](Communicator& own, Memory& m) {
         compute(own, Fill{5, m.fresh});
         compute(own, Copy{m.y, m.fresh});
       },
       doubled, fives},
      {"computes on what has just arrived",
       [](Communicator& own, Memory& m) {
         compute(own, Scale{2, m.y});
       },
       doubled, Values(100, 10), true},
      {"gives back what is still added", [](Communicator&, Memory& m) { m.shared.reset(); },
       doubled, sums}};
  for (const Case& one : cases)
    run(world, [&](Communicator& comm, DetachedAccelerator& device) {
      Memory memory{on_device(device, Values(100, 1)), on_device(device, zeros), {}, {}, {}};
      bool go = false;
      Request flow = comm.spawn([&](Communicator& own) {
        while (!go) {  // a turn at a time
          Request turn = own.isend(own.rank(), Tag{2}, ConstPayload{});
          receive(own, own.rank(), Tag{2}, Payload{});
          wait(own, std::move(turn));
        }
        one.touch(own, memory);
      });
      memory.shared = std::make_shared<Buffer>(on_device(device, sums));
      memory.fresh = Buffer{100, Dtype::float32, device.memory()};
      for (int i = 0; i < 10; ++i) compute(comm, Scale{2, memory.x});
      if (one.y == sums) compute(comm, Axpy{1, *memory.shared, memory.y});
      if (one.arrives)
        exchange(comm, Tag{1}, std::span<const float>{fives}, comm.rank(), memory.y.slice(),
                 comm.rank());
      go = true;
      wait(comm, std::move(flow));
      check(values_of(memory.x) == one.x && values_of(memory.y) == one.y,
            std::string{"in order: a flow "} + one.what);
      check(memory.seen.empty() || memory.seen.front() == 1024,
            std::string{"and sees the end: a flow "} + one.what);
    });
}

/// What a flow does because of a message of its own rank comes before the kernel that the rank
/// computes next: on a device it need not follow that.
void lets_flows_go_first(World& world) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    DetachedAccelerator device{{.seed = seed}};
    mpi::Options options;
    options.accelerator = &device;
    world.run(
        [&](Communicator& comm) {
          constexpr Tag ready{5};
          const Buffer x = on_device(device, {1, 2, 3}), y = on_device(device, {0, 0, 0});
          std::uint64_t seen = 0;
          Request flow = comm.spawn([&](Communicator& own) {
            receive(own, own.rank(), ready.in(comm.context()), Payload{});
            seen = world.activity().kernels;
            compute(own, Scale{2, x});
          });
          compute(comm, Fill{3, x});
          WaitSet signal;
          signal.add(comm.isend(comm.rank(), ready, ConstPayload{}));
          for (int i = 0; i < 5; ++i) compute(comm, Fill{7, y});
          wait_all(comm, signal);
          wait(comm, std::move(flow));
          check(seen == 1, "a flow goes on before the next kernel is launched");
          check(values_of(x) == std::vector<float>{6, 6, 6}, "and finds what came before it");
        },
        options);
  }
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

/// Flows, kernels and messages that nobody wrote, and memory of the device between them.
void runs_random_programs(World& world) {
  std::uint64_t seed = 0;
  run(world, [&](Communicator& comm, DetachedAccelerator& device) {
    for (int i = 0; i < 5; ++i)
      contract::RandomProgram{++seed, comm.size()}.run(comm, device.memory());
  });
}

/// A product of bfloat16 into float32, behind the casts that round to it.
void multiplies_bfloat16(World& world) {
  run(world, [](Communicator& comm, DetachedAccelerator& device) {
    const Buffer a = on_device(device, {1, 2, 3, 4}), b = on_device(device, {5, 6 + 0x1p-10f});
    const Buffer c = on_device(device, {1, -1});
    const Buffer narrow_a{4, Dtype::bfloat16, device.memory()};
    const Buffer narrow_b{2, Dtype::bfloat16, device.memory()};
    compute(comm, Cast{narrow_a, a});
    compute(comm, Cast{narrow_b, b});
    compute(comm, Gemm{.m = 2, .n = 1, .k = 2, .beta = 1, .a = narrow_a, .b = narrow_b, .c = c});
    check(values_of(c) == std::vector<float>{1 + 5 + 18, -1 + 10 + 24},
          "the device multiplies bfloat16 and sums in float32");
  });
}

}  // namespace

const Programs& kernel_programs() {
  static const Programs all{
      {"order", computes_in_order},
      {"ahead", runs_ahead},
      {"recorded ahead", is_recorded_ahead},
      {"ahead beside a flow", runs_ahead_beside_a_flow},
      {"flows alone", leaves_alone_what_flows_do_not_touch},
      {"flows touch", orders_all_that_flows_touch},
      {"flows first", lets_flows_go_first},
      {"throws", throws_from_the_wait},
      {"flows", orders_flows},
      {"both", computes_on_both_sides},
      {"random", runs_random_programs},
      {"bfloat16", multiplies_bfloat16},
  };
  return all;
}

}  // namespace troupe::tests
