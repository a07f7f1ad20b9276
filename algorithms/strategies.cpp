#include "algorithms/strategies.hpp"

#include <algorithm>
#include <vector>

#include "algorithms/asynchronous_sgd/downpour.hpp"
#include "algorithms/asynchronous_sgd/gradient_history.hpp"
#include "algorithms/butterfly/asynchronous_mixing.hpp"
#include "algorithms/butterfly/averaging_consensus.hpp"
#include "algorithms/butterfly/butterfly_mixing.hpp"
#include "algorithms/butterfly/dynamic_sharing.hpp"
#include "algorithms/butterfly/hybrid_propagation.hpp"
#include "algorithms/butterfly/model_parallel.hpp"
#include "algorithms/butterfly/subnet_training.hpp"
#include "algorithms/choice.hpp"
#include "algorithms/consensus/admm.hpp"
#include "algorithms/consensus/extra.hpp"
#include "algorithms/consensus/gradient_descent.hpp"
#include "algorithms/consensus/gradient_tracking.hpp"
#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/gossip/ad_psgd.hpp"
#include "algorithms/gossip/d_psgd.hpp"
#include "algorithms/gossip/incremental_gradient.hpp"
#include "algorithms/gossip/sgp.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/map_reduce/map_reduce.hpp"
#include "algorithms/model_averaging/diloco.hpp"
#include "algorithms/model_averaging/easgd.hpp"
#include "algorithms/model_averaging/fedavg.hpp"
#include "algorithms/model_averaging/local_sgd.hpp"
#include "algorithms/optimisers/schedule.hpp"
#include "algorithms/parallel/block_coordinate.hpp"
#include "algorithms/parallel/decoupled_greedy.hpp"
#include "algorithms/parallel/pipeline.hpp"
#include "algorithms/parallel/sharded_optimiser.hpp"
#include "algorithms/parallel/tensor_parallel.hpp"
#include "algorithms/parameter_server/parameter_server.hpp"
#include "algorithms/work_stealing/work_stealing.hpp"
#include "algorithms/zero_gradient_sum/columns.hpp"
#include "algorithms/zero_gradient_sum/continuous.hpp"
#include "algorithms/zero_gradient_sum/delayed.hpp"
#include "algorithms/zero_gradient_sum/event_triggered.hpp"
#include "algorithms/zero_gradient_sum/general.hpp"
#include "algorithms/zero_gradient_sum/lossy.hpp"
#include "algorithms/zero_gradient_sum/pairwise_equalising.hpp"
#include "algorithms/zero_gradient_sum/quadratic_node.hpp"
#include "algorithms/zero_gradient_sum/zero_gradient_sum.hpp"

