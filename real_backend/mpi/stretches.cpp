#include "real_backend/mpi/stretches.hpp"

#include <iterator>

#include "core/errors.hpp"

namespace troupe::mpi {

namespace {
std::size_t in_pages(std::size_t bytes) { return (bytes + 4095) / 4096 * 4096; }
}  // namespace

std::optional<std::size_t> Stretches::reserve(std::size_t bytes) {
  const std::size_t wanted = in_pages(bytes);
  for (auto stretch = free_.begin(); stretch != free_.end(); ++stretch) {
    const auto [offset, size] = *stretch;
    if (size < wanted) continue;
    free_.erase(stretch);
    if (size > wanted) free_.emplace(offset + wanted, size - wanted);
    return offset;
  }
  return {};
}

void Stretches::release(std::size_t offset, std::size_t bytes) {
  auto [stretch, is_new] = free_.emplace(offset, in_pages(bytes));
  EXPECTS(is_new, "only what is used is released");
  if (const auto next = std::next(stretch);
      next != free_.end() && offset + stretch->second == next->first) {
    stretch->second += next->second;
    free_.erase(next);
  }
  if (stretch == free_.begin()) return;
  if (const auto before = std::prev(stretch); before->first + before->second == offset) {
    before->second += stretch->second;
    free_.erase(stretch);
  }
}

}  // namespace troupe::mpi
