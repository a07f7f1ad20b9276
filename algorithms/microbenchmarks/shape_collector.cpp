#include "algorithms/microbenchmarks/shape_collector.hpp"

#include <algorithm>

namespace troupe::algorithms {

void CollectedShapes::add(const Kernel& kernel) {
  const Work done = work(kernel);
  if (std::holds_alternative<Opaque>(kernel) || (done.flops.value == 0 && done.bytes.value == 0))
    return;
  const KernelShape shape = shape_of(kernel);
  const std::lock_guard lock{mutex_};
  if (std::ranges::find(shapes_, shape) == shapes_.end()) shapes_.push_back(shape);
}

std::vector<KernelShape> CollectedShapes::take() {
  const std::lock_guard lock{mutex_};
  return std::exchange(shapes_, {});
}

}  // namespace troupe::algorithms