namespace troupe::algorithms {
namespace {

constexpr Strategy table[] = {
    {.kind = {.name = "data_parallel",
              .summary = "replicas sum their gradients by an allreduce at each step",
              .settings = DataParallel::settings},
     .family = "allreduce",
     .source = "Dean et al., NIPS 2012; Patarasuk and Yuan, JPDC 69(2), 2009",
     .synchronous = true,
     .run = data_parallel,
     .refusal = refusal_of_replicas,
     .stepping = Stepping::of_all},
    {.kind = {.name = "parameter_server",
              .summary = "workers push gradients to servers and pull parameters: bsp, ssp or asp",
              .settings = ParameterServer::settings},
     .family = "parameter_server",
     .source = "Li et al., OSDI 2014; Ho et al., NIPS 2013",
     .synchronous = false,
     .run = parameter_server,
     .refusal = refusal_of_parameter_server,
     .stepping = Stepping::of_all},
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
     .refusal = refusal_of_hybrid_propagation},
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
     .refusal = refusal_of_subnet_training},
    {.kind = {.name = "model_parallel_butterfly",
              .summary = "a linear model is cut over the ranks by a product of butterfly factors"},
     .family = "butterfly",
     .source = "Dao, Gu, Eichhorn, Rudra and Re, ICML 2019",
     .synchronous = true,
     .run = model_parallel_butterfly,
     .refusal = refusal_of_model_parallel},
    {.kind = {.name = "zero_gradient_sum",
              .summary = "neighbours on a graph go from their own optima to that of the sum",
              .settings = ZeroGradientSum::settings},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012",
     .synchronous = true,
     .run = zero_gradient_sum,
     .refusal = refusal_of_zero_gradient_sum,
     .finds_rate = true,
     .stepping = Stepping::own},
    {.kind = {.name = "general_zero_gradient_sum",
              .summary = "zero-gradient-sum for any strongly convex model with a Hessian"},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012",
     .synchronous = true,
     .run = general_zero_gradient_sum,
     .refusal = refusal_of_general,
     .finds_rate = true,
     .stepping = Stepping::own},
    {.kind = {.name = "continuous_zero_gradient_sum",
              .summary = "zero-gradient-sum as a differential equation, integrated",
              .settings = Continuous::settings},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012, section III",
     .synchronous = true,
     .run = continuous_zero_gradient_sum,
     .refusal = refusal_of_continuous,
     .finds_rate = true,
     .stepping = Stepping::own},
    {.kind = {.name = "event_triggered_zero_gradient_sum",
              .summary = "zero-gradient-sum in which nodes speak when they have news",
              .settings = EventTriggered::settings},
     .family = "zero_gradient_sum",
     .source = "Chen and Ren, Automatica 65, 2016",
     .synchronous = true,
     .run = event_triggered_zero_gradient_sum,
     .refusal = refusal_of_quadratic_nodes,
     .finds_rate = true,
     .data_dependent = true,
     .stepping = Stepping::own},
    {.kind = {.name = "delayed_zero_gradient_sum",
              .summary = "zero-gradient-sum on estimates some steps old",
              .settings = Delayed::settings},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012",
     .synchronous = true,
     .run = delayed_zero_gradient_sum,
     .refusal = refusal_of_quadratic_nodes,
     .finds_rate = true,
     .stepping = Stepping::own},
    {.kind = {.name = "lossy_zero_gradient_sum",
              .summary = "zero-gradient-sum over edges that lose messages",
              .settings = Lossy::settings},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012",
     .synchronous = true,
     .run = lossy_zero_gradient_sum,
     .refusal = refusal_of_lossy,
     .finds_rate = true,
     .stepping = Stepping::own},
    {.kind = {.name = "pairwise_equalising",
              .summary = "two nodes at a time set their gradients' sum back to where it was",
              .settings = PairwiseEqualising::settings},
     .family = "zero_gradient_sum",
     .source = "Lu, Tang, Regier and Bow, arXiv 1002.2283, 2010",
     .synchronous = true,
     .run = pairwise_equalising,
     .refusal = refusal_of_pairwise_equalising,
     .stepping = Stepping::own},
    {.kind = {.name = "column_zero_gradient_sum",
              .summary = "zero-gradient-sum on the dual, where ranks have columns",
              .settings = Columns::settings},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012",
     .synchronous = true,
     .run = column_zero_gradient_sum,
     .refusal = refusal_of_columns,
     .finds_rate = true,
     .stepping = Stepping::own},
    {.kind = {.name = "decentralised_gradient_descent",
              .summary = "neighbours average and follow their own gradients",
              .settings = DecentralisedGradientDescent::settings},
     .family = "zero_gradient_sum",
     .source = "Nedic and Ozdaglar, IEEE TAC 54(1), 2009",
     .synchronous = true,
     .run = decentralised_gradient_descent,
     .refusal = refusal_of_mixing_nodes,
     .stepping = Stepping::own},
    {.kind = {.name = "extra",
              .summary = "decentralised gradient descent that remembers a step and is exact",
              .settings = Extra::settings},
     .family = "zero_gradient_sum",
     .source = "Shi, Ling, Wu and Yin, SIAM J. Optim. 25(2), 2015",
     .synchronous = true,
     .run = extra,
     .refusal = refusal_of_mixing_nodes,
     .stepping = Stepping::own},
    {.kind = {.name = "gradient_tracking",
              .summary = "neighbours mix estimates of the mean gradient as well",
              .settings = GradientTracking::settings},
     .family = "zero_gradient_sum",
     .source = "Nedic, Olshevsky and Shi, SIAM J. Optim. 27(4), 2017",
     .synchronous = true,
     .run = gradient_tracking,
     .refusal = refusal_of_mixing_nodes,
     .stepping = Stepping::own},
    {.kind = {.name = "dva",
              .summary = "difference vector calibration: another name of gradient_tracking",
              .settings = GradientTracking::settings},
     .family = "zero_gradient_sum",
     .source = "Nedic, Olshevsky and Shi, SIAM J. Optim. 27(4), 2017",
     .synchronous = true,
     .run = gradient_tracking,
     .refusal = refusal_of_mixing_nodes,
     .stepping = Stepping::own},
    {.kind = {.name = "decentralised_admm",
              .summary = "neighbours meet in the middle of edges, at growing prices",
              .settings = Admm::settings},
     .family = "zero_gradient_sum",
     .source = "Shi, Ling, Yuan, Wu and Yin, IEEE TSP 62(7), 2014",
     .synchronous = true,
     .run = decentralised_admm,
     .refusal = refusal_of_decentralised_admm,
     .stepping = Stepping::own},
    {.kind = {.name = "consensus_admm",
              .summary = "all meet at the mean, at growing prices, by an allreduce",
              .settings = Admm::settings},
     .family = "zero_gradient_sum",
     .source = "Boyd et al., Foundations and Trends in ML 3(1), 2011, section 7.1",
     .synchronous = true,
     .run = consensus_admm,
     .refusal = refusal_of_consensus_admm,
     .stepping = Stepping::own},
    {.kind = {.name = "downpour",
              .summary = "replicas fetch and push now and then and train alone in between",
              .settings = Downpour::settings},
     .family = "asynchronous_sgd",
     .source = "Dean et al., NIPS 2012, section 4.1",
     .synchronous = false,
     .run = downpour,
     .refusal = refusal_of_downpour,
     .stepping = Stepping::of_all},
    {.kind = {.name = "stochastic_average_gradient",
              .summary = "descent along a history of gradients, one of each sample: sag or saga",
              .settings = GradientHistory::settings},
     .family = "asynchronous_sgd",
     .source = "Le Roux et al., NIPS 2012; Defazio et al., NIPS 2014; Leblond et al., AISTATS 2017",
     .synchronous = false,
     .run = stochastic_average_gradient,
     .refusal = refusal_of_gradient_history,
     .stepping = Stepping::own},
    {.kind = {.name = "work_stealing",
              .summary = "epochs in which ranks without work take chunks of others' shards",
              .settings = WorkStealing::settings},
     .family = "work_stealing",
     .source = "Blumofe and Leiserson, JACM 46(5), 1999",
     .synchronous = false,
     .run = work_stealing,
     .refusal = refusal_of_work_stealing,
     .stepping = Stepping::of_all},
    {.kind = {.name = "map_reduce",
              .summary = "sums over the shards, one reduction, one solve: least squares exactly",
              .settings = MapReduce::settings},
     .family = "allreduce",
     .source = "Chu et al., NIPS 2006, section 3",
     .synchronous = true,
     .run = map_reduce,
     .refusal = refusal_of_map_reduce,
     .stepping = Stepping::own},
    {.kind = {.name = "local_sgd",
              .summary = "replicas train alone and take the mean of their models now and then",
              .settings = LocalSgd::settings},
     .family = "model_averaging",
     .source = "Stich, ICLR 2019; Lin et al., ICLR 2020",
     .synchronous = true,
     .run = local_sgd,
     .refusal = refusal_of_local_sgd},
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
     .refusal = refusal_of_replicas},
    {.kind = {.name = "diloco",
              .summary = "local steps of one optimiser, Nesterov's for their sum",
              .settings = Diloco::settings},
     .family = "model_averaging",
     .source = "Douillard et al., arXiv 2311.08105, 2023",
     .synchronous = true,
     .run = diloco,
     .refusal = refusal_of_replicas},
    {.kind = {.name = "sharded_optimiser",
              .summary = "data parallel with the optimiser's state in shards (ZeRO stage 1)"},
     .family = "parallel",
     .source = "Rajbhandari et al., SC 2020, section 5.1",
     .synchronous = true,
     .run = sharded_optimiser,
     .refusal = refusal_of_learner,
     .stepping = Stepping::of_parts},
    {.kind = {.name = "block_coordinate",
              .summary = "data parallel that trains one group of layers at a time",
              .settings = BlockCoordinate::settings},
     .family = "parallel",
     .source = "Tseng, JOTA 109(3), 2001, for descent by blocks",
     .synchronous = true,
     .run = block_coordinate,
     .refusal = refusal_of_replicas,
     .stepping = Stepping::of_parts},
    {.kind = {.name = "pipeline",
              .summary = "layers over ranks, micro-batches one after another: gpipe, 1f1b, "
                         "interleaved",
              .settings = Pipeline::settings},
     .family = "parallel",
     .source = "Huang et al., NeurIPS 2019; Narayanan et al., SC 2021, section 2.2",
     .synchronous = true,
     .run = pipeline,
     .refusal = refusal_of_pipeline,
     .stepping = Stepping::of_parts},
    {.kind = {.name = "tensor_parallel",
              .summary = "a part of each layer on every rank",
              .settings = TensorParallel::settings},
     .family = "parallel",
     .source = "Shoeybi et al., arXiv 1909.08053, 2019, section 3",
     .synchronous = true,
     .run = tensor_parallel,
     .refusal = refusal_of_tensor_parallel,
     .stepping = Stepping::of_parts},
    {.kind = {.name = "decoupled_greedy",
              .summary = "layers over ranks, each with a loss of its own: nothing comes back",
              .settings = DecoupledGreedy::settings},
     .family = "parallel",
     .source = "Belilovsky, Eickenberg and Oyallon, ICML 2020, algorithm 1",
     .synchronous = true,
     .run = decoupled_greedy,
     .refusal = refusal_of_decoupled_greedy,
     .stepping = Stepping::of_parts},
    {.kind = {.name = "d_psgd",
              .summary = "ranks average with their neighbours on a graph at each step",
              .settings = DPsgd::settings},
     .family = "gossip",
     .source = "Lian et al., NIPS 2017, algorithm 1",
     .synchronous = true,
     .run = d_psgd,
     .refusal = refusal_of_d_psgd},
    {.kind = {.name = "ad_psgd",
              .summary = "a rank averages with one random neighbour after each gradient, alone",
              .settings = AdPsgd::settings},
     .family = "gossip",
     .source = "Lian et al., ICML 2018, algorithm 1",
     .synchronous = false,
     .run = ad_psgd,
     .refusal = refusal_of_ad_psgd},
    {.kind = {.name = "sgp",
              .summary = "sums pushed along a directed graph, and descent on their quotient",
              .settings = Sgp::settings},
     .family = "gossip",
     .source = "Assran et al., ICML 2019, algorithm 1",
     .synchronous = true,
     .run = sgp,
     .refusal = refusal_of_sgp},
    {.kind = {.name = "incremental_gradient",
              .summary = "one model walks round the ring of ranks, a gradient at each"},
     .family = "gossip",
     .source = "Nedić and Bertsekas, SIAM J. Optim. 12(1), 2001, section 2",
     .synchronous = true,
     .run = incremental_gradient,
     .refusal = refusal_of_incremental_gradient},
};

