#pragma once
// Vectors as algorithms see them: a Slice is a run of values that is somewhere (host, pinned,
// device memory) or nowhere (phantom: a size without values, which cuts, travels and costs like a
// real one). Owning memory is Scratch's and Buffer's business; a Slice is a view.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "core/errors.hpp"

namespace troupe {

/// float16 and bfloat16 travel and can be cast; the others also have arithmetic.
enum class Dtype : std::uint8_t {
  float32,
  float64,
  int32,
  int64,
  uint32,
  uint8,
  float16,
  bfloat16
};

constexpr std::size_t size_of(Dtype dtype) noexcept {
  constexpr std::size_t sizes[]{4, 8, 4, 8, 4, 1, 2, 2};
  return sizes[static_cast<std::size_t>(dtype)];
}
std::string_view name_of(Dtype) noexcept;
bool has_arithmetic(Dtype) noexcept;

template <class T>
constexpr Dtype dtype_of() {
  using V = std::remove_cv_t<T>;
  if constexpr (std::is_same_v<V, float>) return Dtype::float32;
  else if constexpr (std::is_same_v<V, double>) return Dtype::float64;
  else if constexpr (std::is_same_v<V, std::int32_t>) return Dtype::int32;
  else if constexpr (std::is_same_v<V, std::int64_t>) return Dtype::int64;
  else if constexpr (std::is_same_v<V, std::uint32_t>) return Dtype::uint32;
  else {
    static_assert(std::is_same_v<V, std::uint8_t>, "no Dtype for this type");
    return Dtype::uint8;
  }
}

class KernelRunner;  // core/kernel.hpp

/// Where values can be. A backend may bring its own (pinned, device); host_memory() is always
/// there.
class Memory {
 public:
  virtual ~Memory() = default;
  virtual std::string_view name() const noexcept = 0;
  /// True if the host may read and write what is allocated here through the pointer itself.
  virtual bool on_host() const noexcept = 0;
  /// At least `bytes` bytes at an address divisible by 64 (Eigen's sums depend on the address in
  /// their last bits). Throws std::bad_alloc, or BackendError where a device says how much it has.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void* address, std::size_t bytes) noexcept = 0;

  // Of a memory that is not on the host; host memory needs none of it.
  /// Where this thread finds those bytes now: in the copy a backend has staged for the Opaque
  /// kernel that runs (core/staging.hpp). nullptr: nowhere.
  virtual std::byte* staged(const std::byte* address, std::size_t bytes) const noexcept;
  /// Copies from here to the host, and from the host to here: off the clock, in no kernel, after
  /// everything that has been waited for.
  virtual void read(std::byte* host, const std::byte* from, std::size_t bytes) const;
  virtual void write(std::byte* into, const std::byte* host, std::size_t bytes);
  /// Who computes kernels here off the clock, in the order of reads and writes. nullptr: nobody,
  /// and the host does it on copies.
  virtual KernelRunner* runner() noexcept { return nullptr; }
};

/// Ordinary pageable memory of this process.
Memory& host_memory() noexcept;

/// A run of `size()` values of one dtype. `Byte` is std::byte (Slice) or const std::byte
/// (ConstSlice).
template <class Byte>
class BasicSlice {
 public:
  BasicSlice() = default;
  BasicSlice(Byte* address, std::size_t count, Dtype dtype, Memory& memory)
      : address_{address}, count_{count}, memory_{&memory}, dtype_{dtype} {}
  /// Views values on the host. The slice does not own them.
  template <class T, std::size_t N>
  requires(std::is_arithmetic_v<T> && (std::is_const_v<Byte> || !std::is_const_v<T>))
      BasicSlice(std::span<T, N> values)
      : BasicSlice{reinterpret_cast<Byte*>(values.data()), values.size(), dtype_of<T>(),
                   host_memory()} {}
  /// A Slice is a ConstSlice.
  template <class Other>
  requires(std::is_const_v<Byte> && !std::is_const_v<Other>)
      BasicSlice(const BasicSlice<Other>& other)
      : address_{other.address()},
        count_{other.size()},
        memory_{&other.memory()},
        dtype_{other.dtype()} {}

  /// `count` values that take no memory.
  static BasicSlice phantom(std::size_t count, Dtype dtype = Dtype::float32) {
    BasicSlice slice;
    slice.count_ = count;
    slice.dtype_ = dtype;
    return slice;
  }

  bool is_phantom() const noexcept { return address_ == nullptr; }
  /// Where the values are; nullptr for a phantom. Only backends look at it: use host<T>().
  Byte* address() const noexcept { return address_; }
  std::size_t size() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  std::size_t size_bytes() const noexcept { return count_ * size_of(dtype_); }
  Dtype dtype() const noexcept { return dtype_; }
  Memory& memory() const noexcept { return *memory_; }

