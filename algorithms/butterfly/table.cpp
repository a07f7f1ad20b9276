// Ranks that mix with partners.

#include "algorithms/butterfly/asynchronous_mixing.hpp"
#include "algorithms/butterfly/averaging_consensus.hpp"
#include "algorithms/butterfly/butterfly_mixing.hpp"
#include "algorithms/butterfly/dynamic_sharing.hpp"
#include "algorithms/butterfly/hybrid_propagation.hpp"
#include "algorithms/butterfly/model_parallel.hpp"
#include "algorithms/butterfly/subnet_training.hpp"
#include "algorithms/strategy_tables.hpp"

namespace troupe::algorithms {
namespace {

constexpr Strategy table[] = {
    {.kind = {.name = "butterfly_mixing",
              .summary = "ranks average with one partner of a butterfly at each step",
              .settings = ButterflyMixing::settings},
     .family = "butterfly",
     .source = "Zhao and Canny, SDM 2013",
     .synchronous = true,
     .run = butterfly_mixing,
     .refusal = refusal_of_butterfly},
    {.kind = {.name = "asynchronous_mixing",
              .summary = "ranks average with what their partners last sent, and never wait",
              .settings = AsynchronousMixing::settings},
     .family = "butterfly",
     .source = "Zhao and Canny, SDM 2013; Tsitsiklis, Bertsekas and Athans, IEEE TAC 31(9), 1986",
     .synchronous = false,
     .run = asynchronous_mixing,
     .refusal = refusal_of_asynchronous_mixing},
    {.kind = {.name = "hybrid_propagation",
              .summary = "a gradient step of each rank, then averagings until all agree",
              .settings = HybridPropagation::settings},
     .family = "butterfly",
     .source = "Berahas, Bollapragada, Keskar and Wei, IEEE TAC 64(8), 2018",
     .synchronous = true,
     .run = hybrid_propagation,
     .refusal = refusal_of_hybrid_propagation,
     .uses = {.graph = "over is graph"}},
    {.kind = {.name = "averaging_consensus",
              .summary = "ranks estimate the mean of all by a butterfly and are pulled to it",
              .settings = AveragingConsensus::settings},
     .family = "butterfly",
     .source = "Spanos, Olfati-Saber and Murray, IFAC 2005; Zhu and Martinez, Automatica 46(2), "
               "2010",
     .synchronous = true,
     .run = averaging_consensus,
     .refusal = refusal_of_averaging_consensus},
    {.kind = {.name = "dynamic_sharing",
              .summary = "a rule of the state says when ranks average, and with which weights",
              .settings = DynamicSharing::settings},
     .family = "butterfly",
     .source = "Kamp et al., ECML PKDD 2018; Wang and Joshi, MLSys 2019",
     .synchronous = true,
     .run = dynamic_sharing,
     .refusal = refusal_of_dynamic_sharing},
    {.kind = {.name = "subnet_training",
              .summary = "a perceptron is cut into subnets, which train alone and are put together",
              .settings = SubnetTraining::settings},
     .family = "butterfly",
     .source = "Yuan et al., PVLDB 15(8), 2022",
     .synchronous = true,
     .run = subnet_training,
     .refusal = refusal_of_subnet_training,
     .footprint = footprint_of_subnet_training},
    {.kind = {.name = "model_parallel_butterfly",
              .summary = "a linear model is cut over the ranks by a product of butterfly factors"},
     .family = "butterfly",
     .source = "Dao, Gu, Eichhorn, Rudra and Re, ICML 2019",
     .synchronous = true,
     .run = model_parallel_butterfly,
     .refusal = refusal_of_model_parallel,
     .uses = {.collective = Uses::always},
     .footprint = footprint_of_part},
};

}  // namespace

std::span<const Strategy> strategy_tables::butterfly() { return table; }

}  // namespace troupe::algorithms
