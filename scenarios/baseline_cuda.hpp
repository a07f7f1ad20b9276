#pragma once
// NCCL's own collectives on the problems of the catalogue.

#include <memory>

#include "scenarios/baseline.hpp"

namespace troupe::cuda {
class Nccl;
}  // namespace troupe::cuda

namespace troupe::scenarios {

class NcclBaseline final : public Baseline {
 public:
  /// `memory`: that of the GPU of this rank.
  NcclBaseline(std::shared_ptr<cuda::Nccl> nccl, Memory& memory)
      : nccl_{std::move(nccl)}, memory_{memory} {}
  std::function<void(Communicator&)> prepare(algorithms::Collective collective,
                                             const algorithms::Problem& problem,
                                             algorithms::Buffers buffers) override;

 private:
  std::shared_ptr<cuda::Nccl> nccl_;
  Memory& memory_;
};

}  // namespace troupe::scenarios
