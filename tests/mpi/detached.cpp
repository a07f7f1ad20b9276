#include "mpi/detached.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>
#include <variant>
#include <vector>

#include "core/errors.hpp"
#include "core/staging.hpp"

namespace troupe::tests {

namespace {
/// Than the host's is the device's clock.
constexpr double faster = 1.25;

/// Every value of it is a NaN, or -1.
void poison(void* address, std::size_t bytes) {
  if (bytes > 0) std::memset(address, 0xFF, bytes);
}
}  // namespace

struct DetachedAccelerator::Point {
  bool reached = false;
};

class DetachedAccelerator::Lane final : public mpi::AcceleratorLane {
 public:
  explicit Lane(DetachedAccelerator& device)
      : device_{device}, queue_{device.lanes_.emplace(device.lanes_.end())} {}
  ~Lane() override {
    finish();
    device_.lanes_.erase(queue_);
  }
  void launch(const Kernel& kernel) override { launch(kernel, device_.settings_.times_kernels); }
  void run(const Kernel& kernel) override {
    ++device_.off_the_clock_;
    launch(kernel, false);
  }
  mpi::Mark mark() override {
    const auto point = std::make_shared<Point>();
    queue_->push_back({[] {}, nullptr, point});
    return point;
  }
  void follow(const mpi::Mark& mark) override {
    queue_->push_back({[] {}, std::static_pointer_cast<const Point>(mark), nullptr});
  }
  void put_off(std::function<void()> action) {
    queue_->push_back({std::move(action), nullptr, nullptr});
  }
  void finish() { device_.wait(mark()); }

 private:
  /// Opaque kernels, and those that find out while they run that they fail.
  static bool is_for_the_host(const Kernel& kernel) {
    return std::holds_alternative<Opaque>(kernel) || std::holds_alternative<Cholesky>(kernel) ||
           std::holds_alternative<Svd>(kernel) || std::holds_alternative<Loss>(kernel);
  }
  /// `timed`: adds what it takes to the device's time, unless the host computes it.
  void launch(const Kernel& kernel, bool timed) {
    if (is_for_the_host(kernel)) {
      finish();
      const std::uint64_t read = device_.read_by_host_;
      run_staged(kernel, device_.staging_);
      device_.read_by_host_ = read;
    } else if (const auto* gather = std::get_if<Gather>(&kernel)) {
      // The indices are the caller's again when this returns.
      put_off([own = *gather, columns = std::vector(gather->columns.begin(), gather->columns.end()),
               timed, this]() mutable {
        own.columns = columns;
        run(own, timed);
      });
    } else {
      put_off([kernel, timed, this] { run(kernel, timed); });
    }
  }
  void run(const Kernel& kernel, bool timed) {
    const Seconds begin = device_now();
    run_staged(kernel, device_.staging_);
    if (!timed) return;
    const Seconds end = device_now(), each = device_.settings_.each_takes;
    device_.computed_ += each > Seconds{} ? each : (end - begin) / faster;
    if (device_.kept_.size() < device_.most_kept_)
      device_.kept_.push_back({name_of(kernel), begin, end});
  }

