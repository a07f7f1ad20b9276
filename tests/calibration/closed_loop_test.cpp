// A simulated processor is calibrated as a real one is, and what comes out is what it was charged
// with.

#include <gtest/gtest.h>

#include "algorithms/microbenchmarks/device.hpp"
#include "algorithms/microbenchmarks/workbench.hpp"
#include "core/forwarding.hpp"
#include "sim/measured_times.hpp"
#include "tests/calibration/launching.hpp"
#include "tests/loggp/star.hpp"

namespace troupe::algorithms {
namespace {

const sim::Processor accelerator{.speed = {2e13},
                                 .double_speed = {1e13},
                                 .bfloat16_speed = {3e14},
                                 .memory_bandwidth = {3e12},
                                 .launch = Seconds{3e-6}};

std::vector<KernelTime> measured_on(const sim::Processor& processor,
                                    std::span<const KernelShape> shapes, RowChoice rows = {}) {
  rows.phantom = true;
  std::vector<KernelTime> times;
  test::run_on(test::LogGPStar{.ranks = 1, .processor = processor}, [&](Communicator& comm) {
    times = measure_kernels(comm, host_memory(), rows, shapes);
  });
  return times;
}

/// Rows are sums of as many as 100,000 times on one clock, which rounds each.
constexpr double rounding = 1e-9;

TEST(ClosedLoop, EveryKernelOfASimulatedProcessorTakesItsRoofline) {
  const auto shapes = ladder({.quick = true});
  const auto times = measured_on(accelerator, shapes);
  ASSERT_GT(times.size(), shapes.size() * 9 / 10);
  test::run_on(test::LogGPStar{.ranks = 1}, [&](Communicator& comm) {
    Workbench bench{comm, host_memory(), true};
    for (const auto& point : times) {
      const auto job = bench.job(point.shape);
      const double charged = charge(sim::Compute::roofline, accelerator, job->kernels.front(),
                                    work(job->kernels.front()))
                                 .count();
      EXPECT_NEAR(point.timing.time.count(), charged, rounding * charged) << point.shape.kernel;
      EXPECT_NEAR(point.timing.p90 / point.timing.p10, 1, rounding);
      EXPECT_EQ(point.work.flops.value, work(job->kernels.front()).flops.value);
    }
  });
}

TEST(ClosedLoop, AProcessorChargedWithWhatWasMeasuredMeasuresTheSameAgain) {
  const auto shapes = ladder({.dtypes = {Dtype::float32, Dtype::bfloat16}, .quick = true});
  MeasuredDevice device;
  device.kernels = measured_on(accelerator, shapes);
  sim::Processor again;
  again.measured = std::make_shared<sim::MeasuredTimes>(device);
  const auto times = measured_on(again, shapes);
  ASSERT_EQ(times.size(), device.kernels.size());
  for (std::size_t i = 0; i < times.size(); ++i)
    EXPECT_NEAR(times[i].timing.time / device.kernels[i].timing.time, 1, rounding);
}

TEST(ClosedLoop, WhatADeviceTakesIsFoundApartFromLaunching) {
  auto rows = RowChoice{.apart = true};
  const std::vector<KernelShape> shapes{
      {.kernel = "Copy", .form = {}, .dtype = Dtype::float32, .sizes = {100}},
      {.kernel = "Copy", .form = {}, .dtype = Dtype::float32, .sizes = {1'000'000}}};
  const auto times = measured_on(test::launched_processor(), shapes, rows);
  ASSERT_EQ(times.size(), 2u);
  EXPECT_NEAR(times[0].timing.time.count(), 10e-6, 10e-6 * 1e-2);  // the first runs on: 2 us a row
  EXPECT_NEAR(times[0].device.count(), 2e-6, 2e-6 * 1e-6);
  EXPECT_NEAR(times[0].launch.count(), 10e-6, 10e-6 * 1e-2);  // what others run, 0.1 us, hides some
  EXPECT_NEAR(times[1].timing.time.count(), 30e-6, 30e-6 * 1e-2);  // the first is launched: 10 us
  EXPECT_EQ(times[1].device.count(), 0);
  EXPECT_EQ(times[1].launch.count(), 0);
}

/// A program whose launches take 4 us longer when they are of another kernel than the one before.
class Forgetful final : public ForwardingCommunicator {
 public:
  explicit Forgetful(Communicator& comm) : ForwardingCommunicator{comm} {}
  Seconds now() const override { return inner().now() + lost_; }
  Request start(Kernel kernel) override {
    if (std::exchange(last_, name_of(kernel)) != name_of(kernel)) lost_ += Seconds{4e-6};
    return inner().start(std::move(kernel));
  }
  Request spawn(Task task) override { return inner().spawn(decorated<Forgetful>(std::move(task))); }