std::string refusal_of_stepping(Stepping stepping, const OptimiserChoice& optimiser) {
  if (stepping == Stepping::of_all) return {};
  if (stepping != Stepping::own) {
    if (optimiser.kind() == "polyak")
      return "what is kept is a model of all ranks, not an average of one optimiser's steps, so "
             "that the optimiser cannot be \"polyak\"";
    if (stepping == Stepping::of_parts && optimiser.clip)
      return "an optimiser has a part of the gradient and cannot clip it by the norm of the whole";
    return {};
  }
  const std::string own = "the step is the strategy's own and takes nothing but a rate, ";
  if (optimiser.kind() != "sgd")
    return own + "so that the optimiser is \"sgd\"; \"" + optimiser.kind() + "\" given";
  const bool constant =  // a warm-up shows at the first step
      optimiser.schedule.kind() == "constant" && factor_of_schedule(optimiser.schedule, 0) == 1;
  if (!constant || optimiser.clip || optimiser.accumulate != 1)
    return own + "without schedule, clip or accumulate";
  return {};
}

}  // namespace

std::span<const Strategy> strategies() { return table; }

const Strategy& find_strategy(std::string_view name) {
  const auto found =
      std::ranges::find(table, name, [](const Strategy& strategy) { return strategy.kind.name; });
  if (found != std::end(table)) return *found;
  std::vector<std::string> names;
  for (const Strategy& strategy : table) names.emplace_back(strategy.kind.name);
  throw BadInput(refusal_of_choice("strategy", name, names));
}

std::string refusal_of_strategy(const TrainingProblem& problem, int ranks) {
  const Strategy& strategy = find_strategy(problem.strategy.kind());
  const std::string why = refusal_of_choice("strategy", problem.strategy, {&strategy.kind, 1});
  if (!why.empty()) return why;
  if (const std::string other = refusal_of_stepping(strategy.stepping, problem.optimiser);
      !other.empty())
    return other;
  return strategy.refusal(problem, ranks);
}

void train(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  if (const std::string why = refusal_of_strategy(problem, comm.size()); !why.empty())
    throw BadInput(problem.strategy.kind() + ": " + why);
  find_strategy(problem.strategy.kind()).run(comm, problem, log);
}

}  // namespace troupe::algorithms
