#pragma once
// A program that runs ahead of its device, whichever simulated world it runs in.

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/communicator.hpp"
#include "sim/measured_times.hpp"

namespace troupe::test {

/// Copies of 100 values are launched in 10 us and run for 2, those of 1,000,000 run for 30.
inline sim::Processor launched_processor(const HostLink& host = {}) {
  const auto copy = [](std::uint64_t count, double row, double device) {
    const Timing timing{.time = Seconds{row}, .p10 = Seconds{row}, .p90 = Seconds{row}};
    return KernelTime{
        .shape = {.kernel = "Copy", .form = {}, .dtype = Dtype::float32, .sizes = {count}},
        .work = {},
        .timing = timing,
        .device = Seconds{device}};
  };
  MeasuredDevice device;
  device.kernels = {copy(100, 10e-6, 2e-6), copy(1'000'000, 30e-6, 0)};
  device.host = host;
  sim::Processor processor;
  processor.measured = std::make_shared<sim::MeasuredTimes>(device);
  return processor;
}

/// Beside it a host: 1000 B take 5 us there and 7 back, and it computes 1 GFLOP/s.
inline HostLink host_beside() {
  const auto copy = [](double seconds) { return CopyTime{Bytes{1000}, {Seconds{seconds}}}; };
  return {.to_device = {copy(5e-6)}, .from_device = {copy(7e-6)}, .speed = {1e9}};
}
/// 14 us on that host: 1000 B here, 2000 flops, 1000 B back.
inline Kernel code_on_the_host() {
  const Slice values = Slice::phantom(1000, Dtype::uint8);
  return Opaque{.reads = {values}, .writes = {values}, .work = {Flops{2000}, {}}, .body = [] {}};
}

inline Kernel copy_of(std::size_t count) {
  const Slice values = Slice::phantom(count);
  return Copy{values, values};
}

/// What a program of kernels takes, each waited for, and after which microseconds each is over.
struct Launches {
  std::vector<std::size_t> kernels;
  std::vector<double> ends_us;
};
/// The first is launched (10) and runs (30); three are launched behind it and run (2 each), and a
/// fourth has 4 of its 10 left when the device has nothing more to do. Whoever then waits for a
/// message is launched from the beginning.
inline Launches some_launches() { return {{1'000'000, 100, 100, 100, 100}, {40, 42, 44, 46, 52}}; }

/// On one rank of two, which then exchange a message: `message` is the time of one of 0 bytes.
inline void expect_launches(Communicator& comm, Seconds message) {
  const auto after = [&](double us) { EXPECT_NEAR(comm.now().count() * 1e6, us, 1e-2); };
  const Launches launches = some_launches();
  for (std::size_t i = 0; i < launches.kernels.size(); ++i) {
    compute(comm, copy_of(launches.kernels[i]));
    after(launches.ends_us[i]);
  }
  const Rank other = 1 - comm.rank();
  exchange(comm, Tag{1}, ConstPayload{}, other, Payload{}, other);
  after(52 + message.count() * 1e6);
  compute(comm, copy_of(100));
  after(64 + message.count() * 1e6);
}

/// On each of two ranks that share a device: both are launched in 10 us, beside each other; then
/// each of the long kernels takes twice its 30 us.
inline void expect_launches_beside(Communicator& comm, double tolerance_us) {
  compute(comm, copy_of(1'000'000));
  EXPECT_NEAR(comm.now().count() * 1e6, 70, tolerance_us);
  compute(comm, copy_of(100));  // launched behind it
  EXPECT_NEAR(comm.now().count() * 1e6, 74, tolerance_us);
}

/// On each of `sharing` ranks that share a device with a host beside it. Code on the host waits for
/// the long kernel, is not shared, and whoever launches after it is launched from the beginning.
inline void expect_host_code(Communicator& comm, int sharing, double tolerance_us) {
  const auto after = [&](double us) { EXPECT_NEAR(comm.now().count() * 1e6, us, tolerance_us); };
  const double long_one = 10 + 30 * sharing;
  compute(comm, copy_of(1'000'000));
  after(long_one);
  compute(comm, code_on_the_host());
  after(long_one + 14);
  compute(comm, copy_of(100));
  after(long_one + 14 + 10 + 2 * sharing);
}

}  // namespace troupe::test
