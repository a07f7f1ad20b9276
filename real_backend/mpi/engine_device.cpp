// What a rank's engine does with an accelerator: kernels there, and the clock that waits for them.

#include <algorithm>
#include <variant>

#include "real_backend/mpi/engine.hpp"

namespace troupe::mpi {

bool Engine::is_for_device(const Kernel& kernel) {
  const auto off_host = [](const auto& slice) {
    return !slice.is_phantom() && !slice.memory().on_host();
  };
  const Operands touched = operands(kernel);
  return (std::ranges::any_of(touched.reads, off_host) ||
          std::ranges::any_of(touched.writes, off_host)) &&
         !is_phantom(kernel);
}

Request Engine::start_on(Lane& lane, const Kernel& kernel) {
  // Its body may touch what the bodies before it do, and those are where the host computes.
  if (std::holds_alternative<Opaque>(kernel)) finish_host_kernels();
  ++activity_.kernels;
  activity_.flops += work(kernel).flops;
  auto operation = std::make_unique<DeviceKernel>(sequence_++, *this);
  const Seconds since = clock_.now();
  lanes_->order(lane, kernel);
  lane.launch(kernel, *operation);
  activity_.computing += clock_.now() - since;
  if (runs_ahead(lane)) {
    lanes_->run_ahead(kernel);
    operation->finish(rank_, clock_.now());
  } else {
    lane.watch(*operation);
  }
  computed_ = true;
  return Request{*operation.release()};
}
void Engine::finish_host_kernels() {
  while (!worker_.idle()) {
    worker_.wait_computed(forever);
    for (KernelOperation* const operation : worker_.take_computed()) finish(*operation);
  }
}

Seconds Engine::now() {
  // What other flows have waited for is over: only the rank's own runs ahead.
  if (lanes_ && !current_ && lanes_->root().is_ahead()) {
    const Seconds since = clock_.now();
    lanes_->root().wait();
    activity_.computing += clock_.now() - since;
  }
  return clock_.now();
}

}  // namespace troupe::mpi
