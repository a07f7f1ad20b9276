#include "real_backend/mpi/free_list.hpp"

#include <iterator>

#include "core/errors.hpp"

namespace troupe::mpi {

namespace {
std::size_t in_pages(std::size_t bytes) { return (bytes + 4095) / 4096 * 4096; }
}  // namespace

std::optional<std::size_t> FreeList::reserve(std::size_t bytes) {
  const std::size_t wanted = in_pages(bytes);
  for (auto part = free_.begin(); part != free_.end(); ++part) {
    const auto [offset, size] = *part;
    if (size < wanted) continue;
    free_.erase(part);
    if (size > wanted) free_.emplace(offset + wanted, size - wanted);
    return offset;
  }
  return {};
}

void FreeList::release(std::size_t offset, std::size_t bytes) {
  auto [part, is_new] = free_.emplace(offset, in_pages(bytes));
  EXPECTS(is_new, "only what is used is released");
  if (const auto next = std::next(part);
      next != free_.end() && offset + part->second == next->first) {
    part->second += next->second;
    free_.erase(next);
  }
  if (part == free_.begin()) return;
  if (const auto before = std::prev(part); before->first + before->second == offset) {
    before->second += part->second;
    free_.erase(part);
  }
}

}  // namespace troupe::mpi
