// Kernels on a detached device and on the host.

#include <array>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "algorithms/microbenchmarks/device.hpp"
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

/// Code on the host is measured beside a device: copies there and back, and what it computes.
void measures_its_host(World& world) {
  DetachedAccelerator device{{.seed = 1 + static_cast<std::uint64_t>(world.rank())}};
  mpi::Options options;
  options.accelerator = &device;
  world.run(
      [&](Communicator& comm) {
        const HostLink link = algorithms::measure_host_link(
            comm, device.memory(), {.row = Seconds{1e-5}, .repeats = 1, .longest = Seconds{10}});
        for (const auto* copies : {&link.to_device, &link.from_device})
          check(copies->size() == 8, "copies of 4 KiB to 64 MiB are measured");
        check(link.speed.value > 0 && link.memory_bandwidth.value > 0, "the host computes, too");
        const HostLink none = algorithms::measure_host_link(comm, host_memory(), {});
        check(none.to_device.empty() && none.speed.value == 0, "the host is not beside itself");
      },
      options);
}

}  // namespace

const Programs& kernel_programs() {
  static const Programs all{
      {"order", computes_in_order},          {"ahead", runs_ahead},
      {"recorded ahead", is_recorded_ahead}, {"throws", throws_from_the_wait},
      {"both", computes_on_both_sides},      {"bfloat16", multiplies_bfloat16},
      {"host", measures_its_host},
  };
  return all;
}

}  // namespace troupe::tests
