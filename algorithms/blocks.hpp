#pragma once
// Blocks of values that are only read, and blocks in an order that begins in the middle.

#include "core/slice.hpp"

namespace troupe::algorithms {

/// Partition, of values that are not written.
class ConstPartition {
 public:
  ConstPartition(ConstSlice whole, int parts)
      : whole_{whole}, cut_{Slice::phantom(whole.size(), whole.dtype()), parts} {}
  ConstSlice operator[](int index) const {
    const int parts = cut_.parts(), i = (index % parts + parts) % parts;
    return range(i, i + 1);
  }
  ConstSlice range(int from, int to) const {
    return whole_.subslice(cut_.offset(from), cut_.offset(to) - cut_.offset(from));
  }
  std::size_t largest() const noexcept { return cut_.largest(); }

 private:
  ConstSlice whole_;
  Partition cut_;
};

/// Where the blocks of Partition{count values, parts} lie when they are stored in the order first,
/// first+1, …, parts-1, 0, …, first-1: place 0 is block `first`.
class RotatedBlocks {
 public:
  RotatedBlocks(std::size_t count, int parts, int first)
      : cut_{Slice::phantom(count), parts}, count_{count}, parts_{parts}, first_{first} {}
  /// Index of the first value of a place, 0 ≤ place ≤ parts.
  std::size_t offset(int place) const {
    const int block = first_ + place;
    return block <= parts_ ? cut_.offset(block) - cut_.offset(first_)
                           : count_ - cut_.offset(first_) + cut_.offset(block - parts_);
  }
  /// Values in places [from, to).
  std::size_t size(int from, int to) const { return offset(to) - offset(from); }
  /// How many values stand before the order wraps around to block 0.
  std::size_t before_wrap() const { return count_ - cut_.offset(first_); }

 private:
  Partition cut_;
  std::size_t count_;
  int parts_, first_;
};

}  // namespace troupe::algorithms
