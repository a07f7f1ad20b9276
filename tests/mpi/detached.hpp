#pragma once
// A device that is none, to hold the MPI backend to what it owes to one. Its memory is memory of
// this process that slices do not let the host touch, full of NaNs until something is written. Its
// work is put off, in a seeded order that respects marks and nothing else: what is not ordered
// happens in the wrong order sooner or later, and shows as NaNs or wrong numbers.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <thread>

#include "core/random.hpp"
#include "real_backend/mpi/accelerator.hpp"
#include "real_backend/mpi/device_clock.hpp"

namespace troupe::tests {

class DetachedAccelerator final : public mpi::Accelerator {
 public:
  struct Settings {
    std::uint64_t seed = 1;
    bool reachable_by_mpi = false;
    bool times_kernels = false;      ///< by the clock of the host, which does its work
    Seconds each_takes{};            ///< then what a kernel counts for, where not by that clock
    bool runs_off_the_clock = true;  ///< else the host computes what is off the clock
    bool copies_in_turn = false;     ///< those of one way, as devices do; else as it comes
  };
  DetachedAccelerator() : DetachedAccelerator{Settings{}} {}
  explicit DetachedAccelerator(Settings settings);
  ~DetachedAccelerator() override;

  Memory& memory() noexcept override { return memory_; }
  Memory& staging_memory() noexcept override { return staging_; }
  void tell_uses(mpi::HearsOfUse who) override { hears_ = std::move(who); }
  std::unique_ptr<mpi::AcceleratorLane> make_lane(bool of_flow) override;
  void enter(mpi::AcceleratorLane* lane) override;
  /// Works on something one time in four.
  bool reached(const mpi::Mark& mark) override;
  void wait(const mpi::Mark& mark) override;
  mpi::Mark copy_to_host(std::byte* host, const std::byte* device, std::size_t bytes,
                         const mpi::Mark& after) override;
  mpi::Mark copy_to_device(std::byte* device, const std::byte* host, std::size_t bytes,
                           const mpi::Mark& after) override;
  bool reachable_by_mpi() const noexcept override { return settings_.reachable_by_mpi; }
  std::optional<Seconds> kernel_time() override;
  void keep_kernels(std::size_t most, std::function<Seconds()> host_now) override;
  std::vector<TimedKernel> take_kernels() override;

  /// The first lane, that of the rank's own flow, does what it has been given, and until it is
  /// released nothing of what comes later.
  void hold_first_lane() { first_may_do_ = lanes_.front().size(); }
  void release_first_lane() noexcept { first_may_do_.reset(); }

  /// How much has been put off and is not done yet.
  std::size_t put_off() const noexcept;
  std::uint64_t waits() const noexcept { return waits_; }
  std::uint64_t copies() const noexcept { return copies_; }
  /// Kernels that ran here off the clock.
  std::uint64_t off_the_clock() const noexcept { return off_the_clock_; }
  /// Bytes that the host has read of the memory, but for kernels that it computes for the device.
  std::uint64_t read_by_host() const noexcept { return read_by_host_; }
  /// Bytes of staging memory in use, and the most that ever were.
  std::size_t staged() const noexcept { return staging_.used; }
  std::size_t most_staged() const noexcept { return staging_.most_used; }

 private:
  class Lane;
  struct Point;
  /// Something to do once `needs` is reached; then `sets` is.
  struct Step {
    std::function<void()> action;
    std::shared_ptr<const Point> needs;
    std::shared_ptr<Point> sets;
  };
  using Queue = std::deque<Step>;

  class DeviceMemory final : public Memory {
   public:
    explicit DeviceMemory(DetachedAccelerator& device) : device_{device} {}
    std::string_view name() const noexcept override { return "detached"; }
    bool on_host() const noexcept override { return false; }
    void* allocate(std::size_t bytes) override;
    void release(void* address, std::size_t bytes) noexcept override;
    void read(std::byte* host, const std::byte* from, std::size_t bytes) const override;
    void write(std::byte* into, const std::byte* host, std::size_t bytes) override;
    KernelRunner* runner() noexcept override;

   private:
    DetachedAccelerator& device_;
  };
  class StagingMemory final : public Memory {
   public:
    std::string_view name() const noexcept override { return "staging"; }
    bool on_host() const noexcept override { return true; }
    void* allocate(std::size_t bytes) override;
    void release(void* address, std::size_t bytes) noexcept override;
    std::size_t used = 0, most_used = 0;
  };

  /// Nothing in the midst of a step: that is the device.
  void tell(mpi::MemoryUse use, const void* begin, std::size_t bytes) const {
    if (hears_ && !at_work_) hears_(use, static_cast<const std::byte*>(begin), bytes);
  }
  bool is_runnable(const Queue& queue) const;
  /// Does one step of any queue that can go on. False if none can.
  bool do_a_step();
  mpi::Mark copy(Queue& queue, std::byte* to, const std::byte* from, std::size_t bytes,
                 const mpi::Mark& after);
  /// EXPECTS the thread that made the device: kernels of the host run on another, and have no
  /// business here.
  void expect_own_thread() const;
  /// Blocks until the lane that was entered has done everything; nothing in the midst of a step.
  void finish_lane();
  /// A clock that is not the host's: it is far ahead, and goes faster.
  static Seconds device_now();
  /// Now on both clocks, as well as that can be told.
  mpi::SameMoment now_on_both() const;

  Settings settings_;
  mpi::HearsOfUse hears_;
  std::thread::id thread_ = std::this_thread::get_id();
  SplitMix64 random_;
  std::list<Queue> lanes_, copying_;  // a queue for each lane, and one for each copy under way ...
  Queue to_host_, to_device_;         // ... or these, where copies are made in turn
  std::optional<std::size_t> first_may_do_;  // steps, while it is held
  Lane* entered_ = nullptr;
  DeviceMemory memory_{*this};
  StagingMemory staging_;
  bool at_work_ = false;  // in a step
  std::exception_ptr failed_;
  std::uint64_t waits_ = 0, copies_ = 0, off_the_clock_ = 0, read_by_host_ = 0;
  Seconds computed_{};
  std::size_t most_kept_ = 0;
  std::vector<TimedKernel> kept_;
  std::function<Seconds()> host_now_;
  mpi::SameMoment keeping_since_;
};

}  // namespace troupe::tests
