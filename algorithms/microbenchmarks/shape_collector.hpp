#pragma once
// Which shapes of kernels a program runs, so that exactly those can be measured.

#include <mutex>
#include <utility>
#include <vector>

#include "core/forwarding.hpp"
#include "core/kernel_shape.hpp"

namespace troupe::algorithms {

/// The shapes seen so far, each once, in the order of their first kernel; Opaque and what has no
/// work to do are none. Shared by all flows of a rank.
class CollectedShapes {
 public:
  void add(const Kernel& kernel);
  std::vector<KernelShape> take();

 private:
  std::mutex mutex_;
  std::vector<KernelShape> shapes_;
};

/// A communicator that notes the shape of every kernel and passes everything on.
class ShapeCollector final : public ForwardingCommunicator {
 public:
  ShapeCollector(Communicator& inner, CollectedShapes& shapes)
      : ForwardingCommunicator{inner}, shapes_{shapes} {}

  Request start(Kernel kernel) override {
    shapes_.add(kernel);
    return inner().start(std::move(kernel));
  }
  Request spawn(Task task) override {
    return inner().spawn(decorated<ShapeCollector>(std::move(task), std::ref(shapes_)));
  }

 private:
  CollectedShapes& shapes_;
};

}  // namespace troupe::algorithms
