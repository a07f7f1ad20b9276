// Replicas that average their models.

#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/model_averaging/diloco.hpp"
#include "algorithms/model_averaging/easgd.hpp"
#include "algorithms/model_averaging/fedavg.hpp"
#include "algorithms/model_averaging/local_sgd.hpp"
#include "algorithms/strategy_tables.hpp"

namespace troupe::algorithms {
namespace {

constexpr Strategy table[] = {
    {.kind = {.name = "local_sgd",
              .summary = "replicas train alone and take the mean of their models now and then",
              .settings = LocalSgd::settings},
     .family = "model_averaging",
     .source = "Stich, ICLR 2019; Lin et al., ICLR 2020",
     .synchronous = true,
     .run = local_sgd,
     .refusal = refusal_of_local_sgd,
     .uses = {.collective = Uses::always}},
    {.kind = {.name = "fedavg",
              .summary = "a server averages what some clients learnt on data of their own",
              .settings = FedAvg::settings},
     .family = "model_averaging",
     .source = "McMahan et al., AISTATS 2017",
     .synchronous = true,
     .run = fedavg,
     .refusal = refusal_of_fedavg},
    {.kind = {.name = "easgd",
              .summary = "replicas are pulled towards a centre, and the centre towards them",
              .settings = Easgd::settings},
     .family = "model_averaging",
     .source = "Zhang, Choromanska and LeCun, NIPS 2015",
     .synchronous = true,
     .run = easgd,
     .refusal = refusal_of_replicas,
     .uses = {.collective = Uses::always}},
    {.kind = {.name = "diloco",
              .summary = "local steps of one optimiser, Nesterov's for their sum",
              .settings = Diloco::settings},
     .family = "model_averaging",
     .source = "Douillard et al., arXiv 2311.08105, 2023",
     .synchronous = true,
     .run = diloco,
     .refusal = refusal_of_replicas,
     .uses = {.collective = Uses::always}},
};

}  // namespace

std::span<const Strategy> strategy_tables::model_averaging() { return table; }

}  // namespace troupe::algorithms
