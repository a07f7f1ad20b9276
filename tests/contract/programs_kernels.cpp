// Local work: when it runs, in which order, and what it costs where nothing is computed.

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "contract/contract.hpp"
#include "core/recorder.hpp"

namespace troupe::contract {

namespace {

constexpr Tag data{1};

void computes(Communicator& comm) {
  std::array<std::int32_t, 4> into{1, 2, 3, 4}, from{10, 20, 30, 40};
  compute(comm, Reduce{Op::sum, std::span{into}, std::span{from}});
  check(into == std::array<std::int32_t, 4>{11, 22, 33, 44},
        "a kernel that was waited for has run");
  std::array<double, 4> a{1, 2, 3, 4}, b{1, 0, 0, 1}, c{};
  compute(comm,
          Gemm{.m = 2, .n = 2, .k = 2, .a = std::span{a}, .b = std::span{b}, .c = std::span{c}});
  check(c == a, "a product with the identity is the matrix");
}

void runs_kernels_in_order(Communicator& comm) {
  std::array<double, 2> x{0, 0};
  const Slice slice{std::span{x}};
  WaitSet set;
  set.add(comm.start(Fill{3, slice}));
  for (int i = 0; i < 10; ++i) set.add(comm.start(Scale{2, slice}));
  set.add(comm.start(Axpy{1, slice.first(1), slice.drop(1)}));
  std::vector<std::size_t> order;
  while (!set.empty()) order.push_back(comm.wait_any(set)->index);
  check(x == std::array{3072.0, 6144.0}, "kernels of one flow run in the order of issue");
  check(std::ranges::is_sorted(order), "and complete in that order");
}

void runs_bodies_in_order(Communicator& comm) {
  std::vector<int> order;
  WaitSet set;
  for (int i = 0; i < 20; ++i)
    set.add(comm.start(
        Opaque{{}, {}, Work{{1e3 * (20 - i)}, {}}, [&order, i] { order.push_back(i); }}));
  wait_all(comm, set);
  check(order.size() == 20 && std::ranges::is_sorted(order),
        "bodies of opaque kernels run in the order of issue, one at a time");
}

void fails_from_the_wait(Communicator& comm) {
  WaitSet set;
  set.add(comm.start(Opaque{{}, {}, Work{}, [] { throw BackendError{"thrown on purpose"}; }}));
  bool ran = false;
  set.add(comm.start(Opaque{{}, {}, Work{}, [&] { ran = true; }}));
  check_throws<BackendError>([&] { comm.wait_any(set); },
                             "a kernel that fails throws from the wait");
  wait_all(comm, set);
  check(ran, "kernels after a failed one run");
  std::array<double, 4> indefinite{1, 2, 2, 1};
  check_throws<BackendError>(
      [&] {
        compute(comm, Cholesky{2, std::span{indefinite}});
      },
      "a matrix that is not positive definite throws from the wait");
}

void overlaps_kernels_and_messages(Communicator& comm) {
  const Rank peer = 1 - comm.rank();
  std::vector<float> out(10000, static_cast<float>(comm.rank())), in(10000, -1), work(10000, 1);
  WaitSet set;
  set.put(0, comm.irecv(peer, data, std::span{in}));
  set.put(1, comm.isend(peer, data, std::span{out}));
  for (std::size_t i = 2; i < 10; ++i) set.put(i, comm.start(Scale{2, std::span{work}}));
  std::array<bool, 10> seen{};
  while (!set.empty()) seen[comm.wait_any(set)->index] = true;
  check(std::ranges::all_of(seen, [](bool s) { return s; }), "kernels and messages all complete");
  check_equal(work.back(), 256.0f, "kernels run while messages travel");
  check_equal(in.back(), static_cast<float>(peer), "messages travel while kernels run");
}

/// How long something takes on the clock.
template <class Action>
double time_of(Communicator& comm, Action&& action) {
  const Seconds begin = comm.now();
  action();
  return (comm.now() - begin).count();
}

void takes_the_longer_of_both(Communicator& comm) {
  const Rank peer = 1 - comm.rank();
  std::vector<float> out(1 << 20), in(1 << 20);
  const auto kernel = [&] { return comm.start(Opaque{{}, {}, Work{{1e7}, {}}, [] {}}); };
  const auto message = [&] { exchange(comm, data, std::span{out}, peer, std::span{in}, peer); };
  meet(comm);
  const double alone = time_of(comm, message);
  meet(comm);
  const double work = time_of(comm, [&] { wait(comm, kernel()); });
  meet(comm);
  const double both = time_of(comm, [&] {
    Request running = kernel();
    message();
    wait(comm, std::move(running));
  });
  check(both <= 1.000001 * std::max(alone, work) && both >= 0.999999 * std::max(alone, work),
        "a kernel beside a message takes as long as the longer of both");
}

void has_a_lane_for_each_flow(Communicator& comm) {
  // A kernel of the parent that takes long does not hold up that of a flow.
  const auto kernel = [](double flops) { return Opaque{{}, {}, Work{{flops}, {}}, [] {}}; };
  const double alone = time_of(comm, [&] { compute(comm, kernel(1e9)); });
  Request parent = comm.start(kernel(1e9));
  Request flow = comm.spawn([&](Communicator& inner) { compute(inner, kernel(1e3)); });
  WaitSet set;
  set.put(0, std::move(parent));
  set.put(1, std::move(flow));
  const Seconds begin = comm.now();
  const Completion first = *comm.wait_any(set);
  check_equal(first.index, 1u, "kernels of different flows do not wait for each other");
  check((comm.now() - begin).count() < alone, "a short kernel does not take as long as a long one");
  wait_all(comm, set);
}

struct Counters {
  std::uint64_t messages, bytes, kernels;
  bool operator==(const Counters&) const = default;
};

/// The same program with values and without: what it sends and starts is the same.
void counts_phantoms_like_values(Communicator& comm) {
  const Rank peer = 1 - comm.rank();
  const auto run = [&](Slice vector) {
    RecordedRank log;
    Recorder recorder{comm, log};
    const Scratch scratch{vector, vector.size()};
    const Partition block{vector, 3};
    for (int i = 0; i < 3; ++i) {
      const Slice room = scratch.first(block[i].size());
      const Completion got = exchange(recorder, data, block[i], peer, room, peer);
      check_equal(got.bytes, block[i].size_bytes(), "a message is as long as its payload");
      compute(recorder, Reduce{Op::sum, block[i], room});
      compute(recorder, Opaque{{vector}, {}, Work{{1}, {}}, [] {}});
    }
    return Counters{log.messages_sent(), log.bytes_sent(), log.kernels()};
  };
  std::vector<float> values(1000, 1);
  const Counters real = run(Slice{std::span{values}});
  const Counters phantom = run(Slice::phantom(1000));
  check(real == phantom, "a phantom run counts like a real one");
  check_equal(real.bytes, 4000u, "every byte is counted");
  check_equal(values[999], 2.0f, "a real run computes");
}

void times_phantoms_like_values(Communicator& comm) {
  const Rank peer = 1 - comm.rank();
  const auto run = [&](Slice vector) {
    const Scratch scratch{vector, vector.size()};
    meet(comm);
    return time_of(comm, [&] {
      exchange(comm, data, vector, peer, scratch.all(), peer);
      compute(comm, Reduce{Op::sum, vector, scratch.all()});
    });
  };
  std::vector<float> values(100000, 1);
  const double real = run(Slice{std::span{values}}), phantom = run(Slice::phantom(100000));
  check(std::abs(real - phantom) <= 1e-9 * real, "a phantom run takes the time of a real one");
}

void skips_bodies_with_phantoms(Communicator& comm) {
  bool ran = false;
  compute(comm, Opaque{{Slice::phantom(8)}, {}, Work{{1}, {}}, [&] { ran = true; }});
  check(!ran, "an opaque kernel with a phantom operand is not computed");
}

void mixes_phantoms_and_values(Communicator& comm) {
  std::vector<float> values(100, 1);
  if (comm.rank() == 0) {
    send(comm, 1, data, Slice::phantom(100));
    send(comm, 1, data, Slice{std::span{values}});
  } else {
    const Completion got = receive(comm, 0, data, std::span{values});
    check_equal(got.bytes, 400u, "a phantom message has a length");
    check_equal(values[0], 1.0f, "a phantom message brings no values");
    check_equal(receive(comm, 0, data, Slice::phantom(100)).bytes, 400u,
                "a phantom room takes a real message");
  }
}

constexpr Bytes none{0}, some{1 << 20};
constexpr ContractCase table[] = {
    {"ComputesKernels", 1, none, false, computes},
    {"RunsKernelsOfOneFlowInOrder", 1, none, false, runs_kernels_in_order},
    {"RunsBodiesOfOneFlowInOrder", 1, none, false, runs_bodies_in_order},
    {"ThrowsWhatAKernelThrewFromTheWait", 1, none, false, fails_from_the_wait},
    {"OverlapsKernelsAndMessages", 2, none, false, overlaps_kernels_and_messages},
    {"TakesTheLongerOfAKernelAndAMessage", 2, none, true, takes_the_longer_of_both},
    {"GivesEachFlowItsOwnOrderOfKernels", 1, none, true, has_a_lane_for_each_flow},
    {"CountsPhantomsLikeValues", 2, none, false, counts_phantoms_like_values},
    {"CountsEagerPhantomsLikeValues", 2, some, false, counts_phantoms_like_values},
    {"TimesPhantomsLikeValues", 2, none, true, times_phantoms_like_values},
    {"SkipsBodiesWithPhantomOperands", 1, none, false, skips_bodies_with_phantoms},
    {"MixesPhantomsAndValues", 2, none, false, mixes_phantoms_and_values},
};

}  // namespace

std::span<const ContractCase> kernel_cases() { return table; }

}  // namespace troupe::contract
