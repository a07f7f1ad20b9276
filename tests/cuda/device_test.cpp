// A GPU as the MPI backend sees it: memory, lanes, copies, and what is said when something is
// wrong.

#include "real_backend/cuda/device.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>
#include <thread>
#include <vector>

#include "core/errors.hpp"
#include "real_backend/cuda/cuda_call.hpp"

namespace troupe::cuda {
namespace {

using testing::HasSubstr;

class OnAGpu : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_device(); !why.empty()) GTEST_SKIP() << why;
    device_ = std::make_unique<Device>(0);
    lane_ = device_->make_lane(false);
    device_->enter(lane_.get());
  }
  void TearDown() override {
    if (device_) device_->enter(nullptr);
  }
  /// Values 0, 1, … on the device.
  Buffer counting(std::size_t count) {
    std::vector<float> values(count);
    std::iota(values.begin(), values.end(), 0.0f);
    Buffer buffer{count, Dtype::float32, device_->memory()};
    copy_from_host(buffer, std::span{values});
    return buffer;
  }
  std::vector<float> values_of(ConstSlice slice) {
    const HostView view{slice};
    const auto values = view.slice().host<float>();
    return {values.begin(), values.end()};
  }

  std::unique_ptr<Device> device_;
  std::unique_ptr<mpi::AcceleratorLane> lane_;
};

std::string what_is_said(const std::function<void()>& action) {
  try {
    action();
  } catch (const BackendError& error) {
    return error.what();
  }
  return "nothing";
}

TEST(Gpus, AreNoneWhereThereIsNoDriverAndThenItIsSaidWhy) {
  EXPECT_EQ(devices().empty(), !why_no_device().empty());
  if (!devices().empty()) return;
  EXPECT_THAT(what_is_said([] { Device{0}; }), HasSubstr("there is no GPU to compute on: "));
}

TEST(Statuses, BecomeAnErrorWithCallWordsAndPlace) {
  EXPECT_THAT(what_is_said([] { check_call(cudaErrorInvalidValue, "cudaMemcpyAsync"); }),
              testing::AllOf(HasSubstr("cudaMemcpyAsync: invalid argument"),
                             HasSubstr("device_test.cpp:")));
  EXPECT_THAT(what_is_said([] { check_call(CUBLAS_STATUS_NOT_INITIALIZED, "cublasSgemm"); }),
              HasSubstr("cublasSgemm: "));
  check_call(cudaSuccess, "cudaMalloc");
}

TEST_F(OnAGpu, SaysThatAGpuOfThatNumberIsNotThere) {
  EXPECT_THAT(what_is_said([] { Device{99}; }),
              testing::AllOf(HasSubstr("there is no GPU 99"), HasSubstr("CUDA_VISIBLE_DEVICES")));
}

TEST_F(OnAGpu, SaysHowMuchMemoryIsNeededAndFreeAndLosesNone) {
  const auto before = device_->counters().pool_bytes;
  const std::size_t needed = 2 * device_->facts().memory_bytes;
  EXPECT_THAT(what_is_said([&] { Buffer(needed, Dtype::uint8, device_->memory()); }),
              testing::AllOf(HasSubstr(std::to_string(needed) + " bytes are needed"),
                             HasSubstr("are free"), HasSubstr(device_->facts().name)));
  EXPECT_LE(device_->counters().pool_bytes, before);
  EXPECT_EQ(values_of(counting(3)), (std::vector<float>{0, 1, 2}));
}

TEST_F(OnAGpu, KeepsMemoryForTheNextWhoAsks) {
  { const Buffer first = counting(1 << 20); }
  const auto held = device_->counters().pool_bytes;
  for (int i = 0; i < 100; ++i) const Buffer again{1 << 20, Dtype::float32, device_->memory()};
  EXPECT_EQ(device_->counters().pool_bytes, held);
  EXPECT_GT(held, 0u);
}

/// Each buffer is the next one's memory, on the lane that released it and on no other, whatever has
/// been launched meanwhile.
TEST_F(OnAGpu, GivesShortPiecesToTheSameLaneAgain) {
  const auto address_of = [&](std::size_t count) {
    return Buffer{count, Dtype::float32, device_->memory()}.slice().address();
  };
  const std::byte* const first = address_of(1000);
  EXPECT_EQ(address_of(1000), first);
  const auto other = device_->make_lane(false);
  device_->enter(other.get());
  EXPECT_NE(address_of(1000), first);
  device_->enter(lane_.get());
  EXPECT_EQ(address_of(1000), first);
  for (int i = 0; i < 50; ++i) {
    const Buffer x = counting(1000), y = counting(1000);
    lane_->launch(Axpy{1, x, y});
    EXPECT_EQ(values_of(y)[999], 1998);
  }
}