 private:
  std::string_view last_;
  Seconds lost_{};
};

TEST(ClosedLoop, LaunchingIsMeasuredAmongOthersWhereItTakesLongerThere) {
  const KernelShape copy{.kernel = "Copy", .form = {}, .dtype = Dtype::float32, .sizes = {100}};
  std::vector<KernelTime> times;
  test::run_on(test::LogGPStar{.ranks = 1, .processor = test::launched_processor()},
               [&](Communicator& comm) {
                 Forgetful forgetful{comm};
                 times = measure_kernels(forgetful, host_memory(), {.phantom = true, .apart = true},
                                         {&copy, 1});
               });
  ASSERT_EQ(times.size(), 1u);
  EXPECT_NEAR(times[0].timing.time.count(), 10e-6, 10e-6 * 1e-2);  // a row of itself
  EXPECT_NEAR(times[0].device.count(), 2e-6, 2e-6 * 1e-6);
  EXPECT_NEAR(times[0].launch.count(), 14e-6, 14e-6 * 1e-2);
}

TEST(ClosedLoop, WhatTakesTooLongIsLeftOutAndSoIsAllThatIsLarger) {
  const auto copy = [](std::uint64_t count) {
    return KernelShape{.kernel = "Copy", .form = {}, .dtype = Dtype::float32, .sizes = {count}};
  };
  const std::vector<KernelShape> shapes{copy(1000), copy(2000), copy(4000)};
  const sim::Processor processor{.memory_bandwidth = {8e6}};  // 1000 values in 1 ms
  const auto times = measured_on(processor, shapes, {.longest = Seconds{1.5e-3}});
  ASSERT_EQ(times.size(), 1u);
  EXPECT_NEAR(times[0].timing.time.count(), 1e-3, 1e-12);
  EXPECT_EQ(times[0].timing.repeats, 7);
}

TEST(ClosedLoop, WhatMovesTooManyBytesIsLeftOut) {
  const KernelShape fill{.kernel = "Fill", .form = {}, .dtype = Dtype::float64, .sizes = {1000}};
  EXPECT_EQ(work_of(fill).bytes.value, 8000u);
  EXPECT_EQ(measured_on(accelerator, {&fill, 1}, {.most = Bytes{8000}}).size(), 1u);
  EXPECT_TRUE(measured_on(accelerator, {&fill, 1}, {.most = Bytes{7999}}).empty());
}

TEST(ClosedLoop, WhereKernelsAreFreeTheyTakeNoTime) {
  const auto shapes = ladder({.dtypes = {Dtype::float64}, .quick = true});
  for (const auto& point : measured_on({}, {shapes.data(), 3}))
    EXPECT_EQ(point.timing.time.count(), 0);
}

TEST(ClosedLoop, HostMemoryHasNoLinkToADevice) {
  test::run_on(test::LogGPStar{.ranks = 1, .processor = accelerator}, [](Communicator& comm) {
    for (const bool phantom : {false, true}) {
      const auto link = measure_host_link(comm, host_memory(), {.phantom = phantom});
      EXPECT_TRUE(link.to_device.empty() && link.from_device.empty());
      EXPECT_EQ(link.speed.value, 0);
    }
  });
}

TEST(ClosedLoop, TheHostBesideADeviceIsFoundAsItWasCharged) {
  const auto copy = [](std::uint64_t bytes, double us) {
    return CopyTime{Bytes{bytes}, {.time = Seconds{us * 1e-6}}};
  };
  const HostLink charged{.to_device = {copy(4096, 8), copy(std::uint64_t{1} << 26, 1300)},
                         .from_device = {copy(4096, 9), copy(std::uint64_t{1} << 26, 1200)},
                         .speed = {5e10},
                         .memory_bandwidth = {1e10}};
  HostLink found;
  test::run_on(test::LogGPStar{.ranks = 1, .processor = test::launched_processor(charged)},
               [&](Communicator& comm) {
                 found = measure_host_link(comm, host_memory(), {.phantom = true});
               });
  const sim::HostTimes before{charged}, after{found};
  ASSERT_EQ(found.to_device.size(), 8u);
  ASSERT_EQ(found.from_device.size(), 8u);
  const Slice bytes = Slice::phantom(1'000'000, Dtype::uint8);  // 0.1 ms at 10 GB/s
  for (const Opaque& code :
       {Opaque{.reads = {bytes}, .body = [] {}}, Opaque{.writes = {bytes}, .body = [] {}},
        Opaque{.work = {Flops{1e6}, {}}, .body = [] {}},
        Opaque{.work = {{}, Bytes{1'000'000}}, .body = [] {}}}) {
    EXPECT_GT(before.time(code).count(), 1e-5);
    EXPECT_NEAR(after.time(code) / before.time(code), 1, 1e-4);  // 1 B of work in each copy
  }
}

}  // namespace
}  // namespace troupe::algorithms
