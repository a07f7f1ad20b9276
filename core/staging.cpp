#include "core/staging.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace troupe {

namespace {
thread_local const StagedCopies* innermost = nullptr;
}  // namespace

std::vector<TouchedRange> touched_off_host(const Operands& operands) {
  std::vector<TouchedRange> all;
  const auto add = [&](std::byte* begin, std::size_t bytes, Memory& memory, bool is_written) {
    if (!begin || bytes == 0 || memory.on_host()) return;
    all.push_back({begin, bytes, &memory, !is_written, is_written});
  };
  for (const ConstSlice& slice : operands.reads)
    add(const_cast<std::byte*>(slice.address()), slice.size_bytes(), slice.memory(), false);
  for (const Slice& slice : operands.writes)
    add(slice.address(), slice.size_bytes(), slice.memory(), true);
  std::ranges::sort(all, std::less<>{}, &TouchedRange::begin);
  std::vector<TouchedRange> joined;
  for (const TouchedRange& range : all) {
    if (joined.empty() || range.begin >= joined.back().begin + joined.back().bytes) {
      joined.push_back(range);
      continue;
    }
    TouchedRange& last = joined.back();
    // Of a range that is read in part only, the rest is to survive too.
    const bool same = range.begin == last.begin && range.bytes == last.bytes;
    last.is_read |= range.is_read || !same;
    last.is_written |= range.is_written;
    last.bytes =
        std::max(last.bytes, static_cast<std::size_t>(range.begin - last.begin) + range.bytes);
  }
  return joined;
}

StagedCopies::StagedCopies(std::vector<Copy> copies)
    : copies_{std::move(copies)}, before_{std::exchange(innermost, this)} {}
StagedCopies::~StagedCopies() { innermost = before_; }

std::byte* StagedCopies::find(const std::byte* address, std::size_t bytes) noexcept {
  if (!innermost) return nullptr;
  const std::less_equal<const std::byte*> up_to;
  for (const Copy& copy : innermost->copies_)
    if (up_to(copy.original, address) && up_to(address + bytes, copy.original + copy.bytes))
      return copy.copy + (address - copy.original);
  return nullptr;
}

std::size_t run_staged(const Kernel& kernel, Memory& memory) {
  const std::vector<TouchedRange> ranges = touched_off_host(operands(kernel));
  std::vector<Buffer> buffers;
  std::vector<StagedCopies::Copy> copies;
  std::size_t copied = 0;
  for (const TouchedRange& range : ranges) {
    const Slice copy = buffers.emplace_back(range.bytes, Dtype::uint8, memory);
    copies.push_back({range.begin, range.bytes, copy.address()});
    if (!range.is_read) continue;
    range.memory->read(copy.address(), range.begin, range.bytes);
    copied += range.bytes;
  }
  {
    const StagedCopies staged{copies};
    run_on_host(kernel);
  }
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (!ranges[i].is_written) continue;
    ranges[i].memory->write(ranges[i].begin, copies[i].copy, ranges[i].bytes);
    copied += ranges[i].bytes;
  }
  return copied;
}

}  // namespace troupe
