#pragma once
// Flows of control of one thread: a stack each, and the switch from one to another. Nothing here
// knows what runs on them. There is no scheduler: whoever stops says who goes on.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/units.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define TROUPE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TROUPE_ASAN 1
#endif
#endif
#if defined(__x86_64__) && !defined(TROUPE_ASAN)
#define TROUPE_OWN_SWITCH 1
extern "C" void troupe_switch_stack(void** from, void* to);
#endif

namespace troupe::sim {

/// The memory of one stack.
struct Stack {
  std::byte* bottom = nullptr;  ///< the lowest address; a stack grows towards it
  std::size_t bytes = 0;
};

/// How a stack that overflows is caught.
enum class Protection : std::uint8_t {
  guard_pages,  ///< at once, by the processor
  canaries      ///< at the next switch, by a pattern at the end of the stack that has changed, or
                ///< by where the stack has got to
};

/// Stacks from a few large mappings, of which only the pages that are touched take memory. Stacks
/// that are given back are used again, the last one first.
class StackPool {
 public:
  /// Below a guarded stack: more than a frame of a function that does not ask for trouble. Takes
  /// addresses, no memory; the tables of pages take 650 bytes a stack, 260 with a quarter of it.
  static constexpr std::size_t guard_bytes = 256 * 1024;
  /// Between two stacks without guards.
  static constexpr std::size_t canary_bytes = 64;

  /// Room for `stacks` of `bytes` each, rounded up to pages; more are mapped when they are asked
  /// for. Guard pages cost two of the mappings that Linux grants a process (vm.max_map_count,
  /// 65,530 by default): there are some as long as they take less than half of it.
  StackPool(std::size_t stacks, Bytes bytes);
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  ~StackPool();

  Stack take();
  void give_back(Stack stack) { free_.push_back(stack); }
  Protection protection() const noexcept { return protection_; }

 private:
  void map(std::size_t stacks);

  struct Mapping {
    std::byte* address;
    std::size_t bytes;
  };
  Protection protection_;
  std::size_t guard_, stride_ = 0;  // below each stack; from one to the next
  std::uint32_t colour_ = 0;
  std::vector<Mapping> mappings_;
  std::vector<Stack> free_;
};

/// A flow of control: suspended, or the one that runs. It is made suspended, and begins when it is
/// first switched to.
class Fiber {
 public:
  /// What a fiber runs. At its end it must declare so, switch away, and never be switched to again.
  using Code = void (*)(void* argument);

  /// The thread's own flow.
  Fiber();
  Fiber(Stack stack, Protection protection, Code code, void* argument);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Goes on in `to`; returns when somebody switches back to `from`, which is the running one.
  static void switch_to(Fiber& from, Fiber& to);
  void declare_ended() noexcept { has_ended_ = true; }

  const Stack& stack() const noexcept { return stack_; }
  /// Of the fiber that runs: false once its end has been written to, where there is a canary, and
  /// while a frame reaches beyond it, which may have touched neither a canary nor a guard.
  bool is_intact() const noexcept {
#ifdef TROUPE_OWN_SWITCH
    const std::byte* here = nullptr;
    asm("movq %%rsp, %0" : "=r"(here));
    if (here < stack_.bottom) [[unlikely]]
      return false;
#endif
    return !canary_ || *canary_ == pattern;
  }
  /// Where the fiber will go on: worth fetching into the cache before a switch.
  const void* position() const noexcept { return context_; }

 private:
  /// What the C++ ABI keeps of the exceptions of a thread (Itanium C++ ABI, 2.2.2). They belong to
  /// a flow of control.
  struct ExceptionGlobals {
    void* caught;
    unsigned uncaught;
  };
  static ExceptionGlobals& exception_globals();

  struct Switch;
  static void jump(Fiber& from, Fiber& to);
  static constexpr std::uint64_t pattern = 0x54524F5550452121;

  void* context_ = nullptr;
  std::uint64_t* canary_ = nullptr;
  ExceptionGlobals* globals_;
  void* caught_ = nullptr;
  unsigned uncaught_ = 0;
  bool has_ended_ = false;
  Stack stack_{};
  Code code_ = nullptr;
  void* argument_ = nullptr;
  void* fake_stack_ = nullptr;  // AddressSanitizer's
};

inline void Fiber::switch_to(Fiber& from, Fiber& to) {
  from.caught_ = std::exchange(from.globals_->caught, to.caught_);
  from.uncaught_ = std::exchange(from.globals_->uncaught, to.uncaught_);
#ifdef TROUPE_OWN_SWITCH
  troupe_switch_stack(&from.context_, to.context_);
#else
  jump(from, to);
#endif
}

}  // namespace troupe::sim
