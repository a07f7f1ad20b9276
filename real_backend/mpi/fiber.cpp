#include "real_backend/mpi/fiber.hpp"

#include <cxxabi.h>
#include <sys/mman.h>
#include <unistd.h>
#include <boost/context/preallocated.hpp>

#include <memory>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#elif defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace troupe::mpi {

StackPool::StackPool(std::size_t bytes) : page_{static_cast<std::size_t>(sysconf(_SC_PAGESIZE))} {
  bytes_ = (bytes + page_ - 1) / page_ * page_ + page_;  // and the guard page at the low end
}
StackPool::~StackPool() {
  for (const auto& stack : free_) munmap(static_cast<std::byte*>(stack.sp) - bytes_, bytes_);
}
boost::context::stack_context StackPool::allocate() {
  if (free_.empty()) {
    void* const low = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (low == MAP_FAILED) throw std::bad_alloc{};
    mprotect(low, page_, PROT_NONE);
    boost::context::stack_context stack;
    stack.size = bytes_;
    stack.sp = static_cast<std::byte*>(low) + bytes_;
    return stack;
  }
  const auto stack = free_.back();
  free_.pop_back();
  return stack;
}
void StackPool::release(boost::context::stack_context& stack) noexcept { free_.push_back(stack); }

namespace {
/// Boost's name for something that hands out stacks; copied into each fiber.
struct Allocator {
  StackPool* pool;
  boost::context::stack_context allocate() { return pool->allocate(); }
  void deallocate(boost::context::stack_context& stack) noexcept { pool->release(stack); }
};
}  // namespace

Fiber::Fiber(StackPool& stacks, std::function<void()> body)
    : body_{std::move(body)}, stack_{stacks.allocate()} {
  inside_ = boost::context::fiber{std::allocator_arg,
                                  boost::context::preallocated{stack_.sp, stack_.size, stack_},
                                  Allocator{&stacks}, [this](boost::context::fiber&& caller) {
                                    arrive_inside();
                                    outside_ = std::move(caller);
                                    body_();
                                    finished_ = true;
                                    leave_inside(/*for_ever=*/true);
                                    return std::move(outside_);
                                  }};
}
void Fiber::resume() {
  exceptions_.exchange_with_thread();
  leave_outside();
  inside_ = std::move(inside_).resume();
  arrive_outside();
  exceptions_.exchange_with_thread();
}
void Fiber::suspend() {
  leave_inside(/*for_ever=*/false);
  outside_ = std::move(outside_).resume();
  arrive_inside();
}

#if defined(__SANITIZE_ADDRESS__)
void Fiber::leave_outside() noexcept {
  __sanitizer_start_switch_fiber(&outside_shadow_, static_cast<std::byte*>(stack_.sp) - stack_.size,
                                 stack_.size);
}
void Fiber::arrive_outside() noexcept {
  __sanitizer_finish_switch_fiber(outside_shadow_, nullptr, nullptr);
}
void Fiber::leave_inside(bool for_ever) noexcept {
  __sanitizer_start_switch_fiber(for_ever ? nullptr : &inside_shadow_, outside_bottom_,
                                 outside_size_);
}
void Fiber::arrive_inside() noexcept {
  __sanitizer_finish_switch_fiber(inside_shadow_, &outside_bottom_, &outside_size_);
}
#elif defined(__SANITIZE_THREAD__)
void Fiber::leave_outside() noexcept {
  outside_shadow_ = __tsan_get_current_fiber();
  if (!inside_shadow_) inside_shadow_ = __tsan_create_fiber(0);
  __tsan_switch_to_fiber(inside_shadow_, 0);
}
void Fiber::arrive_outside() noexcept {
  if (finished_) __tsan_destroy_fiber(inside_shadow_);
}
void Fiber::leave_inside(bool) noexcept { __tsan_switch_to_fiber(outside_shadow_, 0); }
void Fiber::arrive_inside() noexcept {}
#else
void Fiber::leave_outside() noexcept {}
void Fiber::arrive_outside() noexcept {}
void Fiber::leave_inside(bool) noexcept {}
void Fiber::arrive_inside() noexcept {}
#endif

void Fiber::Exceptions::exchange_with_thread() noexcept {
  // The layout is fixed by the Itanium C++ ABI, §2.2.2 of its exception handling.
  auto& thread = *reinterpret_cast<Exceptions*>(abi::__cxa_get_globals());
  std::swap(handled, thread.handled);
  std::swap(in_flight, thread.in_flight);
}

}  // namespace troupe::mpi