TEST_F(OnAGpu, LosesNoMemoryWhenAKernelFails) {
  const Buffer matrix = counting(4);  // [0 2; 1 3] is not positive definite
  const auto held = device_->counters().pool_bytes;
  for (int i = 0; i < 10; ++i)
    EXPECT_THAT(what_is_said([&] {
                  lane_->launch(Cholesky{2, matrix});
                }),
                HasSubstr("not positive definite"));
  EXPECT_LE(device_->counters().pool_bytes, held + (std::uint64_t{64} << 20));
}

TEST_F(OnAGpu, RunsKernelsOfALaneInOrderWithoutWaiting) {
  const Buffer x = counting(1000), y = counting(1000);
  const auto before = device_->counters();
  for (int i = 0; i < 50; ++i) {
    lane_->launch(Axpy{1, x, y});
    lane_->launch(Scale{0.5, y});
  }
  const auto after = device_->counters();
  EXPECT_EQ(after.launches - before.launches, 100u);
  EXPECT_EQ(after.synchronisations, before.synchronisations);
  std::vector<float> expected(1000);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    auto value = static_cast<float>(i);
    for (int k = 0; k < 50; ++k) value = (value + static_cast<float>(i)) * 0.5f;
    expected[i] = value;
  }
  EXPECT_EQ(values_of(y), expected);
}

TEST_F(OnAGpu, TimesKernelsWhereItIsAskedTo) {
  const Buffer x = counting(std::size_t{64} << 20);
  lane_->launch(Scale{1, x});
  EXPECT_EQ(device_->kernel_time(), std::nullopt);
  device_->time_kernels();
  EXPECT_EQ(device_->kernel_time(), Seconds{});
  device_->wait(lane_->mark());
  const auto other = device_->make_lane(false);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) lane_->launch(Scale{1, x});
  device_->wait(lane_->mark());
  const Seconds took = std::chrono::steady_clock::now() - begin;
  const auto time = device_->kernel_time();
  ASSERT_TRUE(time);
  EXPECT_LE(*time, took);
  EXPECT_GE(*time, 0.8 * took);
  EXPECT_THAT(what_is_said([&] {
                lane_->launch(Cholesky{2, counting(4)});
              }),
              HasSubstr("not positive definite"));
  other->follow(lane_->mark());
  for (int i = 0; i < 100; ++i) other->launch(Scale{1, x});
  EXPECT_NEAR((*device_->kernel_time() - *time) / *time, 0.5, 0.2);
}

TEST_F(OnAGpu, TellsWhenKernelsRanByTheHostsClock) {
  const auto start = std::chrono::steady_clock::now();
  const auto now = [start] { return Seconds{std::chrono::steady_clock::now() - start}; };
  const Buffer x = counting(std::size_t{16} << 20);
  device_->keep_kernels(100, now);
  lane_->launch(Scale{1, x});
  EXPECT_TRUE(device_->take_kernels().empty());  // nothing is timed
  device_->time_kernels();
  device_->wait(lane_->mark());
  device_->keep_kernels(150, now);
  const Seconds begin = now();
  for (int i = 0; i < 100; ++i) lane_->launch(Scale{1, x});
  device_->wait(lane_->mark());
  std::this_thread::sleep_for(std::chrono::milliseconds{300});  // beyond what one event is used for
  lane_->run(Scale{1, x});
  const Seconds again = now();
  for (int i = 0; i < 100; ++i) lane_->launch(Fill{1, x});
  device_->wait(lane_->mark());
  const Seconds end = now();
  const auto sum = device_->kernel_time();
  const auto kernels = device_->take_kernels();
  ASSERT_EQ(kernels.size(), 150u);  // the first of them
  constexpr Seconds slack{100e-6};
  Seconds till = begin - slack, all{};
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    if (i == 100) till = again - slack;
    EXPECT_EQ(kernels[i].name, i < 100 ? "Scale" : "Fill");
    EXPECT_GE(kernels[i].begin, till - Seconds{1e-6});
    EXPECT_GT(kernels[i].end, kernels[i].begin);
    till = kernels[i].end;
    all += kernels[i].end - kernels[i].begin;
  }
  EXPECT_LE(kernels[99].end, again);
  EXPECT_LE(till, end + slack);
  EXPECT_LT(all, *sum);
  lane_->launch(Scale{1, x});
  EXPECT_TRUE(device_->take_kernels().empty());  // they have been taken
}