  DetachedAccelerator& device_;
  std::list<Queue>::iterator queue_;
};

// ---- memory

void* DetachedAccelerator::DeviceMemory::allocate(std::size_t bytes) {
  device_.expect_own_thread();
  void* const address = host_memory().allocate(bytes);
  poison(address, bytes);
  // Whoever uses it without an order after this finds that out.
  if (device_.entered_) device_.entered_->put_off([=] { poison(address, bytes); });
  device_.tell(mpi::MemoryUse::allocated, address, bytes);
  return address;
}
void DetachedAccelerator::DeviceMemory::release(void* address, std::size_t bytes) noexcept {
  device_.tell(mpi::MemoryUse::released, address, bytes);
  const auto free = [=] {
    poison(address, bytes);
    host_memory().release(address, bytes);
  };
  if (device_.entered_) device_.entered_->put_off(free);
  else free();
}
void DetachedAccelerator::DeviceMemory::read(std::byte* host, const std::byte* from,
                                             std::size_t bytes) const {
  device_.expect_own_thread();
  device_.tell(mpi::MemoryUse::read, from, bytes);
  device_.finish_lane();
  if (!device_.at_work_) device_.read_by_host_ += bytes;
  if (bytes > 0) std::memcpy(host, from, bytes);
}
void DetachedAccelerator::DeviceMemory::write(std::byte* into, const std::byte* host,
                                              std::size_t bytes) {
  device_.expect_own_thread();
  device_.tell(mpi::MemoryUse::written, into, bytes);
  device_.finish_lane();
  if (bytes > 0) std::memcpy(into, host, bytes);
}

KernelRunner* DetachedAccelerator::DeviceMemory::runner() noexcept {
  device_.tell(mpi::MemoryUse::computed_on, nullptr, 0);
  return device_.settings_.runs_off_the_clock ? device_.entered_ : nullptr;
}

void* DetachedAccelerator::StagingMemory::allocate(std::size_t bytes) {
  void* const address = host_memory().allocate(bytes);
  poison(address, bytes);
  used += bytes;
  most_used = std::max(most_used, used);
  return address;
}
void DetachedAccelerator::StagingMemory::release(void* address, std::size_t bytes) noexcept {
  poison(address, bytes);
  host_memory().release(address, bytes);
  used -= bytes;
}

// ---- the device

DetachedAccelerator::DetachedAccelerator(Settings settings)
    : settings_{settings}, random_{settings.seed} {}
DetachedAccelerator::~DetachedAccelerator() = default;

std::unique_ptr<mpi::AcceleratorLane> DetachedAccelerator::make_lane(bool) {
  return std::make_unique<Lane>(*this);
}
void DetachedAccelerator::enter(mpi::AcceleratorLane* lane) { entered_ = static_cast<Lane*>(lane); }
void DetachedAccelerator::expect_own_thread() const {
  EXPECTS(std::this_thread::get_id() == thread_, "one thread uses a device");
}
void DetachedAccelerator::finish_lane() {
  if (entered_ && !at_work_) entered_->finish();
}

bool DetachedAccelerator::is_runnable(const Queue& queue) const {
  return !queue.empty() && (!queue.front().needs || queue.front().needs->reached) &&
         !(first_may_do_ == 0 && &queue == &lanes_.front());
}
bool DetachedAccelerator::do_a_step() {
  std::erase_if(copying_, [](const Queue& queue) { return queue.empty(); });
  std::vector<Queue*> runnable;
  for (auto* const queues : {&lanes_, &copying_})
    for (Queue& queue : *queues)
      if (is_runnable(queue)) runnable.push_back(&queue);
  for (Queue* const queue : {&to_host_, &to_device_})
    if (is_runnable(*queue)) runnable.push_back(queue);
  if (runnable.empty()) return false;
  Queue& queue = *runnable[random_.below(runnable.size())];
  const Step step = std::move(queue.front());
  queue.pop_front();
  if (first_may_do_ && &queue == &lanes_.front()) --*first_may_do_;
  at_work_ = true;
  try {
    step.action();
  } catch (...) {
    if (!failed_) failed_ = std::current_exception();
  }
  at_work_ = false;
  if (step.sets) step.sets->reached = true;
  return true;
}

bool DetachedAccelerator::reached(const mpi::Mark& mark) {
  const auto* const point = static_cast<const Point*>(mark.get());
  if (point && !point->reached && random_.below(4) == 0) do_a_step();
  if (failed_) std::rethrow_exception(std::exchange(failed_, nullptr));
  return !point || point->reached;
}
void DetachedAccelerator::wait(const mpi::Mark& mark) {
  ++waits_;
  const auto* const point = static_cast<const Point*>(mark.get());
  while (point && !point->reached)
    if (!do_a_step()) throw BackendError{"a mark waits for what nobody will do"};
  if (failed_) std::rethrow_exception(std::exchange(failed_, nullptr));
}

mpi::Mark DetachedAccelerator::copy(Queue& queue, std::byte* to, const std::byte* from,
                                    std::size_t bytes, const mpi::Mark& after) {
  ++copies_;
  const auto point = std::make_shared<Point>();
  (settings_.copies_in_turn ? queue : copying_.emplace_back())
      .push_back({[=] { std::memcpy(to, from, bytes); },
                  std::static_pointer_cast<const Point>(after), point});
  return point;
}
mpi::Mark DetachedAccelerator::copy_to_host(std::byte* host, const std::byte* device,
                                            std::size_t bytes, const mpi::Mark& after) {
  return copy(to_host_, host, device, bytes, after);
}
mpi::Mark DetachedAccelerator::copy_to_device(std::byte* device, const std::byte* host,
                                              std::size_t bytes, const mpi::Mark& after) {
  return copy(to_device_, device, host, bytes, after);
}

std::optional<Seconds> DetachedAccelerator::kernel_time() {
  if (!settings_.times_kernels) return {};
  while (do_a_step()) {
  }
  return computed_;
}

Seconds DetachedAccelerator::device_now() {
  const Seconds host = std::chrono::steady_clock::now().time_since_epoch();
  return Seconds{1e4} + faster * host;
}
mpi::SameMoment DetachedAccelerator::now_on_both() const {
  mpi::SameMoment best;
  Seconds shortest = forever;
  for (int i = 0; i < 20; ++i) {
    const Seconds before = host_now_(), device = device_now(), after = host_now_();
    if (after - before >= shortest) continue;
    shortest = after - before;
    best = {.device = device, .host = before + shortest / 2};
  }
  return best;
}
void DetachedAccelerator::keep_kernels(std::size_t most, std::function<Seconds()> host_now) {
  if (!settings_.times_kernels) return;
  host_now_ = std::move(host_now);
  keeping_since_ = now_on_both();
  most_kept_ = most;
}
std::vector<TimedKernel> DetachedAccelerator::take_kernels() {
  if (most_kept_ == 0) return {};
  while (do_a_step()) {
  }
  mpi::tell_by_host(kept_, keeping_since_, now_on_both());
  most_kept_ = 0;
  host_now_ = nullptr;
  return std::exchange(kept_, {});
}

std::size_t DetachedAccelerator::put_off() const noexcept {
  std::size_t steps = to_host_.size() + to_device_.size();
  for (const auto* const queues : {&lanes_, &copying_})
    for (const Queue& queue : *queues) steps += queue.size();
  return steps;
}

}  // namespace troupe::tests
