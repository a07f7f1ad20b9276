#pragma once
// Names of messages. A message is matched by (context, tag name, step) and by its two ends;
// contexts keep apart what runs at the same time: every spawned flow and every Subset has its own.

#include <bit>
#include <cstdint>

#include "core/errors.hpp"

namespace troupe {

/// A rank of a communicator: 0 ≤ rank < size.
using Rank = int;
/// "Whoever sends": only for receives on an open tag.
inline constexpr Rank any_rank = -1;

/// A path in the tree of communicators: which spawn of which subset of which spawn … of the world.
/// Written as a prefix-free code into 64 bits (spawn: 1 and 8 bits; subset: 0 and 4 bits), so that
/// different paths never collide.
class Context {
 public:
  constexpr Context() = default;

  /// The context of the `index`-th flow spawned here. Indices wrap at 256: at most 256 flows of one
  /// parent live at a time.
  constexpr Context spawned(std::uint32_t index) const { return grown(9, 0x100u | (index % 256u)); }
  /// The context of a Subset, 0 ≤ number < 16.
  constexpr Context subset(std::uint32_t number) const {
    EXPECTS(number < 16, "the number of a subset's context is below 16");
    return grown(5, number);
  }
  constexpr bool operator==(const Context&) const = default;
  /// The code itself, with a leading 1; 1 is the world.
  constexpr std::uint64_t path() const noexcept { return path_; }

 private:
  constexpr Context grown(int bits, std::uint64_t digits) const {
    EXPECTS(static_cast<int>(std::bit_width(path_)) + bits <= 64, "contexts are nested too deeply");
    Context child;
    child.path_ = path_ << bits | digits;
    return child;
  }
  std::uint64_t path_ = 1;
};

/// The name of a kind of message within a context. Tags are addressed (a receive names its sender)
/// or open (a receive takes from any_rank, and only so): open tags share one queue per receiver.
/// `name` is below 64, small numbers freely reused between algorithms, because algorithms that run
/// at the same time run in different contexts.
class Tag {
 public:
  constexpr explicit Tag(std::uint32_t name) : name_{name} {
    EXPECTS(name < 64, "the name of a tag is below 64");
  }
  static constexpr Tag open(std::uint32_t name) {
    Tag tag{name};
    tag.open_ = true;
    return tag;
  }
  /// The same tag for the message of one step, so that a late message of another step is not taken
  /// for it. A backend may keep steps apart only modulo 32 (MPI has 31 bits for everything).
  constexpr Tag at(std::int64_t step) const {
    Tag tag{*this};
    tag.step_ = static_cast<std::uint32_t>(step);
    return tag;
  }
  /// The same tag in a given context instead of that of the communicator it is used on. For those
  /// who write communicators, and for a spawned flow that serves the tags of its parent.
  constexpr Tag in(Context context) const {
    Tag tag{*this};
    tag.context_ = context;
    tag.placed_ = true;
    return tag;
  }

  constexpr std::uint32_t name() const noexcept { return name_; }
  constexpr std::uint32_t step() const noexcept { return step_; }
  constexpr bool is_open() const noexcept { return open_; }
  /// True once in() has fixed the context.
  constexpr bool is_placed() const noexcept { return placed_; }
  constexpr Context context() const noexcept { return context_; }
  constexpr bool operator==(const Tag&) const = default;

 private:
  Context context_{};
  std::uint32_t name_;
  std::uint32_t step_ = 0;
  bool open_ = false;
  bool placed_ = false;
};

}  // namespace troupe
