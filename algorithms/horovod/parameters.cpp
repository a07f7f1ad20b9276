#include "algorithms/horovod/parameters.hpp"

namespace troupe::algorithms::horovod {
namespace {

struct Started {
  Handle handle;
  Slice target;
};

void finish(Horovod& hvd, std::vector<Started> all) {
  for (Started& one : all) {
    const Tensor result = hvd.synchronize(std::move(one.handle));
    compute(hvd.communicator(), Copy{one.target, result.slice()});
  }
}

}  // namespace

void broadcast_parameters(Horovod& hvd, std::span<const NamedValues> parameters, Rank root) {
  std::vector<Started> started;
  for (const auto& [name, shape, values] : parameters)
    started.push_back({hvd.broadcast_async({values, shape}, root, name), values});
  finish(hvd, std::move(started));
}

void average_gradients(Horovod& hvd, std::span<const NamedValues> gradients, const Filter& filter,
                       const Reduction& how) {
  std::vector<Started> started;
  for (const auto& [name, shape, values] : gradients)
    if (filter(name)) started.push_back({hvd.allreduce_async({values, shape}, name, how), values});
  finish(hvd, std::move(started));
}

}  // namespace troupe::algorithms::horovod