TEST_F(OnAGpu, BringsWhatAnOpaqueKernelNamesToTheHostAndCountsIt) {
  const Buffer x = counting(100), y = counting(100), other = counting(10);
  const auto before = device_->counters();
  lane_->launch(Opaque{.reads = {x}, .writes = {y}, .work = {}, .body = [&] {
                         const auto from = ConstSlice{x}.host<float>();
                         const auto into = y.slice().host<float>();
                         for (std::size_t i = 0; i < into.size(); ++i) into[i] = 2 * from[i];
                         EXPECT_THROW(other.slice().host<float>(), ContractViolation);
                       }});
  const auto after = device_->counters();
  EXPECT_EQ(after.staged_kernels - before.staged_kernels, 1u);
  EXPECT_EQ(after.staged_bytes - before.staged_bytes, 800u);
  EXPECT_EQ(values_of(y)[99], 198.0f);
}

TEST_F(OnAGpu, CopiesBesideTheKernelsOnceWhatComesBeforeIsDone) {
  const std::size_t count = 1 << 22;
  const Buffer x = counting(count);
  const Buffer here{count, Dtype::float32, device_->staging_memory()};
  for (int i = 0; i < 100; ++i) lane_->launch(Scale{2, x});
  for (int i = 0; i < 99; ++i) lane_->launch(Scale{0.5, x});
  const auto copied = device_->copy_to_host(here.slice().address(), x.slice().address(),
                                            x.slice().size_bytes(), lane_->mark());
  device_->wait(copied);
  EXPECT_EQ(here.slice().host<float>()[count - 1], 2 * static_cast<float>(count - 1));

  for (float& value : here.slice().host<float>()) value = 7;
  const auto back = device_->copy_to_device(x.slice().address(), here.slice().address(),
                                            x.slice().size_bytes(), lane_->mark());
  lane_->follow(back);
  lane_->launch(Scale{3, x});
  EXPECT_EQ(values_of(x)[count / 2], 21.0f);
}

/// The device itself tells of copies: then the values are there, whatever the marks told before.
TEST_F(OnAGpu, HasCopiedWhatItSaysItHas) {
  for (const std::size_t count : {3u, 1u << 14, 1u << 20}) {
    const Buffer x = counting(count), y = counting(count);
    const Buffer here{count, Dtype::float32, device_->staging_memory()};
    const auto begin = here.slice().host<float>().begin();
    for (int turn = 1; turn <= 200; ++turn) {
      lane_->launch(Fill{static_cast<double>(turn), x});
      const auto down = device_->copy_to_host(here.slice().address(), x.slice().address(),
                                              x.slice().size_bytes(), lane_->mark());
      while (!device_->reached(down)) {
      }
      ASSERT_TRUE(std::all_of(begin, begin + static_cast<std::ptrdiff_t>(count), [&](float value) {
        return value == static_cast<float>(turn);
      })) << turn;
      begin[count / 2] = -1;
      const auto up = device_->copy_to_device(y.slice().address(), here.slice().address(),
                                              y.slice().size_bytes(), down);
      if (turn % 2 == 0) continue;  // whose mark is dropped before it is reached
      while (!device_->reached(up)) {
      }
      if (turn % 40 == 1) {
        ASSERT_EQ(values_of(y)[count / 2], -1) << turn;
      }
    }
    device_->wait(lane_->mark());
  }
}

TEST_F(OnAGpu, SaysWhichLabelIsNoClassWhenTheHostNextWaits) {
  const Buffer outputs = counting(6);
  const std::vector<std::int32_t> wrong{0, 7};
  Buffer labels{2, Dtype::int32, device_->memory()}, losses{2, Dtype::float32, device_->memory()};
  copy_from_host(labels, std::span{wrong});
  lane_->launch(Loss{.kind = LossKind::softmax_cross_entropy,
                     .rows = 3,
                     .batch = 2,
                     .outputs = outputs,
                     .targets = labels,
                     .losses = losses});
  EXPECT_THAT(what_is_said([&] {
                device_->wait(lane_->mark());
                values_of(losses);
              }),
              HasSubstr("Loss: label 7 of sample 1 of the batch is no class, 0 to 2 are"));
}

}  // namespace
}  // namespace troupe::cuda
