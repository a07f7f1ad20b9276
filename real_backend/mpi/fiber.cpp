#include "real_backend/mpi/fiber.hpp"

#include <cxxabi.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <new>
#include <utility>

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

Fiber::Fiber(StackPool& stacks, std::function<void()> body) : body_{std::move(body)} {
  inside_ = boost::context::fiber{std::allocator_arg, Allocator{&stacks},
                                  [this](boost::context::fiber&& caller) {
                                    outside_ = std::move(caller);
                                    body_();
                                    finished_ = true;
                                    return std::move(outside_);
                                  }};
}
void Fiber::resume() {
  exceptions_.exchange_with_thread();
  inside_ = std::move(inside_).resume();
  exceptions_.exchange_with_thread();
}
void Fiber::suspend() { outside_ = std::move(outside_).resume(); }

void Fiber::Exceptions::exchange_with_thread() noexcept {
  // The layout is fixed by the Itanium C++ ABI, §2.2.2 of its exception handling.
  auto& thread = *reinterpret_cast<Exceptions*>(abi::__cxa_get_globals());
  std::swap(handled, thread.handled);
  std::swap(in_flight, thread.in_flight);
}

}  // namespace troupe::mpi
