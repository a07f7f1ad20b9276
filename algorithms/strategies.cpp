#include "algorithms/strategies.hpp"

#include <algorithm>
#include <vector>

#include "algorithms/asynchronous_sgd/downpour.hpp"
#include "algorithms/asynchronous_sgd/gradient_history.hpp"
#include "algorithms/butterfly/asynchronous_mixing.hpp"
#include "algorithms/butterfly/butterfly_mixing.hpp"
#include "algorithms/butterfly/hybrid_propagation.hpp"
#include "algorithms/choice.hpp"
#include "algorithms/data_parallel/data_parallel.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/map_reduce/map_reduce.hpp"
#include "algorithms/model_averaging/diloco.hpp"
#include "algorithms/model_averaging/easgd.hpp"
#include "algorithms/model_averaging/fedavg.hpp"
#include "algorithms/model_averaging/local_sgd.hpp"
#include "algorithms/parallel/block_coordinate.hpp"
#include "algorithms/parallel/decoupled_greedy.hpp"
#include "algorithms/parallel/pipeline.hpp"
#include "algorithms/parallel/sharded_optimiser.hpp"
#include "algorithms/parallel/tensor_parallel.hpp"
#include "algorithms/parameter_server/parameter_server.hpp"
#include "algorithms/work_stealing/work_stealing.hpp"
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
              .summary = "workers push gradients to rank 0 and pull parameters: bsp, ssp or asp",
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
    {.kind = {.name = "zero_gradient_sum",
              .summary = "neighbours on a graph go from their own optima to that of the sum"},
     .family = "zero_gradient_sum",
     .source = "Lu and Tang, IEEE TAC 57(9), 2012",
     .synchronous = true,
     .run = zero_gradient_sum,
     .refusal = refusal_of_zero_gradient_sum,
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
              .summary = "layers over ranks, each with a loss of its own: nothing comes back"},
     .family = "parallel",
     .source = "Belilovsky, Eickenberg and Oyallon, ICML 2020, algorithm 1",
     .synchronous = true,
     .run = decoupled_greedy,
     .refusal = refusal_of_decoupled_greedy,
     .stepping = Stepping::of_parts},
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
  if (optimiser.schedule != Choice{"constant"} || optimiser.clip || optimiser.accumulate != 1)
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
