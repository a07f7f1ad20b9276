// Times of kernels between measured ones. The arithmetic stands beside each expectation.

#include "sim/measured_times.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/charging.hpp"
#include "tests/calibration/launching.hpp"
#include "tests/loggp/star.hpp"

namespace troupe::sim {
namespace {

KernelShape shape(std::string_view kernel, std::initializer_list<std::uint64_t> sizes,
                  std::string_view form = {}, Dtype dtype = Dtype::float32) {
  KernelShape made{.kernel = kernel, .form = form, .dtype = dtype, .sizes = {}};
  std::copy(sizes.begin(), sizes.end(), made.sizes.begin());
  return made;
}
KernelTime took(const KernelShape& of, double seconds, Work work = {}) {
  return {of, work, {.time = Seconds{seconds}, .p10 = Seconds{seconds}, .p90 = Seconds{seconds}}};
}
double time(const MeasuredTimes& times, const KernelShape& of) {
  return times.cost_of(of).value().running.count();
}

/// 100 values in 1 us, 10,000 in 4 us.
MeasuredDevice two_copies() {
  MeasuredDevice device;
  device.kernels = {took(shape("Copy", {100}), 1e-6, {Flops{}, Bytes{800}}),
                    took(shape("Copy", {10'000}), 4e-6, {Flops{}, Bytes{80'000}})};
  device.launch_overhead = Seconds{8e-7};
  return device;
}

TEST(MeasuredTimes, AMeasuredShapeTakesWhatWasMeasured) {
  const MeasuredTimes times{two_copies()};
  EXPECT_EQ(time(times, shape("Copy", {100})), 1e-6);
  EXPECT_EQ(time(times, shape("Copy", {10'000})), 4e-6);
}

TEST(MeasuredTimes, BetweenTwoTheLogarithmIsLinear) {
  const MeasuredTimes times{two_copies()};  // half way in log(count): the geometric mean
  EXPECT_NEAR(time(times, shape("Copy", {1000})), 2e-6, 1e-18);
}

TEST(MeasuredTimes, AboveTheLastItsRateHolds) {
  const MeasuredTimes times{two_copies()};
  EXPECT_NEAR(time(times, shape("Copy", {30'000})), 12e-6, 1e-17);
}

TEST(MeasuredTimes, BelowTheFirstNothingIsFasterThanALaunch) {
  const MeasuredTimes times{two_copies()};
  EXPECT_NEAR(time(times, shape("Copy", {90})), 0.9e-6, 1e-18);  // the first's rate
  EXPECT_EQ(time(times, shape("Copy", {10})), 8e-7);             // 0.1 us would be
}

TEST(MeasuredTimes, AreUnknownForOtherKernelsFormsAndDtypes) {
  const MeasuredTimes times{two_copies()};
  EXPECT_FALSE(times.cost_of(shape("Scale", {100})));
  EXPECT_FALSE(times.cost_of(shape("Copy", {100}, {}, Dtype::float64)));
  EXPECT_FALSE(times.cost_of(shape("Gemm", {1, 1, 1}, "nn")));
}

TEST(MeasuredTimes, OfAProductAreInterpolatedOverItsThreeSizes) {
  MeasuredDevice device;
  double expected = 1;  // the centre of a cell is the geometric mean of its eight corners
  int i = 0;
  for (const std::uint64_t m : {4, 16})
    for (const std::uint64_t n : {4, 16})
      for (const std::uint64_t k : {4, 16}) {
        const double seconds = 1e-6 * (1 << i++);
        device.kernels.push_back(took(shape("Gemm", {m, n, k}, "nt"), seconds));
        expected *= seconds;
      }
  const MeasuredTimes times{device};
  EXPECT_NEAR(time(times, shape("Gemm", {8, 8, 8}, "nt")), std::pow(expected, 1.0 / 8), 1e-15);
}

TEST(MeasuredTimes, FillAHoleOfTheGridWithTheRateOfTheNearest) {
  MeasuredDevice device;  // 16x16x4 was not measured: 4 times the work of 16x4x4
  device.kernels = {took(shape("Gemm", {4, 4, 4}, "nn"), 1e-6),
                    took(shape("Gemm", {4, 16, 4}, "nn"), 2e-6),
                    took(shape("Gemm", {16, 4, 4}, "nn"), 3e-6)};
  const MeasuredTimes times{device};
  const double corner = time(times, shape("Gemm", {16, 16, 4}, "nn"));
  EXPECT_TRUE(std::abs(corner - 8e-6) < 1e-15 || std::abs(corner - 12e-6) < 1e-15) << corner;
}

TEST(MeasuredTimes, GrowWithEverySizeWhereTheMeasuredOnesDo) {
  MeasuredDevice device;
  for (const std::uint64_t m : {1, 8, 64})
    for (const std::uint64_t n : {1, 8, 64})
      for (const std::uint64_t k : {1, 8, 64})
        device.kernels.push_back(
            took(shape("Gemm", {m, n, k}, "tn"), 1e-6 + 1e-9 * static_cast<double>(m * n * k)));
  const MeasuredTimes times{device};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    double before = 0;
    for (std::uint64_t size = 1; size < 200; ++size) {
      auto of = shape("Gemm", {5, 5, 5}, "tn");
      of.sizes[axis] = size;
      const double now = time(times, of);
      EXPECT_GE(now, before * (1 - 1e-12)) << size;
      before = now;
    }
  }
}

TEST(MeasuredTimes, SingleShapesAreExactAndChangeNoOther) {
  auto device = two_copies();
  device.exact = {took(shape("Copy", {1000}), 5e-6)};
  const MeasuredTimes times{device};
  EXPECT_EQ(time(times, shape("Copy", {1000})), 5e-6);
  EXPECT_NEAR(time(times, shape("Copy", {1001})), 2e-6 * std::pow(1001. / 1000, std::log10(2)),
              1e-15);
}

TEST(MeasuredTimes, ALaunchAmongOthersCountsAndNotThatOfARow) {
  auto device = two_copies();
  device.kernels[0].device = Seconds{2e-7};  // its row waited for launches, of 1 us each
  const auto launching = [&](std::uint64_t count) {
    return MeasuredTimes{device}.cost_of(shape("Copy", {count})).value().launching.count();
  };
  EXPECT_EQ(launching(100), 1e-6);
  device.kernels[0].launch = Seconds{3e-6};
  EXPECT_EQ(launching(100), 3e-6);
  EXPECT_EQ(launching(10'000), 3e-6);  // as those of its kind whose launch was seen
  EXPECT_EQ(launching(1000), 3e-6);
}

TEST(MeasuredTimes, TellTheBestRatesForWhatWasNotMeasured) {
  auto device = two_copies();  // 80,000 B in 4 us: 20 GB/s
  device.kernels.push_back(took(shape("Gemm", {100, 100, 100}, "nn"), 1e-6, {Flops{2e6}, Bytes{}}));
  const MeasuredTimes times{device};
  EXPECT_NEAR(times.memory_bandwidth().value, 2e10, 1);
  EXPECT_NEAR(times.speed(Dtype::float32).value, 2e12, 1);
  EXPECT_EQ(times.speed(Dtype::float64).value, 0);
}

TEST(MeasuredTimes, OfBfloat16ProductsSayNothingOfOtherKernels) {
  auto device = two_copies();
  const auto product = [](Dtype dtype) { return shape("Gemm", {100, 100, 100}, "nn", dtype); };
  device.kernels.push_back(took(product(Dtype::bfloat16), 1e-6, {Flops{2e6}, Bytes{}}));
  device.kernels.push_back(took(product(Dtype::float32), 8e-6, {Flops{2e6}, Bytes{}}));
  const MeasuredTimes times{device};
  EXPECT_EQ(time(times, product(Dtype::bfloat16)), 1e-6);
  EXPECT_EQ(time(times, product(Dtype::float32)), 8e-6);
  EXPECT_NEAR(times.speed(Dtype::bfloat16).value, 2e12, 1);
  EXPECT_NEAR(times.speed(Dtype::float32).value, 0.25e12, 1);
}

TEST(Roofline, OfABfloat16ProductHasTheRateOfMatrixUnits) {
  const auto seconds = [](const Kernel& kernel, FlopsPerSecond bfloat16_speed) {
    const Processor processor{
        .speed = {1e9}, .bfloat16_speed = bfloat16_speed, .memory_bandwidth = {1e9}};
    return charge(Compute::roofline, processor, kernel).count();
  };
  const auto product = [](Dtype dtype) {
    const Slice operand = Slice::phantom(10'000, dtype);
    return Gemm{
        .m = 100, .n = 100, .k = 100, .a = operand, .b = operand, .c = Slice::phantom(10'000)};
  };
  EXPECT_EQ(seconds(product(Dtype::bfloat16), {1e10}), 2e6 / 1e10);  // 0.08 MB at 1 GB/s: 0.08 ms
  EXPECT_EQ(seconds(product(Dtype::bfloat16), {1e12}), 80'000 / 1e9);
  EXPECT_EQ(seconds(product(Dtype::bfloat16), {}), 2e6 / 1e9);  // not known: that of float32
  EXPECT_EQ(seconds(product(Dtype::float32), {1e12}), 2e6 / 1e9);
  const Slice narrow = Slice::phantom(1000, Dtype::bfloat16), wide = Slice::phantom(1000);
  EXPECT_EQ(seconds(Cast{.into = narrow, .from = wide}, {1e12}), 6000 / 1e9);
}

TEST(MeasuredTimes, AreChargedBeforeTheRooflineDividedByThePace) {
  Processor processor{.speed = {1e9}, .memory_bandwidth = {8e9}};
  processor.measured = std::make_shared<MeasuredTimes>(two_copies());
  processor.pace = 0.5;
  const Slice x = Slice::phantom(100);
  const auto seconds = [&](const Kernel& kernel, Compute model = Compute::roofline) {
    return charge(model, processor, kernel).count();
  };
  EXPECT_EQ(seconds(Copy{.into = x, .from = x}), 2e-6);  // measured, at half the pace
  EXPECT_EQ(seconds(Scale{.a = 2, .x = x}), 100 / 1e9);  // not measured: 100 flops
  EXPECT_EQ(seconds(Copy{.into = x, .from = x}, Compute::none), 0);
  EXPECT_EQ(seconds(Copy{.into = Slice::phantom(0), .from = Slice::phantom(0)}), 0);
}

TEST(MeasuredTimes, AddUpInASimulatedRun) {
  Processor processor{.speed = {1e9}};
  processor.measured = std::make_shared<MeasuredTimes>(two_copies());
  const auto result =
      test::run_on(test::LogGPStar{.ranks = 1, .processor = processor}, [](Communicator& comm) {
        const Slice small = Slice::phantom(100), large = Slice::phantom(10'000);
        for (int i = 0; i < 10; ++i) compute(comm, Copy{.into = small, .from = small});
        compute(comm, Copy{.into = large, .from = large});
        compute(comm, Scale{.a = 2, .x = small});
      });
  EXPECT_NEAR(result.end.count(), 10 * 1e-6 + 4e-6 + 100e-9, 1e-18);
}

TEST(MeasuredTimes, LaunchingAndRunningAreApartWhereTheDevicesTimeIsKnown) {
  const auto processor = test::launched_processor();
  const auto cost = [&](std::uint64_t count) {
    return processor.measured->cost_of(shape("Copy", {count})).value();
  };
  EXPECT_EQ(cost(100).launching.count(), 10e-6);
  EXPECT_EQ(cost(100).running.count(), 2e-6);
  EXPECT_EQ(cost(1'000'000).launching.count(), 10e-6);  // as the other of its kind
  EXPECT_EQ(cost(1'000'000).running.count(), 30e-6);
  EXPECT_EQ(cost(10'000).launching.count(), 10e-6);
  EXPECT_NEAR(cost(10'000).running.count(), std::sqrt(2.0 * 30) * 1e-6, 1e-15);
}

TEST(MeasuredTimes, WithoutAnyTimeOfTheDeviceNothingIsLaunchedApart) {
  const MeasuredTimes times{two_copies()};
  EXPECT_EQ(times.cost_of(shape("Copy", {100}))->launching.count(), 0);
}

TEST(Launching, HidesBehindWhatTheDeviceStillRuns) {
  const test::LogGPStar star{.processor = test::launched_processor()};
  test::run_on(star, [&](Communicator& comm) { test::expect_launches(comm, star.alpha); });
}

TEST(Launching, IsNotSharedByRanksThatShareADevice) {
  test::run_on(test::LogGPStar{.ranks_per_host = 2, .processor = test::launched_processor()},
               [](Communicator& comm) { test::expect_launches_beside(comm, 1e-6); });
}

TEST(Launching, CodeOnTheHostWaitsForTheDeviceAndIsNotShared) {
  for (const int sharing : {1, 2})
    test::run_on(test::LogGPStar{.ranks = sharing,
                                 .ranks_per_host = sharing,
                                 .processor = test::launched_processor(test::host_beside())},
                 [&](Communicator& comm) { test::expect_host_code(comm, sharing, 1e-6); });
}

// ---- code on the host

/// Copies of so many bytes each way, nothing else.
Seconds copying(const HostTimes& times, std::size_t read, std::size_t written) {
  return times.time(Opaque{.reads = {Slice::phantom(read, Dtype::uint8)},
                           .writes = {Slice::phantom(written, Dtype::uint8)},
                           .work = {},
                           .body = [] {}});
}

TEST(HostTimes, ACopyTakesWhatWasMeasuredAndNothingWhereNothingWas) {
  const auto copy = [](std::uint64_t bytes, double us) {
    return CopyTime{Bytes{bytes}, {.time = Seconds{us * 1e-6}, .p10 = {}, .p90 = {}}};
  };
  const HostTimes times{
      {.to_device = {copy(100, 1), copy(10'000, 4)}, .from_device = {copy(100, 3)}}};
  const auto us = [&](std::size_t read, std::size_t written) {
    return copying(times, read, written).count() * 1e6;
  };
  EXPECT_NEAR(us(0, 100), 1, 1e-12);
  EXPECT_NEAR(us(0, 10'000), 4, 1e-12);
  EXPECT_NEAR(us(0, 1000), 2, 1e-12);     // half way in log(bytes): the geometric mean
  EXPECT_NEAR(us(0, 30'000), 12, 1e-11);  // the last's rate
  EXPECT_NEAR(us(0, 7), 1, 1e-12);        // nothing is faster than the smallest
  EXPECT_NEAR(us(100, 0), 3, 1e-12);
  EXPECT_NEAR(us(100, 100), 4, 1e-12);
  EXPECT_EQ(us(0, 0), 0);
  EXPECT_EQ(HostTimes{}.time(Opaque{.body = [] {}}).count(), 0);
  const HostTimes one_way{{.to_device = {copy(100, 1)}, .from_device = {}}};
  EXPECT_EQ(copying(one_way, 100, 0).count(), 0);
}

TEST(HostTimes, CodeTakesTheLongerOfItsArithmeticAndItsTraffic) {
  auto link = test::host_beside();
  link.memory_bandwidth = {2e9};
  const HostTimes times{link};
  const auto us = [&](double flops, std::uint64_t bytes) {
    return times.time({.work = {Flops{flops}, Bytes{bytes}}, .body = [] {}}).count() * 1e6;
  };
  EXPECT_NEAR(us(3000, 4000), 3, 1e-12);
  EXPECT_NEAR(us(1000, 4000), 2, 1e-12);
}

TEST(HostTimes, AreChargedForCodeAndNotForAStandInOrAnObserver) {
  auto processor = test::launched_processor(test::host_beside());
  processor.speed = {1e12};
  processor.pace = 0.5;
  const auto us = [&](const Kernel& kernel, Compute model = Compute::roofline) {
    return charge(model, processor, kernel).count() * 1e6;
  };
  EXPECT_NEAR(us(test::code_on_the_host()), 28, 1e-12);  // at half the pace
  auto code = std::get<Opaque>(test::code_on_the_host());
  code.body = {};  // work of the device
  EXPECT_NEAR(us(code), 2e3 / 1e12 * 1e6, 1e-12);
  code = std::get<Opaque>(test::code_on_the_host());
  EXPECT_NEAR(us(code, Compute::flops), 2e3 / 1e12 * 1e6, 1e-12);
  code.work = {};  // who only looks is not charged
  EXPECT_EQ(us(code), 0);
  auto alone = test::launched_processor();  // its memory is the host's
  alone.speed = {1e12};
  EXPECT_NEAR(charge(Compute::roofline, alone, test::code_on_the_host()).count(), 2e3 / 1e12,
              1e-18);
}

}  // namespace
}  // namespace troupe::sim
