// What is made of CUDA's events, without a GPU: against stand-ins for CUDA's calls, whose streams,
// clocks and roundings are known. What a GPU's events say is device_test.cpp's business.

#include "real_backend/cuda/kernel_times.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <vector>

namespace {

/// Where the host and the device stand, in seconds of the host.
struct Machine {
  double now = 0;
  std::map<cudaStream_t, double> done;  // when all that was launched there is over
  double drift = 0;                     // of the device's clock, which is far ahead as well
  int events = 0, waits = 0;

  double& end_of(cudaStream_t stream) { return done[stream] = std::max(done[stream], now); }
  double device_clock(double host) const { return 5e3 + (1 + drift) * host; }
} machine;

struct Event {
  double reached = 0;
};
Event& of(cudaEvent_t event) { return *reinterpret_cast<Event*>(event); }

}  // namespace

extern "C" {
cudaError_t cudaEventCreate(cudaEvent_t* event) {
  *event = reinterpret_cast<cudaEvent_t>(new Event);
  ++machine.events;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete &of(event);
  --machine.events;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  of(event).reached = machine.end_of(stream);
  return cudaSuccess;
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  return of(event).reached <= machine.now ? cudaSuccess : cudaErrorNotReady;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (of(event).reached > machine.now) ++machine.waits;
  machine.now = std::max(machine.now, of(event).reached);
  return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t first, cudaEvent_t second) {
  for (const cudaEvent_t event : {first, second})
    if (of(event).reached > machine.now) return cudaErrorNotReady;
  *milliseconds = static_cast<float>(
      1e3 * (machine.device_clock(of(second).reached) - machine.device_clock(of(first).reached)));
  return cudaSuccess;
}
cudaError_t cudaGetLastError() { return cudaSuccess; }
}

namespace troupe::cuda {

void check_call(cudaError_t status, const char* call, std::source_location) {
  if (status != cudaSuccess) throw std::runtime_error{call};
}

namespace {

cudaStream_t stream(std::size_t number) { return reinterpret_cast<cudaStream_t>(number); }
const cudaStream_t idle = stream(9);
Seconds host_now() { return Seconds{machine.now}; }

class TimesOfKernels : public testing::Test {
 protected:
  TimesOfKernels() { machine = {}; }
  /// Launches a kernel that takes so long; the host needs 5 us for that.
  void launch(double takes, const char* name = "Gemm", cudaStream_t on = stream(1)) {
    times_->time(name, on, [&] {
      machine.now += 5e-6;
      machine.end_of(on) += takes;
    });
  }
  std::optional<KernelTimes> times_{std::in_place};
};

TEST_F(TimesOfKernels, AreReadWithoutWaitingUntilTheSumIsAskedFor) {
  for (int i = 0; i < 1000; ++i) launch(20e-6);
  EXPECT_EQ(machine.waits, 0);
  EXPECT_NEAR(times_->finish().count(), 1000 * 20e-6, 20e-6);
  EXPECT_NEAR(times_->finish().count(), 1000 * 20e-6, 20e-6);
  EXPECT_TRUE(times_->take_kept().empty());
  times_.reset();
  EXPECT_EQ(machine.events, 0);
}

TEST_F(TimesOfKernels, AreToldByTheHostsClockToAMicrosecondForMinutes) {
  machine.now = 100;
  machine.drift = 50e-6;  // of 200 s, 10 ms
  launch(1e-3, "Before");
  times_->keep(100'000, idle, host_now);
  std::vector<double> begins;
  for (int i = 0; i < 20'000; ++i) {
    machine.now += 10e-3;
    begins.push_back(machine.now);
    launch(3e-3);
  }
  const auto kernels = times_->take_kept();
  ASSERT_EQ(kernels.size(), begins.size());
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    ASSERT_EQ(kernels[i].name, "Gemm");
    ASSERT_NEAR(kernels[i].begin.count(), begins[i], 1e-6) << i;
    ASSERT_NEAR(kernels[i].end.count(), begins[i] + 3e-3 + 5e-6, 6e-6) << i;
  }
  times_.reset();
  EXPECT_EQ(machine.events, 0);
}

TEST_F(TimesOfKernels, AreKeptInAnyNumberWithoutWaiting) {
  times_->keep(300, idle, host_now);
  for (int i = 0; i < 1000; ++i) launch(20e-6);
  EXPECT_EQ(machine.waits, 0);
  const auto kernels = times_->take_kept();
  ASSERT_EQ(kernels.size(), 300u);
  for (std::size_t i = 1; i < kernels.size(); ++i)
    ASSERT_GE(kernels[i].begin - kernels[i - 1].end, Seconds{-1e-7}) << i;
  launch(1e-3);
  EXPECT_TRUE(times_->take_kept().empty());
  EXPECT_NEAR(times_->finish().count(), 1000 * 20e-6 + 1e-3, 30e-6);
}

TEST_F(TimesOfKernels, OfStreamsBesideEachOtherOverlap) {
  times_->keep(10, idle, host_now);
  launch(0.5, "Gemm", stream(1));
  launch(0.2, "Bias", stream(1));     // begins when the one before is over, and is read before ...
  launch(0.25, "Reduce", stream(2));  // ... this one, which began long before it
  const auto kernels = times_->take_kept();
  ASSERT_EQ(kernels.size(), 3u);
  EXPECT_NEAR(kernels[1].begin.count(), 0.5, 1e-4);
  EXPECT_EQ(kernels[2].name, "Reduce");
  EXPECT_NEAR(kernels[2].begin.count(), 0, 1e-4);
  EXPECT_NEAR(kernels[2].end.count(), 0.25, 1e-4);
}

TEST_F(TimesOfKernels, HaveNothingOfALaunchThatFails) {
  times_->keep(10, idle, host_now);
  EXPECT_THROW(times_->time("Cholesky", stream(1), [] { throw std::domain_error{"no"}; }),
               std::domain_error);
  launch(1e-3);
  const auto kernels = times_->take_kept();
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_EQ(kernels[0].name, "Gemm");
  times_.reset();
  EXPECT_EQ(machine.events, 0);
}

}  // namespace
}  // namespace troupe::cuda
