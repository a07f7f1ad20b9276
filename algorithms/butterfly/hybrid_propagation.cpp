#include "algorithms/butterfly/hybrid_propagation.hpp"

#include <optional>

#include "algorithms/butterfly/graph_mixing.hpp"
#include "algorithms/butterfly/mixing.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

bool is_over_graph(const TrainingProblem& problem) {
  return problem.strategy[HybridPropagation::over] == "graph";
}

std::int64_t rounds_of(const TrainingProblem& problem, const Partners* partners,
                       const Graph& graph) {
  const Choice& stated = problem.strategy;
  if (const std::int64_t rounds = stated[HybridPropagation::rounds]; rounds > 0) return rounds;
  if (partners) return partners->period();
  return rounds_for(stated[HybridPropagation::tolerance], mixing_factor(graph));
}

}  // namespace

/// Hybrid propagation (the article's name; DGD with several consensus steps, Berahas, Bollapragada,
/// Keskar and Wei 2018): a gradient step of each rank by itself, then κ averagings.
///   x_r ← x_r − η g_r(x_r);   κ times x_r ← Σ_j W_rj x_j
///   butterfly: κ = log2 P exactly, κ messages of M a rank: allreduce SGD · graph with second
///   eigenvalue modulus ρ: κ = ⌈ln tolerance / ln ρ⌉, κ · degree messages of M
///
///     step     ●──────┐ ╳ ┐ ╳ ┐ ╳ ●──────┐ ╳ ┐ ╳ ┐ ╳ ●     κ = 1 is mixing, κ = log2 P is
///              gradient   mixing  gradient   mixing        synchronous data parallel training
void hybrid_propagation(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, comm.rank(), comm.size()};
  const double weight = learner.share() * comm.size();
  const Graph graph{is_over_graph(problem) ? with_mixing_weights(problem.graph) : GraphChoice{},
                    comm.size()};
  std::optional<Partners> partners;
  if (!is_over_graph(problem)) partners.emplace(problem.strategy, comm.size(), problem.seed);
  const std::int64_t rounds = rounds_of(problem, partners ? &*partners : nullptr, graph);
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer parameters = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  Mixer mixer{"average", parameters, partners ? partners->most() : 0};
  GraphMixer graph_mixer{graph, comm.rank(), parameters};
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  initialise_replica(comm, problem, learner, parameters);
  reporter.report({}, parameters);
  std::int64_t step = 0, round = 0;
  while (step < problem.stop.steps) {
    learner.gradient(comm, parameters, weight, gradient);
    optimiser->step(comm, gradient, parameters);
    for (std::int64_t i = 0; i < rounds; ++i) {
      if (partners) mixer.mix(comm, partners->of(comm.rank(), round++), parameters);
      else graph_mixer.mix(comm, parameters);
    }
    const bool enough = reporter.report({.step = ++step}, parameters);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, parameters);
}

std::string refusal_of_hybrid_propagation(const TrainingProblem& problem, int ranks) {
  if (!is_over_graph(problem)) {
    const std::string why = refusal_of_partners(problem.strategy, ranks);
    return why.empty() ? refusal_of_learner(problem, ranks) : why;
  }
  if (const std::string why = refusal_of_mixing(problem.graph, ranks); !why.empty()) return why;
  if (ranks > HybridPropagation::most_ranks && problem.strategy[HybridPropagation::rounds] == 0)
    return "computes the rounds of a graph of up to " +
           std::to_string(HybridPropagation::most_ranks) + " ranks, " + std::to_string(ranks) +
           " given; state rounds";
  return refusal_of_learner(problem, ranks);
}

}  // namespace troupe::algorithms
