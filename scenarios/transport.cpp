#include "scenarios/transport.hpp"

#include <fmt/format.h>

#include <map>

#include "scenarios/payload.hpp"
#include "scenarios/resolve.hpp"
#include "scenarios/static_schedule.hpp"

namespace troupe::scenarios {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw BadScenario{fmt::format("--transport nccl: {}; use --transport mpi", why)};
}

/// Empty if the schedule is known and travels in groups.
std::string refusal_of(const Algorithm& algorithm, const CollectiveStudy& study,
                       const algorithms::Problem& problem) {
  if (!algorithm.static_schedule) return "has no schedule that is known beforehand";
  const auto schedule = static_schedule(problem.ranks, [&](Communicator& comm) {
    const CollectiveBuffers buffers{study.op, problem, comm.rank(), true, study.in_place};
    algorithm.run(comm, problem, buffers.buffers());
  });
  return schedule.refusal;
}

}  // namespace

void expect_nccl_can_carry(const Scenario& scenario, const Machine& machine) {
  if (!scenario.collective)
    refuse(fmt::format("what the training {} sends is not known beforehand",
                       scenario.training->strategy.kind()));
  if (*scenario.phantom) refuse("NCCL carries values, and the payload is phantom");
  const auto& study = *scenario.collective;
  for (const auto& planned : study.plan) {
    const auto problem = problem_of(study, machine, planned.bytes);
    for (const auto& name : planned.algorithms) {
      const auto& algorithm = scenario.algorithms->find(study.op, name);
      if (algorithm.is_baseline()) continue;  // a library carries its own
      if (const auto why = refusal_of(algorithm, study, problem); !why.empty())
        refuse(fmt::format("{} {} {}", name, algorithms::name_of(study.op), why));
    }
  }
}

std::string refusal_of_shared_gpus(std::span<const std::string> gpu_of_rank) {
  std::map<std::string, std::size_t> rank_of_gpu;
  for (std::size_t rank = 0; rank < gpu_of_rank.size(); ++rank)
    if (const auto [other, is_free] = rank_of_gpu.try_emplace(gpu_of_rank[rank], rank); !is_free)
      return fmt::format(
          "ranks {} and {} share the GPU {}, and NCCL wants one for each rank: start fewer ranks, "
          "or use --transport mpi and no nccl among the algorithms",
          other->second, rank, gpu_of_rank[rank]);
  return {};
}

}  // namespace troupe::scenarios
