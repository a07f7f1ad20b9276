#include "core/slice.hpp"

#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "core/staging.hpp"

namespace troupe {

namespace {

struct DtypeFacts {
  std::string_view name;
  bool arithmetic;
};
constexpr std::array<DtypeFacts, 8> dtypes{{{"float32", true},
                                            {"float64", true},
                                            {"int32", true},
                                            {"int64", true},
                                            {"uint32", true},
                                            {"uint8", true},
                                            {"float16", false},
                                            {"bfloat16", false}}};
const DtypeFacts& facts(Dtype dtype) noexcept { return dtypes[static_cast<std::size_t>(dtype)]; }

class HostMemory final : public Memory {
 public:
  std::string_view name() const noexcept override { return "host"; }
  bool on_host() const noexcept override { return true; }
  void* allocate(std::size_t bytes) override { return ::operator new(bytes, alignment); }
  void release(void* address, std::size_t) noexcept override {
    ::operator delete(address, alignment);
  }

 private:
  static constexpr std::align_val_t alignment{64};
};

}  // namespace

std::string_view name_of(Dtype dtype) noexcept { return facts(dtype).name; }
bool has_arithmetic(Dtype dtype) noexcept { return facts(dtype).arithmetic; }

Memory& host_memory() noexcept {
  static HostMemory memory;
  return memory;
}

std::byte* Memory::staged(const std::byte* address, std::size_t bytes) const noexcept {
  return StagedCopies::find(address, bytes);
}
void Memory::read(std::byte* host, const std::byte* from, std::size_t bytes) const {
  EXPECTS(on_host(), "a memory that is not on the host copies in its own way");
  if (bytes > 0) std::memcpy(host, from, bytes);
}
void Memory::write(std::byte* into, const std::byte* host, std::size_t bytes) {
  EXPECTS(on_host(), "a memory that is not on the host copies in its own way");
  if (bytes > 0) std::memcpy(into, host, bytes);
}

Buffer::Buffer(std::size_t count, Dtype dtype, Memory& memory)
    : slice_{static_cast<std::byte*>(memory.allocate(count * size_of(dtype))), count, dtype,
             memory} {}
Buffer Buffer::phantom(std::size_t count, Dtype dtype) {
  Buffer buffer;
  buffer.slice_ = Slice::phantom(count, dtype);
  return buffer;
}
Buffer::Buffer(Buffer&& other) noexcept : slice_{std::exchange(other.slice_, Slice{})} {}
Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(slice_, other.slice_);
  return *this;
}
Buffer::~Buffer() {
  if (!slice_.is_phantom()) slice_.memory().release(slice_.address(), slice_.size_bytes());
}

void copy_from_host(Slice into, ConstSlice values) {
  EXPECTS(into.dtype() == values.dtype() && into.size() == values.size(),
          "what is copied has the dtype and the size of where it goes");
  if (!into.is_phantom() && !into.empty())
    into.memory().write(into.address(), values.bytes().data(), into.size_bytes());
}

HostView::HostView(ConstSlice values) : slice_{values} {
  if (values.is_phantom() || values.memory().on_host()) return;
  if (const std::byte* const here = values.memory().staged(values.address(), values.size_bytes())) {
    slice_ = {here, values.size(), values.dtype(), host_memory()};
    return;
  }
  copy_ = Buffer{values.size(), values.dtype()};
  values.memory().read(copy_.slice().address(), values.address(), values.size_bytes());
  slice_ = copy_;
}

ViewIn::ViewIn(Memory& memory, ConstSlice values) : slice_{values} {
  if (values.is_phantom() || &values.memory() == &memory) return;
  copy_ = Buffer{values.size(), values.dtype(), memory};
  copy_from_host(copy_, HostView{values});
  slice_ = copy_;
}

Scratch::Scratch(ConstSlice like, std::size_t count)
    : buffer_{like.is_phantom() ? Buffer::phantom(count, like.dtype())
                                : Buffer{count, like.dtype(), like.memory()}} {}

Partition::Partition(Slice whole, int parts) : whole_{whole}, parts_{parts} {
  EXPECTS(parts > 0, "a partition has at least one part");
  least_ = whole.size() / static_cast<std::size_t>(parts);
  longer_ = whole.size() % static_cast<std::size_t>(parts);
}
Slice Partition::range(int from, int to) const {
  EXPECTS(0 <= from && from <= to && to <= parts_,
          "a range of blocks lies between 0 and the number of parts");
  return whole_.subslice(offset(from), offset(to) - offset(from));
}

}  // namespace troupe
