// Flows on a detached device: what they follow of each other, and what not.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contract/random_program.hpp"
#include "mpi/detached_programs.hpp"

namespace troupe::tests {

namespace {

using mpi::World;

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

/// What a flow does because of a message of its own rank comes after what had been launched when
/// that left, and need not wait for kernels that the rank has launched before the flow's turn.
void follows_up_to_the_signal(World& world) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    DetachedAccelerator device{{.seed = seed}};
    mpi::Options options;
    options.accelerator = &device;
    world.run(
        [&](Communicator& comm) {
          constexpr Tag ready{5};
          const Buffer x = on_device(device, {1, 2, 3}), y = on_device(device, {0, 0, 0});
          const Seconds late = comm.now() + Seconds{5};
          WaitSet flow, signal;
          flow.add(comm.spawn([&](Communicator& own) {
            receive(own, own.rank(), ready.in(comm.context()), Payload{});
            compute(own, Scale{2, x});
          }));
          compute(comm, Fill{3, x});
          signal.add(comm.isend(comm.rank(), ready, ConstPayload{}));
          device.hold_first_lane();
          for (int i = 0; i < 5; ++i) wait(comm, comm.start(Fill{7, y}));
          check(comm.wait_any(flow, late).has_value(), "a flow follows no kernel after the signal");
          device.release_first_lane();
          wait_all(comm, flow);
          wait_all(comm, signal);
          check(values_of(x) == std::vector<float>{6, 6, 6}, "and finds what came before it");
          check(values_of(y) == std::vector<float>{7, 7, 7}, "while the rank's own goes on");
        },
        options);
  }
}

/// The clock of a flow waits for no kernel of another: what the flow knows to be complete is.
void tells_flows_the_time(World& world) {
  run(world, [](Communicator& comm, DetachedAccelerator& device) {
    const Buffer y = on_device(device, {0});
    WaitSet flow;
    Seconds told{};
    const Seconds before = comm.now();
    flow.add(comm.spawn([&](Communicator& own) { told = own.now(); }));
    device.hold_first_lane();
    compute(comm, Fill{4, y});
    const auto waits = device.waits();
    wait_all(comm, flow);
    check(told >= before && device.waits() == waits, "the clock of a flow waits for no kernel");
    device.release_first_lane();
    check(comm.now() >= told && device.waits() > waits, "and that of the rank's own flow does");
  });
}

/// A device makes its copies one after the other. What a flow sends that a kernel has yet to
/// compute holds up nothing of what another sends that is there.
void lets_copies_overtake(World& world) {
  DetachedAccelerator device{{.copies_in_turn = true}};
  mpi::Options options;
  options.accelerator = &device;
  world.run(
      [&](Communicator& comm) {
        constexpr Tag go{5}, values{6};
        const Buffer x = on_device(device, {3, 3}), y = on_device(device, {0, 0});
        const Buffer from_x = on_device(device, {0, 0}), from_y = on_device(device, {0, 0});
        const Rank me = comm.rank();
        const Seconds late = comm.now() + Seconds{5};
        WaitSet first, second_one;
        first.add(comm.spawn([&](Communicator& own) {
          receive(own, me, go.in(comm.context()), Payload{});
          exchange(own, values, x.slice(), me, from_x.slice(), me);
        }));
        device.hold_first_lane();
        compute(comm, Fill{4, y});
        second_one.add(comm.spawn([&](Communicator& own) {
          WaitSet both;
          both.add(own.irecv(me, values, from_y.slice()));
          both.add(own.isend(me, values, y.slice()));
          send(own, me, go.in(comm.context()), ConstPayload{});
          wait_all(own, both);
        }));
        check(comm.wait_any(first, late).has_value(), "a copy waits for no kernel of another flow");
        device.release_first_lane();
        wait_all(comm, first);
        wait_all(comm, second_one);
        check(values_of(from_x) == std::vector<float>{3, 3}, "what was there is sent");
        check(values_of(from_y) == std::vector<float>{4, 4}, "and what came later");
      },
      options);
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

/// Flows, kernels and messages that nobody wrote, and memory of the device between them.
void runs_random_programs(World& world) {
  std::uint64_t seed = 0;
  run(world, [&](Communicator& comm, DetachedAccelerator& device) {
    for (int i = 0; i < 5; ++i)
      contract::RandomProgram{++seed, comm.size()}.run(comm, device.memory());
  });
}

}  // namespace

const Programs& flow_programs() {
  static const Programs all{
      {"ahead beside a flow", runs_ahead_beside_a_flow},
      {"flows alone", leaves_alone_what_flows_do_not_touch},
      {"flows touch", orders_all_that_flows_touch},
      {"flows after a signal", follows_up_to_the_signal},
      {"time of flows", tells_flows_the_time},
      {"copies overtake", lets_copies_overtake},
      {"flows", orders_flows},
      {"random", runs_random_programs},
  };
  return all;
}

}  // namespace troupe::tests
