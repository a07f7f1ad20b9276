// Models in parts.

#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/parallel/block_coordinate.hpp"
#include "algorithms/parallel/decoupled_greedy.hpp"
#include "algorithms/parallel/pipeline.hpp"
#include "algorithms/parallel/sharded_optimiser.hpp"
#include "algorithms/parallel/tensor_parallel.hpp"
#include "algorithms/strategy_tables.hpp"

namespace troupe::algorithms {
namespace {

constexpr Strategy table[] = {
    {.kind = {.name = "sharded_optimiser",
              .summary = "data parallel with the optimiser's state in shards (ZeRO stage 1)"},
     .family = "parallel",
     .source = "Rajbhandari et al., SC 2020, section 5.1",
     .synchronous = true,
     .run = sharded_optimiser,
     .refusal = refusal_of_learner,
     .stepping = Stepping::of_parts,
     .footprint = footprint_of_sharded_optimiser},
    {.kind = {.name = "block_coordinate",
              .summary = "data parallel that trains one group of layers at a time",
              .settings = BlockCoordinate::settings},
     .family = "parallel",
     .source = "Tseng, JOTA 109(3), 2001, for descent by blocks",
     .synchronous = true,
     .run = block_coordinate,
     .refusal = refusal_of_replicas,
     .stepping = Stepping::of_parts,
     .uses = {.collective = Uses::always}},
    {.kind = {.name = "pipeline",
              .summary = "layers over ranks, micro-batches one after another: gpipe, 1f1b, "
                         "interleaved",
              .settings = Pipeline::settings},
     .family = "parallel",
     .source = "Huang et al., NeurIPS 2019; Narayanan et al., SC 2021, section 2.2",
     .synchronous = true,
     .run = pipeline,
     .refusal = refusal_of_pipeline,
     .stepping = Stepping::of_parts,
     .footprint = footprint_of_pipeline},
    {.kind = {.name = "tensor_parallel",
              .summary = "a part of each layer on every rank",
              .settings = TensorParallel::settings},
     .family = "parallel",
     .source = "Shoeybi et al., arXiv 1909.08053, 2019, section 3",
     .synchronous = true,
     .run = tensor_parallel,
     .refusal = refusal_of_tensor_parallel,
     .stepping = Stepping::of_parts,
     .uses = {.collective = Uses::always},
     .footprint = footprint_of_tensor_parallel},
    {.kind = {.name = "decoupled_greedy",
              .summary = "layers over ranks, each with a loss of its own: nothing comes back",
              .settings = DecoupledGreedy::settings},
     .family = "parallel",
     .source = "Belilovsky, Eickenberg and Oyallon, ICML 2020, algorithm 1",
     .synchronous = true,
     .run = decoupled_greedy,
     .refusal = refusal_of_decoupled_greedy,
     .stepping = Stepping::of_parts,
     .footprint = footprint_of_decoupled_greedy},
};

}  // namespace

std::span<const Strategy> strategy_tables::parallel() { return table; }

}  // namespace troupe::algorithms
