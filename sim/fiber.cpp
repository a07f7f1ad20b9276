#include "sim/fiber.hpp"

#include <cxxabi.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <boost/context/detail/fcontext.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "core/errors.hpp"
#include "core/text.hpp"

#ifdef TROUPE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace troupe::sim {

#ifndef TROUPE_OWN_SWITCH
namespace context = boost::context::detail;
#endif

// ---- stacks

namespace {

std::size_t page() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

/// How many mappings Linux grants a process.
std::size_t most_mappings() {
  std::size_t most = 65'530;
  std::ifstream{"/proc/sys/vm/max_map_count"} >> most;
  return most;
}

}  // namespace

StackPool::StackPool(std::size_t stacks, Bytes bytes)
    : protection_{2 * stacks < most_mappings() / 2 ? Protection::guard_pages
                                                   : Protection::canaries},
      guard_{protection_ == Protection::guard_pages ? guard_bytes : 0} {
  stride_ = (bytes.value + page() - 1) / page() * page() + guard_;
  // An odd number of pages, so that the tops of the stacks do not meet in a few sets of the cache.
  if (stride_ / page() % 2 == 0) stride_ += page();
  map(stacks);
}
StackPool::~StackPool() {
  for (const auto& [address, bytes] : mappings_) ::munmap(address, bytes);
}

void StackPool::map(std::size_t stacks) {
  // A canary lies at the lower end of its stack, in the last line of a page: that is the page in
  // which the stack below it has its top, and is touched anyway.
  const std::size_t below = guard_ > 0 ? guard_ : page() - canary_bytes;
  const std::size_t bytes = stacks * stride_ + (guard_ > 0 ? 0 : page());
  void* const address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (address == MAP_FAILED)
    throw BackendError{"cannot map " + std::to_string(stacks) + " stacks of " +
                       to_text(Bytes{stride_ - guard_}) + ": " + std::strerror(errno)};
  ::madvise(address, bytes, MADV_NOHUGEPAGE);  // a page of 2 MiB would be filled by one stack
  mappings_.push_back({static_cast<std::byte*>(address), bytes});
  free_.reserve(free_.size() + stacks);
  for (std::size_t i = stacks; i-- > 0;) {
    std::byte* const bottom = mappings_.back().address + i * stride_ + below;
    if (guard_ > 0) ::mprotect(bottom - guard_, guard_, PROT_NONE);
    free_.push_back({bottom, stride_ - guard_});
  }
}

Stack StackPool::take() {
  if (free_.empty()) map(64);
  Stack stack = free_.back();
  free_.pop_back();
  // The hot ends of the stacks lie at four places of a page, for the same reason as above; at
  // which, is as good as drawn: those of every eighth stack do not meet either. The places are
  // close to each other, so that most flows need one page.
  if (stack.bytes % page() == 0) stack.bytes -= 128 * (++colour_ * 0x9E3779B9u >> 30);
#ifdef TROUPE_ASAN
  // A fiber ends without leaving its first frames, and what they forbade would outlive them.
  __asan_unpoison_memory_region(stack.bottom, stack.bytes);
#endif
  return stack;
}

}  // namespace troupe::sim

// ---- fibers

#ifdef TROUPE_OWN_SWITCH
// What boost::context::jump_fcontext does, but for the modes of the floating-point unit, which no
// rank changes; and it comes back by returning. Boost jumps, after which the processor foresees
// none of the returns on the stack it has come to: a third of the time of a short message.
extern "C" void troupe_begin_stack();
asm(R"(
.text
.p2align 4
.globl troupe_switch_stack
.hidden troupe_switch_stack
.type troupe_switch_stack, @function
troupe_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size troupe_switch_stack, . - troupe_switch_stack
.p2align 4
.type troupe_begin_stack, @function
troupe_begin_stack:
  movq %r12, %rdi
  call *%rbx
  ud2
.size troupe_begin_stack, . - troupe_begin_stack
)");
#endif

namespace troupe::sim {

#ifndef TROUPE_OWN_SWITCH
/// The two ends of a switch, as the one that goes on is told of it.
struct Fiber::Switch {
  Fiber* from;
  Fiber* to;

  /// The first thing that happens on the stack of `to`.
  static void arrive(context::transfer_t transfer) {
    const Switch& ends = *static_cast<Switch*>(transfer.data);
    ends.from->context_ = transfer.fctx;
#ifdef TROUPE_ASAN
    __sanitizer_finish_switch_fiber(ends.to->fake_stack_, nullptr, nullptr);
#endif
  }
  /// Where a new fiber begins.
  static void begin(context::transfer_t transfer) {
    Fiber& self = *static_cast<Switch*>(transfer.data)->to;
    arrive(transfer);
    self.code_(self.argument_);
  }
};

#endif

Fiber::Fiber() : globals_{&exception_globals()} {
#ifdef TROUPE_ASAN
  pthread_attr_t attributes;
  void* bottom = nullptr;
  ::pthread_getattr_np(::pthread_self(), &attributes);
  ::pthread_attr_getstack(&attributes, &bottom, &stack_.bytes);
  ::pthread_attr_destroy(&attributes);
  stack_.bottom = static_cast<std::byte*>(bottom);
#endif
}

Fiber::Fiber(Stack stack, Protection protection, Code code, void* argument)
    : canary_{protection == Protection::canaries ? reinterpret_cast<std::uint64_t*>(stack.bottom)
                                                 : nullptr},
      globals_{&exception_globals()},
      stack_{stack},
      code_{code},
      argument_{argument} {
  std::byte* const top = stack.bottom + stack.bytes;
#ifdef TROUPE_OWN_SWITCH
  // What troupe_switch_stack takes from a stack; the stack is aligned where its first call is made.
  void** const saved = reinterpret_cast<void**>(top) - 9;
  saved[3] = argument;                       // r12
  saved[4] = reinterpret_cast<void*>(code);  // rbx
  saved[5] = nullptr;                        // rbp: the end of the chain of frames
  saved[6] = reinterpret_cast<void*>(&troupe_begin_stack);
  context_ = saved;
#else
  context_ = context::make_fcontext(top, stack.bytes, &Switch::begin);
#endif
  if (canary_) *canary_ = pattern;
}

Fiber::ExceptionGlobals& Fiber::exception_globals() {
  return *reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals());
}

#ifndef TROUPE_OWN_SWITCH
void Fiber::jump(Fiber& from, Fiber& to) {
#ifdef TROUPE_ASAN
  __sanitizer_start_switch_fiber(from.has_ended_ ? nullptr : &from.fake_stack_, to.stack_.bottom,
                                 to.stack_.bytes);
#endif
  Switch ends{&from, &to};
  Switch::arrive(context::jump_fcontext(to.context_, &ends));
}
#endif

}  // namespace troupe::sim