  /// Values [offset, offset + count). EXPECTS them to be inside.
  BasicSlice subslice(std::size_t offset, std::size_t count) const {
    EXPECTS(offset <= count_ && count <= count_ - offset, "a subslice must lie inside its slice");
    BasicSlice part{*this};
    part.count_ = count;
    if (address_) part.address_ = address_ + offset * size_of(dtype_);
    return part;
  }
  BasicSlice first(std::size_t count) const { return subslice(0, count); }
  BasicSlice drop(std::size_t count) const { return subslice(count, count_ - count); }

  /// The values, typed. EXPECTS T's dtype, that they exist, and that the host may touch them: they
  /// are in its memory, or operands of the Opaque kernel that runs.
  template <class T>
  auto host() const {
    using Value = std::conditional_t<std::is_const_v<Byte>, const T, T>;
    EXPECTS(dtype_ == dtype_of<T>(), "typed access with another type than the slice's dtype");
    return std::span<Value>{reinterpret_cast<Value*>(bytes().data()), count_};
  }
  /// The same as bytes, of any dtype.
  std::span<Byte> bytes() const {
    EXPECTS(!is_phantom() || count_ == 0, "a phantom slice has no values to look at");
    Byte* const at =
        count_ == 0 || memory_->on_host() ? address_ : memory_->staged(address_, size_bytes());
    EXPECTS(at || count_ == 0,
            "access to values that are not in host memory: only the operands that an Opaque kernel "
            "names are brought to the host, while it runs");
    return {at, size_bytes()};
  }

 private:
  Byte* address_ = nullptr;
  std::size_t count_ = 0;
  Memory* memory_ = &host_memory();
  Dtype dtype_ = Dtype::float32;
};

using Slice = BasicSlice<std::byte>;
using ConstSlice = BasicSlice<const std::byte>;

/// Values that belong to whoever holds it: real in `memory`, or phantom. Not initialised.
class Buffer {
 public:
  Buffer() = default;
  Buffer(std::size_t count, Dtype dtype, Memory& memory = host_memory());
  static Buffer phantom(std::size_t count, Dtype dtype);
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();
  Slice slice() const noexcept { return slice_; }
  operator Slice() const noexcept { return slice_; }
  operator ConstSlice() const noexcept { return slice_; }

 private:
  Slice slice_;
};

/// Copies values of host memory to a slice anywhere; nothing into a phantom. Off the clock, as
/// Memory::write.
void copy_from_host(Slice into, ConstSlice values);

/// Values as the host may look at them off the clock: those of a slice where it is in host memory,
/// else a copy. Phantom where the slice is.
class HostView {
 public:
  explicit HostView(ConstSlice values);
  ConstSlice slice() const noexcept { return slice_; }
  operator ConstSlice() const noexcept { return slice_; }

 private:
  Buffer copy_;
  ConstSlice slice_;
};

/// Values of a slice anywhere as kernels may take them beside others of `memory`: the slice itself
/// where it is there, else a copy. Off the clock, as HostView. Phantom where the slice is.
class ViewIn {
 public:
  ViewIn(Memory& memory, ConstSlice values);
  ConstSlice slice() const noexcept { return slice_; }
  operator ConstSlice() const noexcept { return slice_; }

 private:
  Buffer copy_;
  ConstSlice slice_;
};

/// Working memory of an algorithm, of the kind of `like` (dtype, memory, and phantom where that is
/// phantom).
class Scratch {
 public:
  Scratch(ConstSlice like, std::size_t count);
  Slice first(std::size_t count) const { return buffer_.slice().first(count); }
  Slice all() const { return buffer_.slice(); }

 private:
  Buffer buffer_;
};

/// Cuts a slice into `parts` near-equal blocks; the first (size mod parts) are one value longer.
/// Indices count modulo `parts`, so that block[me - 1] is the block of the left neighbour on a
/// ring.
class Partition {
 public:
  Partition(Slice whole, int parts);
  Slice operator[](int index) const {
    int i = index < 0 ? index + parts_ : index >= parts_ ? index - parts_ : index;
    if (i < 0 || i >= parts_) {  // further away: the division is slow
      i %= parts_;
      if (i < 0) i += parts_;
    }
    return whole_.subslice(offset(i), least_ + (static_cast<std::size_t>(i) < longer_ ? 1 : 0));
  }
  /// Blocks [from, to) as one slice, 0 ≤ from ≤ to ≤ parts.
  Slice range(int from, int to) const;
  /// Index of the first value of block `index`, 0 ≤ index ≤ parts.
  std::size_t offset(int index) const {
    const auto i = static_cast<std::size_t>(index);
    return i * least_ + (i < longer_ ? i : longer_);
  }
  std::size_t size_of_block(int index) const { return (*this)[index].size(); }
  std::size_t largest() const noexcept { return least_ + (longer_ > 0 ? 1 : 0); }
  int parts() const noexcept { return parts_; }

 private:
  Slice whole_;
  int parts_;
  std::size_t least_ = 0, longer_ = 0;  ///< values of a short block; how many have one more
};

}  // namespace troupe
