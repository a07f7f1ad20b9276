#pragma once
// Which shapes of kernels a program runs, so that exactly those can be measured.

#include <mutex>
#include <utility>
#include <vector>

#include "core/communicator.hpp"
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
class ShapeCollector final : public Communicator {
 public:
  ShapeCollector(Communicator& inner, CollectedShapes& shapes) : inner_{inner}, shapes_{shapes} {}

  Rank rank() const override { return inner_.rank(); }
  int size() const override { return inner_.size(); }
  Seconds now() const override { return inner_.now(); }
  Context context() const override { return inner_.context(); }
  Request isend(Rank to, Tag tag, ConstPayload payload) override {
    return inner_.isend(to, tag, payload);
  }
  Request irecv(Rank from, Tag tag, Payload room) override { return inner_.irecv(from, tag, room); }
  Request start(Kernel kernel) override {
    shapes_.add(kernel);
    return inner_.start(std::move(kernel));
  }
  Request spawn(Task task) override {
    return inner_.spawn([task = std::move(task), &shapes = shapes_](Communicator& flow) {
      ShapeCollector collected{flow, shapes};
      task(collected);
    });
  }
  std::optional<Completion> wait_any(WaitSet& set, Seconds until) override {
    return inner_.wait_any(set, until);
  }

 private:
  Communicator& inner_;
  CollectedShapes& shapes_;
};

}  // namespace troupe::algorithms
